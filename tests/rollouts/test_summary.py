"""The numbers of a run, from forests alone."""

from __future__ import annotations

import math

import pytest

from treecore.core.builder import ForestBuilder
from treecore.core.columns import Status
from treecore.rollouts.summary import distinct, summarise


def test_numbers_of_two_forests() -> None:
    forests = []
    for rewards in ((1.0, 0.0, 1.0), (float("nan"),)):
        cost = {"tokens_generated": 10, "tokens_computed": 8, "tokens_in_forest": 12, "tokens_unfed": 4}
        builder = ForestBuilder(provenance={**cost, "tokens_saved_by_sharing": 3})
        root = builder.root()
        for reward in rewards:
            builder.add(root, text="same", reward=reward)
        forests.append(builder.build())
    summary = summarise(forests, seconds=4.0, fresh=forests[:1])
    assert (summary.forests, summary.trajectories, summary.distinct_trajectories) == (2, 4, 2)
    assert (summary.tokens_computed, summary.computed_ratio, summary.tokens_saved_by_sharing) == (16, 1.0, 6)
    assert (summary.mean_reward, summary.tokens_per_second) == (2 / 3, 2.5)


def test_a_run_without_forests_has_no_reward() -> None:
    summary = summarise([], seconds=0.0, fresh=[])
    assert math.isnan(summary.mean_reward)
    assert summary.as_json()["mean_reward"] is None
    assert summary.as_json()["computed_ratio"] == 1.0


def test_a_sum_over_what_is_partly_unknown_is_unknown() -> None:
    known = {"tokens_generated": 10, "tokens_computed": 8, "tokens_in_forest": 12, "tokens_unfed": 4}
    for first in (known | {"tokens_saved_by_sharing": 3}, dict.fromkeys([*known, "tokens_saved_by_sharing"], 0)):
        forests = []
        for cost in (first, {"tokens_generated": 10, "tokens_computed": 9}):
            builder = ForestBuilder(provenance=cost)
            builder.add(builder.root(), text="a")
            forests.append(builder.build())
        told = summarise(forests, seconds=1.0, fresh=forests).as_json()
        assert told["tokens_generated"] == first["tokens_generated"] + 10
        assert [told[name] for name in ("tokens_in_forest", "computed_ratio", "tokens_saved_by_sharing")] == [None] * 3


@pytest.mark.parametrize("value", ["x", None, -1, 8.5, True, [8], float("nan")])
@pytest.mark.parametrize("name", ["tokens_generated", "tokens_computed", "tokens_in_forest", "tokens_unfed"])
def test_a_count_that_is_none_is_not_known(name: str, value: object) -> None:
    known = {"tokens_generated": 10, "tokens_computed": 8, "tokens_in_forest": 12, "tokens_unfed": 4}
    for cost in (known | {name: value}, {one: known[one] for one in known if one != name}):
        forests = [ForestBuilder(provenance={**one, "tokens_saved_by_sharing": -3}) for one in (known, cost)]
        for forest in forests:
            forest.root()
        built = [forest.build() for forest in forests]
        told = summarise(built, seconds=1.0, fresh=built).as_json()
        for field in ("tokens_generated", "tokens_computed", "tokens_in_forest"):
            assert told[field] == (None if field == name else 2 * known[field])
        assert told["tokens_per_second"] == (None if name == "tokens_generated" else 20)
        assert told["computed_ratio"] == (1.0 if name == "tokens_generated" else None)
        assert told["tokens_saved_by_sharing"] == -6


def test_failures_are_counted_and_the_first_is_told() -> None:
    builder = ForestBuilder()
    root = builder.root()
    builder.add(root, text="a", reward=1.0, status=Status.TERMINATED)
    for reason in ("no memory", "no time"):
        builder.add(root, status=Status.FAILED, extra={"error": reason})
    summary = summarise([builder.build()], seconds=1.0, fresh=[])
    assert (summary.trajectories, summary.failed, summary.first_failure) == (3, 2, "no memory")
    assert summarise([], seconds=0.0, fresh=[]).as_json()["first_failure"] is None


def test_the_same_words_with_another_observation_are_another_trajectory() -> None:
    builder = ForestBuilder()
    root = builder.root()
    for observation in ("x", "y", "x"):
        step = builder.add(root, text="ask", observation=observation)
        builder.add(step, text="answer")
    assert distinct(builder.build()) == 2
