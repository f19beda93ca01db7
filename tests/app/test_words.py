from __future__ import annotations

import numpy as np
import pytest

from app.panel.words import differing, words_of
from treecore.credit import compute
from treecore.credit.registry import Credit
from treecore.forest import Forest
from treecore.formats import read
from treecore.samples import samples


@pytest.fixture
def credit() -> Credit:
    return compute(read(samples()["by_hand"].path), "tree_grpo").of(0)


def row(credit: Credit, name: str) -> int:
    return credit.forests[0].row(name)


def test_a_fork_shows_its_children_and_what_it_decides(credit: Credit) -> None:
    words = words_of(credit, row(credit, "a3"))
    assert words.eyebrow == "Step 3 of 4 · tree 1 of 2"
    assert (words.title, words.call, words.observation) == ("find the home of sam", "sam home", "cairo")
    assert [card.id for card in words.siblings] == ["a4", "b1"]
    assert [card.sign for card in words.siblings] == [1, -1]
    # 36 tokens so far, 6 more to either end
    assert (
        words.decides
        == "fine grain, detail: the fork after this step decides the last 14\N{NO-BREAK SPACE}% of the trajectory"
    )
    assert "different outcomes" in words.verdict
    assert [card.label[0].text for card in words.path] == ["find the boss of paul", "find the teacher of iris"]


def test_a_leaf_is_compared_with_its_siblings(credit: Credit) -> None:
    words = words_of(credit, row(credit, "b1"))
    assert (words.title, words.thought) == ("answer rome", "done")
    assert [card.chosen for card in words.siblings] == [False, True]
    marked = [" ".join(piece.text for piece in card.label if piece.differs) for card in words.siblings]
    assert marked == ["cairo", "rome"]
    assert words.siblings[0].note == "1 leaf · reward 1"


def test_a_lone_step_says_that_nothing_was_compared(credit: Credit) -> None:
    words = words_of(credit, row(credit, "a2"))
    assert words.siblings == ()
    assert words.verdict == ""
    assert "nothing was compared" in words.decides


def test_the_root_shows_the_prompt(credit: Credit) -> None:
    words = words_of(credit, row(credit, "r2"))
    assert words.title.startswith("where is the home")
    assert words.eyebrow == "Prompt · tree 2 of 2"
    assert "Same prefix, same outcome" in words.verdict


def test_unscored_branches_have_no_sign() -> None:
    forest = Forest(parent=[-1, 0, 0, 0], reward=[np.nan, 1, 0, np.nan], text=["", "x", "y", "z"])
    cards = words_of(compute(forest, "sibling").of(0), 0).siblings
    assert [card.sign for card in cards] == [1, -1, None]
    assert cards[2].note == "1 leaf · no outcome"


def test_difference_marks_words_only() -> None:
    first, second = differing(["add 3 and 4", "add 3 and 5 now"])
    assert [(p.text, p.differs) for p in first] == [("add 3 and", False), ("4", True)]
    assert [(p.text, p.differs) for p in second] == [("add 3 and", False), ("5 now", True)]
