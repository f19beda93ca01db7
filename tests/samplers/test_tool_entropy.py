"""ARPO: when an answer branches, how many are begun, and what happens when none is left."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from toy import ToyTask, toy_policy

from treecore.core.columns import Status
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.policies import load_policy
from treecore.policies.base import Completion
from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise
from treecore.samplers import Expand
from treecore.samplers.tool_entropy import branches, entropy, tool_entropy


class Told:
    """A growth whose rows say what they are told and whose random numbers are all the same."""

    vocabulary_size = 10

    def __init__(self, number: float) -> None:
        self.nodes: list[Any] = []
        self.random = SimpleNamespace(random=lambda n: np.full(n, number))

    def add(self, *heights: float, observation: str = "seen", ended: bool = False) -> list[int]:
        for height in heights:
            own = Completion(top_entropy=[height * math.log(10)])
            self.nodes.append(SimpleNamespace(own=own, open=not ended, observation=observation))
        return list(range(len(self.nodes) - len(heights), len(self.nodes)))


def asked(wave: list[Expand]) -> list[int | None]:
    assert all(request.steps == 1 for request in wave)
    return [request.node for request in wave]


def test_an_answer_branches_when_its_entropy_rises_above_that_of_its_own_first_round() -> None:
    growth = Told(0.6)
    growing: Any = tool_entropy(growth, n=4, initial=2, beam=2, bp=0.5, w=0.2)  # type: ignore[arg-type]
    assert asked(next(growing)) == [None, None]
    assert asked(growing.send(growth.add(1.0, 1.0))) == [0, 1]
    assert asked(growing.send(growth.add(2.0, 1.2))) == [2, 2, 3], "0.6 - 0.2 * 1.0 is at most 0.5, 0.6 - 0.2 * 0.2 not"
    assert asked(growing.send(growth.add(1.0, 9.0, 1.8))) == [4, 5, 6, 6], "the branch's first round is its own"
    with pytest.raises(StopIteration):
        growing.send(growth.add(1.0, 1.0, 1.0, 1.0, ended=True))


def test_only_tool_calls_branch_and_only_while_answers_are_left() -> None:
    growth = Told(0.0)
    growing: Any = tool_entropy(growth, n=3, initial=1, beam=9, bp=1.0, w=0.0)  # type: ignore[arg-type]
    next(growing)
    assert asked(growing.send(growth.add(1.0, observation=""))) == [0]
    assert asked(growing.send(growth.add(1.0))) == [1, 1, 1]
    assert asked(growing.send(growth.add(1.0, 1.0, 1.0))) == [2, 3, 4]


@pytest.mark.parametrize(("bp", "rise"), [(0.5, 0.0), (0.5, 0.3), (0.5, -0.2), (0.2, 0.9), (0.3, -0.9), (1.0, -3.0)])
def test_the_probability_is_clipped(bp: float, rise: float) -> None:
    uniform = (np.arange(20000) + 0.5) / 20000
    assert branches(uniform, bp=bp, rise=rise) / 20000 == pytest.approx(
        1.0 if bp == 1 else min(max(bp + rise, 0.0), 1.0), abs=1e-3
    )


def test_entropy_is_the_sum_over_the_first_twenty_tokens() -> None:
    assert entropy([0.5, 0.25], 10) == pytest.approx(0.75 / math.log(10))
    assert entropy([1.0] * 50, 7) == pytest.approx(20 / math.log(7))
    with pytest.raises(MethodError, match="log probabilities"):
        entropy([], 10)


def test_the_recorded_entropy_is_that_of_the_ten_likeliest_tokens() -> None:
    policy = toy_policy(max_sequences=2)
    session = policy.session(temperature=1, top_p=1, stop=(), max_step_tokens=1)
    branch = session.grow(session.open("a b c"), np.random.default_rng(0))
    session.advance()
    with torch.inference_mode():
        ids = torch.tensor([policy.encode_prompt("a b c")])
        law = torch.softmax(policy.model(input_ids=ids).logits[0, -1].double(), -1).sort(descending=True).values[:10]
    assert branch.written.top_entropy == [pytest.approx(float(-(law * law.log()).sum()), abs=1e-5)]


def test_unknown_vocabulary_is_told() -> None:
    growth = Told(0.0)
    growth.vocabulary_size = 0
    with pytest.raises(MethodError, match="how many tokens"):
        next(tool_entropy(growth))  # type: ignore[arg-type]


def test_with_certain_branches_the_budget_is_filled_after_the_first_tool_calls() -> None:
    forest = rollout(task=ToyTask(), model=toy_policy(), sampler="tool_entropy", n=9, initial=4, bp=1.0, w=0.0, seed=2)[
        0
    ]
    topology = forest.topology
    assert len(forest.leaves) == 9
    assert not (forest.status == int(Status.OPEN)).any()
    for row in range(1, len(forest)):
        children = len(topology.children(row)) if forest.parent[row] >= 0 else 0
        assert children <= (2 if forest.observation[row] else 1)
    assert any(len(topology.children(row)) == 2 for row in range(len(forest)) if forest.observation[row])


def test_without_branches_fresh_answers_fill_the_budget() -> None:
    forest = rollout(task=ToyTask(), model=toy_policy(), sampler="tool_entropy", n=6, initial=2, bp=0.0, w=0.0, seed=2)[
        0
    ]
    assert forest.n_trees == len(forest.leaves) == 6
    first = [
        forest.node_extra[int(forest.topology.children(int(root))[0])]["round"]
        for root in np.flatnonzero(forest.parent < 0)
    ]
    assert first[:2] == [0, 0]
    assert all(late > early for early, late in pairwise(first[1:]))


def test_initial_is_at_most_n_and_beam_bounds_branches() -> None:
    settings: dict[str, Any] = {"task": ToyTask(), "model": toy_policy(), "sampler": "tool_entropy", "seed": 2}
    assert rollout(**settings, n=3, initial=8)[0].n_trees == 3
    forest = rollout(**settings, n=16, initial=2, beam=4, bp=1.0, w=0.0)[0]
    assert max(len(forest.topology.children(row)) for row in range(len(forest))) == 4
    alone = rollout(**settings, n=5, initial=2, beam=1, bp=1.0)[0]
    assert alone.n_trees == 5


def test_tiny_model_gives_forests_that_credit_reads() -> None:
    run: dict[str, Any] = {
        "model": load_policy("tiny", device="cpu"),
        "sampler": "tool_entropy",
        "prompts": 2,
        "seed": 3,
    }
    forests = rollout(**run)
    assert [one.digest for one in forests] == [one.digest for one in rollout(**run)]
    summary = summarise(forests, seconds=1.0, fresh=forests)
    assert summary.trajectories == 2 * 16
    assert summary.computed_ratio == 1.0
    assert any((np.bincount(forest.parent[forest.parent > 0]) > 1).any() for forest in forests)
    for method in ("grpo", "tree_grpo", "treerl"):
        assert np.isfinite(compute(forests, method).credit).any(), method
