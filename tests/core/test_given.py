"""One forest or several where one is drawn or merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import treecore as tc
from treecore.core.forest import Forest
from treecore.core.given import SeveralForestsWarning
from treecore.errors import ForestError

TEXTS = ["a\nb", "a\nc"]
FORESTS = [Forest(parent=[-1, -1], text=TEXTS, reward=[1.0, 0.0], prompt=prompt) for prompt in ("one", "two")]


def test_several_are_merged_one_by_one() -> None:
    assert [merged.text for merged in tc.merge(FORESTS)] == [tc.merge(FORESTS[0]).text] * 2
    assert len(tc.merge(tc.Forests(FORESTS), steps="lines")) == 2


def test_the_first_of_several_is_drawn_and_a_warning_says_so() -> None:
    with pytest.warns(SeveralForestsWarning, match="the first of 2 forests is drawn"):
        drawn = tc.figure(FORESTS, tc.credit(FORESTS, "grpo"))
    assert drawn.layout.title.text == "one"


def test_the_first_of_several_is_shown() -> None:
    pytest.importorskip("anywidget")
    with pytest.warns(SeveralForestsWarning):
        shown = tc.show(FORESTS)
    assert shown.index == tc.show(FORESTS[0]).index


@pytest.mark.parametrize("call", [tc.figure, tc.show, tc.merge])
@pytest.mark.parametrize("given", [[], None, "run.jsonl", [None], 3])
def test_what_is_no_forest_is_named(call: Callable[[Any], Any], given: object) -> None:
    with pytest.raises(ForestError, match=r"no forest") as raised:
        call(given)
    assert "\n" not in str(raised.value)
