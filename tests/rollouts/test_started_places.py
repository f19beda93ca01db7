"""Runs whose branches start at chosen places: searches, curricula, values, and what their forests say of themselves."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from toy import ToyTask, toy_policy

from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.policies import load_policy
from treecore.protocols import Prompt, Step
from treecore.rollouts import Progress, rollout

POLICY = toy_policy()
SMALL: dict[str, dict[str, Any]] = {
    "monte_carlo": {"k": 3, "m": 2},
    "reverse_curriculum": {"n": 3},
    "mcts": {"simulations": 6, "rollouts": 2, "min_distance": 2},
}


class Shown(ToyTask):
    """Has a solution of three steps with an answer of the environment inside."""

    def gold(self, prompt: Prompt) -> list[Step]:
        return [Step("b ?", "seen e seen"), Step("c d ."), Step("a !")]


def sampled(sampler: str, *, policy: Any = POLICY, task: Any = None, seed: int = 3, **more: Any) -> list[Forest]:
    return rollout(
        task=task or Shown(), model=policy, sampler=sampler, prompts=2, seed=seed, **{**SMALL[sampler], **more}
    )


@cache
def recorded(sampler: str) -> list[Forest]:
    """To be read only."""
    return sampled(sampler)


@pytest.mark.parametrize("sampler", SMALL)
def test_the_seed_decides_everything_and_the_batch_nothing(sampler: str) -> None:
    one, again = recorded(sampler), sampled(sampler)
    assert [forest.digest for forest in one] == [forest.digest for forest in again]
    assert [forest.digest for forest in one] != [forest.digest for forest in sampled(sampler, seed=4)]
    narrow = sampled(sampler, policy=toy_policy(max_sequences=1))
    for wide, thin in zip(one, narrow, strict=True):
        assert wide.text == thin.text
        for name, column in wide.columns.items():
            np.testing.assert_array_equal(column, thin.columns[name])


@pytest.mark.parametrize("sampler", SMALL)
def test_progress_reaches_its_total(sampler: str) -> None:
    reports: list[Progress] = []
    forests = sampled(sampler, on_progress=reports.append)
    assert reports[-1].done == reports[-1].total == sum(len(forest.leaves) for forest in forests)
    assert all(before.done <= after.done for before, after in pairwise(reports))
    assert all(report.done <= report.total for report in reports)


def test_a_recited_solution_is_a_trajectory_whose_tokens_nobody_drew() -> None:
    for forest in recorded("reverse_curriculum"):
        demo = np.flatnonzero(~np.isnan(forest.columns["start"]))
        assert [forest.text[row] for row in demo] == ["", "b ?", "c d .", "a !"]
        assert forest.observation[demo[1]] == "seen e seen"
        assert forest.reward[demo[-1]] == 1.0
        table = forest.tokens
        assert table is not None
        assert table.logprob is not None
        span = slice(table.start[demo[1]], table.start[demo[-1] + 1])
        assert np.isnan(table.logprob[span]).all()
        assert table.part is not None
        assert table.part[table.start[demo[1]] : table.start[demo[1] + 1]].tolist() == [1, 1, 0, 0, 0]
        assert (forest.columns["mc_count"][demo[:-1]] == 3).all()
        assert "biased" in forest.sampler["bias"]
        assert forest.extra["sampler_notes"]["demonstration"] == "gold"


def test_the_first_option_of_a_greedy_search_is_the_likeliest() -> None:
    likeliest = rollout(task=Shown(), model=POLICY, sampler="chains", m=1, prompts=2, seed=3, temperature=0.0)
    for forest, chain in zip(recorded("mcts"), likeliest, strict=True):
        assert forest.text[1] == chain.text[1]
        assert forest.tokens is not None
        assert forest.tokens.logprob is not None
        own = slice(forest.tokens.start[1], forest.tokens.start[1] + forest.n_model_tokens[1])
        assert (forest.tokens.logprob[own] == 0).all()


def test_a_search_says_that_its_means_are_biased_and_who_judged() -> None:
    for forest in recorded("mcts"):
        assert "biased" in forest.sampler["bias"]
        assert forest.extra["sampler_notes"]["critics"]["outcome"] == "oracle: uses the label"
        assert forest.columns["mcts_visits"][0] >= 6
        kinds = forest.columns["mcts_kind"]
        assert np.isnan(kinds[0])
        assert not np.isnan(kinds[1:]).any()


def test_values_have_no_bias_to_tell() -> None:
    assert all("bias" not in forest.sampler for forest in recorded("monte_carlo"))


def test_a_policy_that_cannot_is_refused_in_words() -> None:
    class Plain:
        gives: frozenset[str] = frozenset()

        def __getattr__(self, name: str) -> Any:
            return getattr(POLICY, name)

    with pytest.raises(MethodError, match="'mcts' needs a policy that can take the likeliest tokens on demand"):
        sampled("mcts", policy=Plain())
    with pytest.raises(MethodError, match="can go on after a given text"):
        sampled("reverse_curriculum", policy=Plain())
    assert sampled("mcts", policy=Plain(), greedy=False)
    assert sampled("reverse_curriculum", policy=Plain(), demo="sampled")


def test_a_task_without_a_solution_gives_a_failed_step_and_a_note() -> None:
    class Unsolved(ToyTask):
        def gold(self, prompt: Prompt) -> list[Step]:
            raise ValueError("nobody knows")

    for forest in sampled("reverse_curriculum", task=Unsolved()):
        assert "nobody knows" in forest.node_extra[1]["error"]
        assert forest.extra["sampler_notes"]["demonstration"].startswith("none")


@pytest.mark.parametrize("task", ["multihop", "countdown"])
def test_the_bundled_model_searches_and_finds(task: str) -> None:
    tiny = load_policy("tiny", device="cpu")
    (forest,) = rollout(task=task, model=tiny, sampler="mcts", prompts=1, seed=3, simulations=4, rollouts=1)
    answer = np.flatnonzero(forest.columns["mcts_answer"] == 1)
    assert (forest.parent[answer[1:]] == answer[:-1]).all()
    (shown,) = rollout(task=task, model=tiny, sampler="reverse_curriculum", prompts=1, seed=3, n=4)
    start = shown.columns["start"]
    assert shown.columns["mc_value"][start == np.nanmax(start) - 1] >= 0.5, "all but the last step is given"
