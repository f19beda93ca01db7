from __future__ import annotations

import numpy as np
import pytest

from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.methods import compute
from treecore.methods.registry import Credit
from treecore.views.inspector.cards import StepPart
from treecore.views.inspector.siblings import differing
from treecore.views.inspector.words import how_much, words_of


@pytest.fixture
def credit() -> Credit:
    return compute(read(samples()["by_hand"].path), "tree_grpo").of(0)


def row(credit: Credit, name: str) -> int:
    return credit.forests[0].row(name)


def test_a_fork_shows_its_children_and_what_it_decides(credit: Credit) -> None:
    words = words_of(credit, row(credit, "a3"))
    assert words.eyebrow == "Step 3 of 4 · tree 1 of 2"
    assert words.title == "find the home of sam"
    assert [(part.kind, part.text) for part in words.parts] == [
        ("call", "sam home"),
        ("answered", "cairo"),
    ]
    assert [card.id for card in words.siblings] == ["a4", "b1"]
    assert [card.sign for card in words.siblings] == [1, -1]
    # 36 tokens so far, 6 more to either end
    assert (
        words.decides
        == "fine grain, detail: the fork after this step decides the last 14\N{NO-BREAK SPACE}% of the trajectory"
    )
    assert "different outcomes" in words.verdict
    assert [card.label[0].text for card in words.path] == ["find the boss of paul", "find the teacher of iris"]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "the last 0 %"),
        (0.004, "less than 1 %"),
        (0.005, "the last 1 %"),
        (0.006, "the last 1 %"),
        (0.14, "the last 14 %"),
        (0.996, "more than 99 %"),
        (1.0, "all"),
    ],
)
def test_a_share_of_some_is_neither_none_nor_all(share: float, said: str) -> None:
    assert how_much(share).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_leaf_is_compared_with_its_siblings(credit: Credit) -> None:
    words = words_of(credit, row(credit, "b1"))
    assert (words.title, words.parts[0]) == ("answer rome", StepPart("thought", "done"))
    assert [card.chosen for card in words.siblings] == [False, True]
    marked = [" ".join(piece.text for piece in card.label if piece.differs) for card in words.siblings]
    assert [one.strip() for one in marked] == ["cairo", "rome"]
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
    first, second = differing([(StepPart("text", "add 3 and 4"),), (StepPart("text", "add 3 and 5 now"),)])
    assert [(p.text, p.differs) for p in first] == [("add 3 and ", False), ("4", True)]
    assert [(p.text, p.differs) for p in second] == [("add 3 and ", False), ("5 now", True)]


def test_text_keeps_its_form() -> None:
    code = "first:\n\n    def f(x):\n\treturn x"
    forest = Forest(parent=[-1, 0, 0], text=["", code, "other"], reward=[np.nan, 1, 0])
    words = words_of(compute(forest, "sibling").of(0), 1)
    assert [part.text for part in words.parts] == [code]
    assert "".join(piece.text for piece in words.siblings[0].label) == code


def test_a_thought_in_a_field_of_its_own_is_told_apart() -> None:
    forest = Forest(parent=[-1, 0], text=["", "it is 4"], reward=[np.nan, 1], node_extra={1: {"reasoning": "2 + 2"}})
    words = words_of(compute(forest, "grpo").of(0), 1)
    assert [(part.kind, part.text) for part in words.parts] == [("thought", "2 + 2")]
    assert words.title == "it is 4"


def test_many_siblings_are_counted_and_the_chosen_one_is_among_them() -> None:
    n = 200
    forest = Forest(parent=[-1, *[0] * n], text=["", *map(str, range(n))], reward=[np.nan, *[1.0] * n])
    words = words_of(compute(forest, "sibling").of(0), 150)
    assert words.heading == "The 200 siblings it compares, 40 shown"
    assert len(words.siblings) == 40
    assert [card.chosen for card in words.siblings].count(True) == 1


def test_a_deep_path_shows_the_nearest_steps() -> None:
    n = 120
    forest = Forest(parent=list(range(-1, n)), text=["", *map(str, range(1, n + 1))], reward=[*[np.nan] * n, 1.0])
    words = words_of(compute(forest, "grpo").of(0), n)
    assert [card.id for card in words.path] == [str(i) for i in range(80, 120)]


@pytest.mark.parametrize(
    ("method", "heading"), [("sibling", "The 2 siblings it compares"), ("grpo", "2 siblings from the same prefix")]
)
def test_the_heading_says_only_of_methods_that_compare_siblings_that_they_do(method: str, heading: str) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1, 0])
    assert words_of(compute(forest, method).of(0), 1).heading == heading


@pytest.mark.parametrize(("method", "said"), [("sibling", True), ("grpo", True), ("srl", False), ("deepconf", False)])
def test_outcomes_are_compared_only_for_methods_that_look_at_them(method: str, said: bool) -> None:
    forest = read(samples()["early_fork"].path)[0]
    assert bool(words_of(compute(forest, method).of(0), forest.row("1")).verdict) == said
