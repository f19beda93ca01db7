"""Samplers of values from fresh continuations: whom they continue, what they write down."""

from __future__ import annotations

import math
from itertools import cycle

import numpy as np
import pytest
from served import Row, Served

from treecore.analysis.intervals import wilson
from treecore.samplers import SAMPLERS, Expand, Recite
from treecore.samplers.estimates import COLUMNS, Estimate, estimate
from treecore.samplers.monte_carlo import monte_carlo
from treecore.samplers.reverse_curriculum import frontier, reverse_curriculum

STEPS = 3


class Chain:
    """Writes trajectories of three steps; those from step `k` succeed as `rewards[k]` says, one after the other."""

    def __init__(self, rewards: dict[int, list[float]]) -> None:
        self.rewards = {depth: cycle(values) for depth, values in rewards.items()}

    def __call__(self, growth: Served, request: Expand) -> list[Row]:
        depth = growth.depth(request.node)
        rows = [Row(f"step {depth + n + 1}") for n in range(STEPS - depth)]
        rows[-1].open, rows[-1].reward = False, next(self.rewards[-1 if request.node is None else depth])
        return rows


def gold() -> list[Row]:
    return [Row("one"), Row("two"), Row("three", 1.0, open=False)]


def test_every_open_step_gets_k_continuations_in_one_wave_and_their_mean() -> None:
    growth = Served(Chain({-1: [0.0], 0: [1, 0, 0, 0], 1: [1, 1, 0, 0], 2: [1, 1, 1, 1]}))
    growth.serve(monte_carlo(growth, k=4, m=1))
    assert [len(wave) for wave in growth.waves] == [1, 12]
    assert growth.column("mc_value")[:3] == [0.25, 0.5, 1.0]
    assert growth.column("mc_count")[:3] == [4, 4, 4]
    ends = wilson([0.25, 0.5, 1.0], count=4)
    assert growth.column("mc_low")[:3] == pytest.approx(ends.low.tolist())
    assert growth.column("mc_high")[:3] == pytest.approx(ends.high.tolist())
    assert np.isnan(growth.column("mc_value")[3:]).all(), "neither the last step nor the continuations"
    assert SAMPLERS["monte_carlo"].trajectories({"k": 4}) == 5


def test_the_prompt_is_one_place_however_many_trees_there_are() -> None:
    growth = Served(Chain({-1: [0.0], 0: [1, 0], 1: [1], 2: [1]}))
    growth.serve(monte_carlo(growth, k=2, m=3))
    requests = growth.waves[1]
    assert sum(isinstance(one, Expand) and one.node in (0, 4, 8) for one in requests) == 2
    assert [growth.column(name)[0] for name in ("mc_value", "mc_count")] == [0.5, 2]
    assert all(math.isnan(growth.column(name)[row]) for name in COLUMNS for row in (4, 8)), "draws are counted once"


def test_failed_continuations_do_not_count_and_strange_rewards_have_no_interval() -> None:
    found = estimate([1.0, math.nan, 0.0, math.nan])
    assert found[:2] == (0.5, 2)
    assert found[2:4] == (
        pytest.approx(float(wilson(0.5, count=2).low)),
        pytest.approx(float(wilson(0.5, count=2).high)),
    )
    assert estimate([2.0, 0.0])[:2] == (1.0, 2)
    assert math.isnan(estimate([2.0, 0.0]).low)
    nothing = estimate([math.nan])
    assert nothing.scored == 0
    assert math.isnan(nothing.value)


def state(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, 8, low, high, np.empty(0))


def test_the_frontier_is_the_last_step_whose_interval_clears_that_before() -> None:
    assert frontier([state(0, 0.2), state(0.3, 0.5), state(0.4, 0.6), state(0.7, 1.0)], 1.0) == 3
    assert frontier([state(0, 0.2), state(0.3, 0.5), state(0.4, 1.0)], 1.0) == 1
    assert frontier([state(0, 0.3)], 1.0) == 1, "the last step itself"
    assert frontier([state(0.2, 1.0), state(0.9, 1.0)], 1.0) is None
    assert frontier([state(math.nan, math.nan)], 1.0) is None


def test_starts_slide_from_before_the_last_step_to_the_prompt() -> None:
    growth = Served(Chain({0: [0.0], 1: [0.0], 2: [1.0]}), gold=gold())
    growth.serve(reverse_curriculum(growth, n=8))
    assert growth.waves[0] == [Recite()]
    assert [one.node for one in growth.waves[1]] == [2] * 8 + [1] * 8 + [0] * 8
    assert growth.column("mc_value")[:3] == [0.0, 0.0, 1.0]
    assert growth.column("start")[:4] == [0, 1, 2, 3]
    assert growth.column("frontier")[:4] == [0, 0, 1, 0]
    assert (growth.notes["frontier"], growth.notes["demonstration"]) == (2, "gold")


def test_a_sampled_demonstration_is_the_first_right_one() -> None:
    growth = Served(Chain({-1: [0, 0, 1, 1], 0: [0.5], 1: [0.5], 2: [0.5]}))
    growth.serve(reverse_curriculum(growth, n=2, demo="sampled", attempts=4))
    assert [row for row, k in enumerate(growth.column("start")) if k == k] == [8, 9, 10, 11]
    assert {one.node for one in growth.waves[1]} == {8, 9, 10}


def test_no_demonstration_is_said_and_nothing_more_is_sampled() -> None:
    growth = Served(Chain({-1: [0.0]}))
    growth.serve(reverse_curriculum(growth, demo="sampled", attempts=3))
    assert len(growth.waves) == 1
    assert growth.notes["demonstration"].startswith("none")
    failed = Served(Chain({}), gold=[Row(reward=math.nan, open=False)])
    failed.serve(reverse_curriculum(failed))
    assert failed.notes["demonstration"].startswith("none")


def test_a_demonstration_of_one_step_has_one_start() -> None:
    growth = Served(Chain({0: [0.0]}), gold=[Row("all", 1.0, open=False)])
    growth.serve(reverse_curriculum(growth, n=2))
    assert [one.node for one in growth.waves[1]] == [0, 0]


def test_the_columns_of_values_have_the_names_that_credit_reads() -> None:
    assert COLUMNS == ("mc_value", "mc_count", "mc_low", "mc_high")
