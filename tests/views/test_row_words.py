"""Words of rows: what tells a step from its siblings."""

from __future__ import annotations

import numpy as np

from treecore.core.forest import Forest
from treecore.views.row_words import row_words

NAN = float("nan")


def siblings(*texts: str) -> Forest:
    return Forest(parent=[-1, *[0] * len(texts)], text=["", *texts], observation=["", *["seen"] * len(texts)])


def said(forest: Forest, row: int) -> list[tuple[str, bool]]:
    return list(row_words(forest, row).pieces)


def test_what_all_siblings_share_is_muted() -> None:
    forest = siblings("find the boss of paul", "look up the boss of paul")
    assert said(forest, 1) == [("find", False), (" the boss of paul", True)]
    assert said(forest, 2) == [("look up", False), (" the boss of paul", True)]


def test_what_comes_first_may_be_shared_too() -> None:
    assert said(siblings("answer lena", "answer dan"), 2) == [("answer ", True), ("dan", False)]


def test_siblings_with_the_same_words_are_counted() -> None:
    forest = siblings("go", "go", "stay", "go")
    assert row_words(forest, 1).note == ""
    assert (row_words(forest, 2).note, row_words(forest, 4).note) == ("same words, 2 of 3", "same words, 3 of 3")
    assert said(forest, 4) == [("go", True)]


def test_words_that_a_sibling_begins_with_stay_readable() -> None:
    """A step that is the beginning of another has nothing of its own: all of it is ink."""
    assert said(siblings("go", "go on"), 1) == [("go", False)]


def test_a_step_alone_and_one_without_words() -> None:
    forest = Forest(parent=[-1, 0, 1], text=["", "a b", ""], reward=[NAN, NAN, 1], node_id=["r", "s", "t"])
    assert said(forest, 1) == [("a b", False)]
    assert said(forest, 2) == [("step t", False)]


def test_what_was_answered_is_one_line() -> None:
    forest = siblings("a", "b").with_columns(observation=["", "x\n\ny" * 100, ""])
    answered = row_words(forest, 1).answered
    assert "\n" not in answered
    assert len(answered) <= 60
    assert row_words(forest, 2).answered == ""


def test_many_siblings_are_not_told_apart() -> None:
    forest = siblings(*[f"word {np.base_repr(number, 36)}" for number in range(100)])
    assert said(forest, 5) == [("word 4", False)]
