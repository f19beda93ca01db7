"""Segments of equal length: the shape of SPO-tree's and TreePO's rollouts, and that their credits read the forests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy import ToyTask, toy_policy

from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.policies import load_policy
from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise
from treecore.samplers import SAMPLERS
from treecore.samplers.fixed_width import parse_widths, shares

ENDLESS = toy_policy()
ENDLESS.end_ids = frozenset()


class Talk(ToyTask):
    """One long step without an end, as the methods' own tasks are."""

    stop = ()
    max_step_tokens = 30


def run(**settings: Any) -> Forest:
    return rollout(task=Talk(), model=ENDLESS, sampler="fixed_width", **settings)[0]


def test_every_segment_has_the_width_and_the_length_of_its_level() -> None:
    forest = run(k=4, widths="3,2,2")
    topology = forest.topology
    assert len(forest) == 1 + 3 + 6 + 12
    assert forest.n_trees == 1
    for depth, children, tokens in ((0, 3, 0), (1, 2, 4), (2, 2, 4), (3, 0, 30 - 8)):
        rows = np.flatnonzero(topology.depth == depth)
        assert {len(topology.children(int(row))) for row in rows} == {children}
        assert set(forest.n_model_tokens[rows].tolist()) == {tokens}
    assert {forest.node_extra[row]["segment"] for row in np.flatnonzero(topology.depth == 2)} == {2}
    assert SAMPLERS["fixed_width"].trajectories({"widths": "3,2,2"}) == 12
    assert (
        forest.provenance["tokens_computed"]
        == forest.provenance["tokens_in_forest"] - forest.provenance["tokens_unfed"]
    )


def test_a_segment_that_ends_the_answer_is_a_leaf() -> None:
    forest = run(k=20, widths="2,2,2")
    assert set(forest.topology.depth[forest.leaves].tolist()) == {2}
    assert len(forest.leaves) == 4


def test_tree_of_one_level_is_a_group_of_chains() -> None:
    forest = run(widths="5")
    assert forest.parent.tolist() == [-1, 0, 0, 0, 0, 0]


def test_segments_end_where_steps_do() -> None:
    forests = rollout(task=ToyTask(), model=toy_policy(), sampler="fixed_width", k=3, widths="3,3,3", prompts=4)
    for forest in forests:
        ended = np.array([text.endswith((".", "!", "?")) for text in forest.text])
        assert (forest.n_model_tokens[~ended & (forest.status < 0)][1:] <= 3).all()
        assert not (forest.status == int(Status.OPEN)).any()
        assert np.isfinite(forest.reward[forest.leaves]).all()
        assert len(forest.leaves) <= 27
    assert any(forest.observation[row] for forest in forests for row in range(len(forest)))


def test_shares_are_equal_and_bounded() -> None:
    assert shares(3, budget=16, most=8) == [6, 5, 5]
    assert shares(3, budget=16, most=2) == [2, 2, 2]
    assert shares(4, budget=5, most=2) == [2, 1, 1, 1]
    assert shares(1, budget=16, most=8) == [8]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_treepo_spends_its_budget_of_leaves(seed: int) -> None:
    forest = run(form="treepo", k=5, leaves=11, div=2, first=4, seed=seed)
    topology = forest.topology
    assert len(forest.leaves) == 11
    assert 2 <= len(topology.children(0)) <= 4
    inner = np.flatnonzero(~topology.is_leaf)[1:]
    assert max(len(topology.children(int(row))) for row in inner) <= 2
    assert set(forest.n_model_tokens[inner].tolist()) == {5}


def test_treepo_starts_again_where_no_path_is_left() -> None:
    forest = run(form="treepo", k=29, leaves=9, div=1, first=2, seed=5)
    assert len(forest.leaves) == 9
    assert set(forest.topology.depth[forest.leaves].tolist()) == {2}


def test_treepo_writes_the_last_segment_to_its_end() -> None:
    forest = run(form="treepo", k=2, leaves=4, depth=3)
    assert forest.topology.depth.max() == 3
    assert np.isfinite(forest.reward[forest.leaves]).all()
    assert len(run(form="treepo", k=2, leaves=4, depth=1).leaves) == 4


@pytest.mark.parametrize("widths", ["", "2,,2", "0,2", "2.5", "-1", "64,64,2", "²", "99999"])
def test_widths_that_are_none(widths: str) -> None:
    with pytest.raises(MethodError, match="widths"):
        parse_widths(widths)
    with pytest.raises(MethodError, match="widths"):
        run(widths=widths)


@pytest.mark.parametrize("settings", [{"widths": "3,3,2", "k": 6}, {"form": "treepo", "k": 6}])
def test_tiny_model_gives_forests_that_the_methods_read(settings: dict[str, Any]) -> None:
    run: dict[str, Any] = {
        "model": load_policy("tiny", device="cpu"),
        "sampler": "fixed_width",
        "prompts": 2,
        "seed": 3,
    }
    forests = rollout(**run, **settings)
    assert [one.digest for one in forests] == [one.digest for one in rollout(**run, **settings)]
    summary = summarise(forests, seconds=1.0, fresh=forests)
    assert summary.computed_ratio == 1.0
    assert summary.tokens_saved_by_sharing > 0
    for method in ("spo_tree", "treepo", "treerl", "tree_grpo"):
        assert np.isfinite(compute(forests, method).credit).any(), method
