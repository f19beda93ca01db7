"""Samplers on a server: those that ask for whole steps only grow forests, others are refused."""

from __future__ import annotations

import numpy as np
import pytest
from openai_stub import Connect, LetterTask, Stub

from treecore.core.columns import Status
from treecore.errors import MethodError
from treecore.rollouts import rollout
from treecore.samplers import SAMPLERS

pytest.importorskip("openai", reason="the package openai is not installed")

REFUSED = ("fixed_width", "reverse_curriculum", "surprisal", "tool_entropy")


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - set(REFUSED)))
def test_samplers_that_need_whole_steps_only_grow_forests(connect: Connect, sampler: str) -> None:
    forests = rollout(task=LetterTask(), model=connect(), sampler=sampler, prompts=2, seed=1)
    assert {forest.id for forest in forests} == {"letters-0", "letters-1"}
    for forest in forests:
        assert Status.FAILED not in forest.status[forest.leaves]
        assert np.isfinite(forest.reward[forest.leaves]).any()
    assert any(forest.topology.depth.max() > 1 for forest in forests)


@pytest.mark.parametrize("sampler", REFUSED)
def test_samplers_that_need_more_are_refused(connect: Connect, stub: Stub, sampler: str) -> None:
    policy = connect()
    with pytest.raises(MethodError, match=f"sampler '{sampler}' needs a policy that can .*; use a model that is"):
        rollout(task=LetterTask(), model=policy, sampler=sampler, prompts=1)
    assert stub.seen == []


def test_a_curriculum_of_sampled_answers_needs_whole_steps_only(connect: Connect) -> None:
    asked = {"sampler": "reverse_curriculum", "demo": "sampled", "seed": 1}
    (forest,) = rollout(task=LetterTask(), model=connect(), prompts=1, **asked)
    assert np.isfinite(forest.columns["mc_value"]).any()
