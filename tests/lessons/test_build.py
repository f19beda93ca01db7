"""The free unit: outlines become forests, and what breaks an expectation is found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from treecore.errors import TreecoreError
from treecore.lessons.build import GOALS, MAX_LINES, MIN_ENDS, START, judged, outline

Shape = tuple["Shape", ...]

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
    [
        ("", "0 lines"),
        ("a\n    b = 1", "line 2"),
        ("a\n   b = 1", "line 2"),
        ("\n\na = 1\n b = 0", "line 4"),
        ("\na\n\n  b", "line 4"),
        ("= 1", "words"),
        ("a = 2", "no outcome"),
        ("a = 1\n  b = 0", "follows"),
        ("a", "without"),
        ("a = 1\n" * (MAX_LINES + 1), "lines"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}= <b>", "no outcome"),
    ],
)
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
    assert outline("a\n\tb = 1\n\tc = 0").parent.tolist() == [-1, 0, 1, 1]


def shapes(ends: int) -> list[Shape]:
    """All trees of so many ends in which every step but an end forks."""
    if ends == 1:
        return [()]
    return [shape for sizes in parts(ends, ends - 1) for shape in product(*map(shapes, sizes))]


def parts(total: int, largest: int) -> list[tuple[int, ...]]:
    """All ways to write a number as a sum, the largest first."""
    if not total:
        return [()]
    return [(k, *rest) for k in range(min(total, largest), 0, -1) for rest in parts(total - k, k)]


def typed(shape: Shape, ends: Iterator[int], indent: str = "") -> str:
    """A shape as an outline."""
    return "".join(
        f"{indent}s\n{typed(one, ends, indent + '  ')}" if one else f"{indent}s = {next(ends)}\n" for one in shape
    )


@pytest.mark.parametrize("goal", GOALS)
def test_no_smaller_tree_reaches_a_goal(goal: str) -> None:
    """Steps that do not fork change no comparison, so trees without them are all there is to try."""
    done = {
        count
        for count in range(2, MIN_ENDS[goal] + 1)
        for shape in shapes(count)
        for ends in product((0, 1), repeat=count)
        if judged(outline(typed(shape, iter(ends))), goal).done
    }
    assert done == {MIN_ENDS[goal]}
    assert judged(outline({"signs": SIGNS, "silent": SILENT}[goal]), goal).said.endswith("No tree does it with fewer.")
