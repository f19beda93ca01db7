from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.growth import expansions
from treecore.analysis.question import question
from treecore.analysis.stages import frames
from treecore.credit import METHODS, compute
from treecore.forest import Forest
from treecore.formats import read
from treecore.samples import samples


@pytest.fixture
def by_hand() -> Forest:
    return read(samples()["by_hand"].path)[0]


def test_growth_is_read_back_from_born(by_hand: Forest) -> None:
    found = expansions(by_hand)
    names = [[by_hand.node_id[row] for row in expansion.rows] for expansion in found]
    assert names == [
        ["a1", "a2", "a3", "a4"], ["d1"], ["b1"], ["c1"], ["e1", "e2", "e3"], ["f1", "f2", "f3"],
    ]  # fmt: skip
    assert [expansion.is_chain for expansion in found] == [True, True, False, False, False, False]
    assert [by_hand.node_id[expansion.origin] for expansion in found] == ["r1", "r2", "a3", "r1", "r2", "r2"]


def test_growth_without_born_follows_the_rows() -> None:
    found = expansions(Forest(parent=[-1, 0, 1, 1, 0]))
    assert [list(expansion.rows) for expansion in found] == [[1, 2], [3], [4]]
    assert expansions(Forest(parent=[-1, -1])) == []


@pytest.mark.parametrize("method", ["tree_grpo", "grpo", "sibling"])
def test_the_film_goes_from_the_prompt_to_token_weights(by_hand: Forest, method: str) -> None:
    credit = compute(by_hand, method).of(0)
    shots = frames(credit)
    assert shots[0].stage == "Prompt"
    assert shots[-1].stage == "Weight on every token"
    counts = [int(shot.visible.sum()) for shot in shots]
    assert counts == sorted(counts)
    assert counts[-1] == len(by_hand)
    for shot in shots:
        assert not (shot.highlight & ~shot.visible).any()
        assert all(shot.visible[row] for row in shot.badges)
        assert shot.sentence.endswith(".")
    titles = list(dict.fromkeys(shot.stage for shot in shots))
    order = [shot.stage for shot in shots]
    assert all(
        order.index(title) + order.count(title) - 1 == max(i for i, t in enumerate(order) if t == title)
        for title in titles
    )


def test_tree_grpo_has_the_stages_of_the_lesson(by_hand: Forest) -> None:
    titles = list(dict.fromkeys(shot.stage for shot in frames(compute(by_hand, "tree_grpo").of(0))))
    assert titles == [
        "Prompt", "Two chains", "Expand: four forks", "Outcomes", "Back up values", "Compare siblings",
        "Normalise within each tree", "Normalise across trees", "Advantage of every trajectory",
        "Credit for every step", "Weight on every token",
    ]  # fmt: skip


def test_a_frame_does_not_give_away_the_next(by_hand: Forest) -> None:
    shots = frames(compute(by_hand, "tree_grpo").of(0))
    outcomes = next(shot for shot in shots if shot.stage == "Outcomes")
    assert set(outcomes.badges) == set(by_hand.leaves.tolist())


def test_nothing_is_coloured_before_there_is_credit(by_hand: Forest) -> None:
    shots = frames(compute(by_hand, "tree_grpo").of(0))
    coloured = [shot.fill is not None for shot in shots]
    assert coloured == sorted(coloured)
    assert not coloured[0]
    assert coloured[-1]


@pytest.mark.parametrize("rewards", [[0.0, 0.0, 0.0], [1.0, 0.0, np.nan]])
def test_degenerate_forests_still_make_a_film(rewards: list[float]) -> None:
    forest = Forest(parent=[-1, 0, 0, -1, 3], reward=[np.nan, rewards[0], rewards[1], np.nan, rewards[2]])
    for name, method in METHODS.items():
        if method.needs == {"reward"}:
            assert frames(compute(forest, name).of(0))


def test_the_question_has_one_right_answer(by_hand: Forest) -> None:
    asked = question(compute(by_hand, "tree_grpo").of(0))
    assert asked is not None
    assert by_hand.node_id[asked.fork] == "a3"
    assert asked.answer == "answer rome"
    assert asked.choices == ("answer cairo", "answer rome", "both", "neither")


def test_no_question_without_a_signal() -> None:
    forest = Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 1])
    assert question(compute(forest, "sibling").of(0)) is None
