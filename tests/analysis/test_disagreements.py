"""Why methods differ: entries, their order, and sentences made of numbers."""

from __future__ import annotations

import numpy as np
import pytest
from compared import columns, mixed
from forests import random_forest

from treecore.analysis.compare import Kind, compare
from treecore.analysis.disagreements import Entry, alike, entries, families
from treecore.analysis.reasons import clauses_of, ordinal, relations_of
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.methods import METHODS, SIDE_BY_SIDE

NAN = float("nan")


def found_in(forest: Forest, *methods: str) -> list[Entry]:
    return entries(compare(forest, columns(forest, *methods)))


def test_signs_come_first_then_the_largest() -> None:
    found = found_in(mixed(), *SIDE_BY_SIDE)
    assert [entry.kind for entry in found] == sorted(entry.kind for entry in found)
    zero = [entry.n_steps for entry in found if entry.kind == Kind.ZERO]
    assert zero == sorted(zero, reverse=True)


def test_the_sentence_says_what_is_compared_with_what() -> None:
    first, *_ = found_in(mixed(), "grpo", "tree_grpo", "sibling")
    assert first.name[0] == "d"
    assert first.reason == (
        "Half of its ends are right: better than all 7 answers (0.43), worse than its own tree (0.75), as good as its "
        "siblings (0.50)."
    )
    compared = compare(mixed(), columns(mixed(), "grpo", "tree_grpo", "sibling"))
    assert {compared.signs[first.first, k] for k in first.columns} >= {-1.0}


def test_neighbours_with_one_reason_are_one_entry() -> None:
    wrong = next(entry for entry in found_in(mixed(), "grpo", "spo_tree") if "x" in entry.name[0])
    assert wrong.name[0] == "what follows “x”"
    assert wrong.n_steps == 3
    assert wrong.reason == (
        "Each ends wrong: worse than all 7 answers (0.43), as good as the step before it (0); so SPO-tree gives 0."
    )


def test_a_step_alone_at_its_place_is_not_as_good_as_siblings() -> None:
    """Beneath `a` stand `b`, alone, and beneath that two siblings; beneath `f`, all steps are alone."""
    forest = Forest(
        parent=[-1, 0, 1, 2, 2, -1, 5, 6],
        reward=[NAN, NAN, NAN, 1, 1, NAN, NAN, 0],
        text=["", "a", "b", "c", "d", "", "f", "g"],
    )
    said = {entry.name[0]: entry.reason for entry in found_in(forest, "grpo", "spo_tree", "sibling")}
    assert said["b"].endswith("and any siblings (1.00); so SPO-tree and Sibling comparison give 0.")
    assert said["g"].endswith("as good as the step before it (0); so SPO-tree gives 0.")


def test_a_whole_tree_is_called_so() -> None:
    forest = Forest(
        parent=[-1, 0, 1, 1, -1, 4, 5, 5],
        reward=[NAN, NAN, 1, 1, NAN, NAN, 0, 0],
        text=["", "a", "b", "c", "", "a", "d", "e"],
    )
    apart = found_in(forest, "grpo", "tree_diff")
    assert any(entry.name[0] == "every step of tree 2" and entry.n_steps == 3 for entry in apart)


def test_a_value_that_is_not_the_mean_outcome_is_told() -> None:
    """SPO-tree's value counts every branch once: 2 of 3 ends are right, and its value is a half."""
    forest = Forest(
        parent=[-1, 0, 0, 2, 2, 4, 4], reward=[NAN, 0, NAN, 0, NAN, 1, 1], text=["", "a", "b", "c", "d", "e", "f"]
    )
    compared = compare(forest, columns(forest, "grpo", "spo_tree"))
    clauses = clauses_of(relations_of(compared), slice(1, 2))
    assert [clause.numbers for clause in clauses] == [" (0.50)", " (0.50 against 0.25)"]


def test_ranks_are_told_by_place() -> None:
    rank = [entry for entry in found_in(mixed(), "grpo", "treerl", "spo_tree") if entry.kind == Kind.RANK]
    assert [entry.reason for entry in rank] == ["TreeRL (code) puts it 6th of 10; SPO-tree puts it 9th to 10th of 10."]


def test_every_step_that_differs_is_in_one_entry() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        forest = random_forest(rng, 40, n_trees=2, unscored=0.2)
        compared = compare(forest, columns(forest, *SIDE_BY_SIDE))
        listed = [at for entry in entries(compared) for at in range(entry.first, entry.last + 1)]
        assert sorted(listed) == np.flatnonzero(compared.kind).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_any_methods_on_any_forest_have_reasons(seed: int) -> None:
    forest = random_forest(np.random.default_rng(seed), 30, n_trees=3, unscored=0.1, tokens=True)
    compared = compare(forest, columns(forest, *METHODS))
    for entry in entries(compared):
        assert entry.reason.endswith(".")
        assert "nan" not in entry.reason
        assert 1 <= len(entry.columns) <= 3
    assert families(compared)


def test_families_are_named_by_what_they_look_at() -> None:
    assert families(compare(mixed(), columns(mixed(), "grpo", "rloo"))) == ""
    forest = mixed()
    compared = compare(forest, columns(forest, *SIDE_BY_SIDE))
    assert families(compared) == "Two families: those that look beyond the fork, and those that do not."


@pytest.mark.parametrize(
    ("taus", "said"),
    [
        ((0.88, 1.0, 0.88), "all rank nearly alike, Kendall’s tau 0.88 to 1.00"),
        ((0.9, NAN, 0.9), "all rank nearly alike, Kendall’s tau 0.90"),
        ((0.56, 0.9, 0.9), "all rank much alike, Kendall’s tau 0.56 to 0.90"),
        ((0.32, 1.0, 0.88), "some rank more alike than others, Kendall’s tau 0.32 to 1.00"),
    ],
)
def test_words_of_agreement_follow_its_numbers(taus: tuple[float, float, float], said: str) -> None:
    one, two, three = taus
    assert alike(np.array([[1, one, two], [one, 1, three], [two, three, 1]])) == said


def test_methods_in_no_families_are_told_by_their_numbers() -> None:
    forest = read(samples()["early_fork"].path)[0]
    found = families(compare(forest, columns(forest, *SIDE_BY_SIDE)))
    assert found == "No two families: some rank more alike than others, Kendall’s tau 0.32 to 1.00."


def test_a_forest_without_steps_has_none() -> None:
    empty = Forest(parent=[-1], reward=[NAN])
    assert entries(compare(empty, [])) == []
    assert families(compare(empty, [])) == ""


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 113)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
        "102nd",
        "113th",
    ]
