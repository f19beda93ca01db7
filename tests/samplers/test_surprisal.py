"""EPTree: which tokens it takes, how many endings that gives, and that TreeRL's credit reads the forest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import ToyTask, toy_policy

from treecore.core.forest import Forest
from treecore.methods import compute
from treecore.policies import load_policy
from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise
from treecore.samplers import SAMPLERS
from treecore.samplers.surprisal import Chain, Fork, candidates, masked, spread

MISC = json.loads((Path(__file__).parent.parent / "data" / "public_misc.json").read_text())["sections"]
POLICY = toy_policy()


def chain(texts: list[str], surprisal: list[float], *, side: bool = False) -> Chain:
    return Chain(side, texts, surprisal, [(0, i) for i in range(len(texts))])


@pytest.mark.parametrize("case", MISC["eptree_select"])
def test_the_tokens_taken_are_those_of_the_released_code(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    chains = [
        chain(one["tokens"], [-value for value in one["logprobs"]], side=one["parent"] is not None)
        for one in given["segments"]
    ]
    assert [masked(one) for one in chains] == expected["masked"]
    for one, top in zip(chains, expected["per_segment_top"], strict=True):
        assert [fork.token for fork in candidates([one], given["N"])] == top
    taken = candidates(chains, given["N"])[: given["N"]]
    assert [(fork.chain, fork.token, fork.surprisal) for fork in taken] == [
        (one["segment"], one["token"], one["entropy"]) for one in expected["chosen"]
    ]


@pytest.mark.parametrize("case", MISC["eptree_diverse"])
def test_tokens_far_apart_are_those_of_the_released_code(case: dict[str, Any]) -> None:
    given = case["input"]
    pool = [Fork(score, 0, token) for token, score in zip(given["token_indices"], given["scores_desc"], strict=True)]
    assert [fork.token for fork in spread(pool, given["n"])] == case["expected"]["selected"]
    assert spread(pool[:1], 3) == pool[:1]
    assert spread([], 3) == []


def test_what_follows_the_answers_word_is_left_alone() -> None:
    one = chain(["so", " the", " Final Answer", ":", " 4"], [1.0] * 5)
    assert masked(one) == [False, False, False, True, True]
    assert masked(chain(["In Conclusion", " x"], [1.0, 9.0], side=True)) == [True, True]


def test_a_chain_of_few_tokens_offers_them_again_and_a_masked_one_none() -> None:
    short = chain(["answer", "x"], [2.0, 9.0])
    assert [fork.token for fork in candidates([short], 3)] == [0, 0, 0]
    two = chain(["a", "b"], [1.0, 2.0])
    assert [fork.token for fork in candidates([two], 5)] == [1, 1, 1, 0, 0]
    assert candidates([chain(["answer"], [2.0], side=True)], 3) == []


@pytest.mark.parametrize("settings", [{"m": 3, "n": 2, "l": 2, "t": 2}, {"m": 2, "n": 0}, {"m": 2, "n": 3, "l": 0}])
def test_leaves_are_m_times_one_plus_n_t_l(settings: dict[str, int]) -> None:
    forests = rollout(task=ToyTask(), model=POLICY, sampler="surprisal", prompts=3, seed=1, **settings)
    size = SAMPLERS["surprisal"].trajectories(settings)
    filled = {"m": 6, "n": 2, "l": 1, "t": 2} | settings
    assert size == filled["m"] * (1 + filled["n"] * filled["t"] * filled["l"])
    for forest in forests:
        assert forest.n_trees == filled["m"]
        assert len(forest.leaves) == size


def test_the_first_round_forks_at_the_least_likely_tokens() -> None:
    forest = rollout(task=ToyTask(), model=POLICY, sampler="surprisal", m=1, n=2, l=1, t=3, seed=4)[0]
    first = rollout(task=ToyTask(), model=POLICY, sampler="surprisal", m=1, n=0, seed=4)[0]
    table = first.tokens
    assert table is not None
    own = np.flatnonzero(table.is_model)
    least = np.sort(own[np.argsort(table.logprob[own])[:2]])
    assert starts(forest, first) == least.tolist()
    rounds = [forest.node_extra[row]["round"] for row in range(1, len(forest))]
    assert rounds == sorted(rounds)
    assert set(rounds) == {0, 1}


def starts(forest: Forest, first: Forest) -> list[int]:
    """Numbers of tokens of the first trajectory before each place where others start."""
    assert forest.tokens is not None
    assert first.tokens is not None
    sizes = np.diff(forest.tokens.start)
    found = set()
    for row in range(1, len(forest)):
        if (
            forest.node_extra[row]["round"] == 1
            and forest.node_extra.get(int(forest.parent[row]), {}).get("round") != 1
        ):
            found.add(int(sizes[forest.topology.path(int(forest.parent[row]))].sum()))
    return sorted(found)


def test_tiny_model_gives_forests_that_treerl_reads() -> None:
    tiny = load_policy("tiny", device="cpu")
    settings: dict[str, Any] = {"m": 2, "n": 2, "l": 2, "t": 1, "seed": 3, "prompts": 2}
    for diverse in (False, True):
        run = {**settings, "diverse": diverse, "model": tiny, "sampler": "surprisal"}
        forests = rollout(**run)
        assert [forest.digest for forest in forests] == [forest.digest for forest in rollout(**run)]
        summary = summarise(forests, seconds=1.0, fresh=forests)
        assert summary.trajectories == 2 * 10
        assert 1.0 < summary.computed_ratio < 1.1
        assert summary.tokens_saved_by_sharing > 0
        for method in ("treerl", "treerl_paper", "tree_grpo", "spo_tree", "treepo"):
            credit = compute(forests, method).credit
            assert np.isfinite(credit).any(), method
