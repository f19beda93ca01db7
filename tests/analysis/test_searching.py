"""A tree search, played again from what a forest records of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from treecore.analysis.searching import is_search, play
from treecore.analysis.stages import frames
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.methods import compute
from treecore.samplers.mcts.rules import upper_bound


def recorded() -> Forest:
    return read(samples()["mcts"].path)[0]


def test_the_sample_is_played_as_it_is_recorded() -> None:
    forest = recorded()
    played = play(forest)
    assert played.lacks == ""
    last = played.after(played.simulations[-1])
    visits = forest.columns["mcts_visits"]
    assert {row: one.visits for row, one in last.items()} == {
        int(row): int(visits[row]) for row in np.flatnonzero(np.isfinite(visits))
    }
    assert all(one.choices[-1].followed == one.above for one in played.simulations if one.choices)


def test_a_bound_is_that_of_the_published_rule() -> None:
    played = play(recorded())
    one = next(one for one in played.simulations if len(one.choices) == 2)
    for choice in one.choices:
        for child, bound in choice.bounds.items():
            own, above = played.before(one)[child], played.before(one)[choice.above]
            assert bound == upper_bound(own.mean, own.visits, above=above.visits, c=1.0, form="paper")


def test_the_film_selects_expands_scores_and_backs_up() -> None:
    forest = recorded()
    shots = [shot for shot in frames(compute([forest], "tree_grpo").of(0)) if shot.stage.startswith("Search")]
    fourth = [shot for shot in shots if shot.part.startswith("Simulation 4:")]
    assert [shot.part.split(": ")[1] for shot in fourth] == ["select", "expand", "score", "back up"]
    select, expand, score, back_up = fourth
    assert select.example is not None
    assert select.example.line.result == pytest.approx(0.5 + np.sqrt(2 * np.log(3)))
    assert (expand.visible & ~select.visible).sum() == 1
    assert set(forest.columns["mcts_kind"][score.visible & ~expand.visible]) == {1.0}
    assert [(move.child, move.parent, move.text) for move in back_up.moves] == [(18, 1, "1"), (1, 0, "1")]
    assert back_up.badges[0] == "3/8 n=4"
    assert all((later.visible >= now.visible).all() for now, later in pairwise(shots))
    assert shots[-1].visible.all()


@pytest.mark.parametrize(
    ("spoil", "lacks"),
    [
        (lambda one: replace(one, columns={**one.columns, "mcts_visits": one.columns["mcts_visits"] + 1}), "not those"),
        (lambda one: replace(one, columns={"mcts_visits": one.columns["mcts_visits"]}), "the score of a step"),
        (lambda one: replace(one, sampler={**one.sampler, "parameters": {}}), "`c` and `form`"),
        (lambda one: replace(one, born=np.full_like(one.born, -1)), "in which order"),
        (lambda one: replace(one, columns={**one.columns, "mcts_visits": one.columns["mcts_visits"] * 1e6}), "2,000"),
    ],
)
def test_what_is_not_recorded_is_named_and_nothing_guessed(spoil: object, lacks: str) -> None:
    forest = spoil(recorded())  # type: ignore[operator]
    assert is_search(forest)
    shots = frames(compute([forest], "tree_grpo").of(0))
    assert lacks in shots[0].sentence
    assert not any(shot.stage.startswith("Search") for shot in shots)


def test_a_method_of_searches_says_where_no_search_is_recorded() -> None:
    shots = frames(compute(read(samples()["by_hand"].path), "deepsearch").of(0))
    assert "No tree search is recorded here" in shots[0].sentence
