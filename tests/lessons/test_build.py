"""The free unit: outlines become forests, and what breaks an expectation is found."""

from __future__ import annotations

import pytest

from treecore.errors import TreecoreError
from treecore.lessons.build import GOALS, MAX_LINES, START, judged, outline

SIGNS = "a\n  b\n    c = 1\n    d = 0\n  e = 1\nf = 0\ng = 0"
"""Of `b` one of two is right: more than two of five, and less than beside it."""
SILENT = "a\n  b\n    c = 1\n    d = 0\n  e = 1\nf = 0"


def test_an_outline_is_a_forest() -> None:
    forest = outline(START)
    assert forest.parent.tolist() == [-1, 0, 1, 1, 0]
    assert list(forest.text) == ["", "a", "b", "c", "d"]
    assert forest.reward[[2, 3, 4]].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "0 lines"), ("a\n    b = 1", "line 2"), ("a = 2", "no outcome"), ("a = 1\n  b = 0", "follows"),
     ("a", "without"), ("a = 1\n" * (MAX_LINES + 1), "lines"), ("\N{RIGHT-TO-LEFT OVERRIDE}= <b>", "no outcome")],
)  # fmt: skip
def test_what_is_none_says_where(text: str, said: str) -> None:
    with pytest.raises(TreecoreError, match=said):
        outline(text)


def test_goals_are_reached_and_missed() -> None:
    assert not judged(outline(START), "signs").done
    found = judged(outline(SIGNS), "signs")
    assert found.done
    assert "“b”" in found.said
    assert "5 ends" in found.said
    assert not judged(outline("a = 1\nb = 1"), "silent").done
    assert judged(outline(SILENT), "silent").done
    assert set(GOALS) == {"signs", "silent"}
