"""ToolPO: the worked numbers, an oracle on random forests, and what it does without calls."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches
from hypothesis import given
from oracles import tools as oracle
from oracles.nodes import Walk

from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.forest import Forest, TokenTable
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.methods.tools import fold_preference
from treecore.protocols import Part

THOUGHT, CALL, OBSERVATION = Part.THOUGHT, Part.TOOL_CALL, Part.OBSERVATION


def chains(rewards: list[float], calls: list[int], **fields: object) -> Forest:
    """A chain for each reward, with that many answered calls, each step a thought, a call and an observation."""
    parent, reward, observation, parts, start = [], [], [], [], [0]
    for outcome, count in zip(rewards, calls, strict=True):
        for step in range(count + 2):
            parent.append(len(parent) - 1 if step else -1)
            calling = 0 < step <= count
            own = [THOUGHT, CALL, OBSERVATION] if calling else [THOUGHT] if step else []
            parts += own
            start.append(start[-1] + len(own))
            observation.append("found" if calling else "")
            reward.append(outcome if step == count + 1 else np.nan)
    tokens = TokenTable(start=np.array(start), part=np.array(parts))
    return Forest(
        parent=np.array(parent),
        reward=np.array(reward),
        observation=observation,
        tokens=tokens,
        **fields,  # type: ignore[arg-type]
    )


def test_the_worked_numbers() -> None:
    forest = chains([1, 0, 1, 0], [2, 2, 0, 1])
    credit = compute(forest, "toolpo")
    leaves = forest.topology.is_leaf
    assert credit.leaves["advantage"][leaves].tolist() == [0.5, -0.5, 0.5, -0.5]
    assert credit.leaves["action"][leaves].tolist() == [0.75, 0.75, -1.25, -0.25]
    called = forest.tokens.part == CALL
    assert credit.tokens.value[called].tolist() == [1.25, 1.25, 0.25, 0.25, -0.75]
    assert credit.tokens.value[forest.tokens.part == THOUGHT].tolist() == [0.5] * 3 + [-0.5] * 3 + [0.5] + [-0.5] * 2
    assert np.isnan(credit.tokens.value[forest.tokens.part == OBSERVATION]).all()


def test_preference_for_folded_thoughts() -> None:
    assert fold_preference(1000, folded_tokens=600) == 0.25
    assert fold_preference(0, folded_tokens=0) == 0.0


@pytest.mark.parametrize("attribution", ["trajectory", "call"])
@pytest.mark.parametrize("check", ["answered", "recorded"])
@given(batch=batches())
def test_a_token_gets_the_mean_of_its_trajectories(check: str, attribution: str, batch: Forests) -> None:
    credit = compute(batch, "toolpo", check=check, attribution=attribution)
    wanted = oracle.toolpo(Walk(batch), check, attribution)
    flat = [value for step in wanted for value in step]
    np.testing.assert_allclose(credit.tokens.value, flat, atol=1e-9)
    for row, step in enumerate(wanted):
        known = [value for value in step if not np.isnan(value)]
        if known:
            np.testing.assert_allclose(credit.credit[row], np.mean(known), atol=1e-9)


@pytest.mark.parametrize("reward", [0.0, 0.1, 0.2, 1.0])
def test_equal_outcomes_without_calls_give_exactly_zero(reward: float) -> None:
    credit = compute(chains([reward] * 3, [0, 0, 0]), "toolpo").credit
    assert (credit == 0).all()


def test_a_single_trajectory_has_nothing_to_compare_with() -> None:
    assert (compute(chains([1.0], [2]), "toolpo").credit == 0).all()


def test_more_right_calls_are_more_reward_even_in_a_failed_trajectory() -> None:
    forest = chains([1, 0], [0, 3])
    credit = compute(forest, "toolpo")
    assert credit.tokens.value[forest.tokens.part == CALL].tolist() == [1.0, 1.0, 1.0]


def test_judged_by_itself_a_wrong_call_is_blamed() -> None:
    forest = chains([1, 1], [2, 0])
    verdicts = np.full(len(forest), np.nan)
    verdicts[[1, 2]] = [1, 0]
    recorded = forest.with_columns(columns={"call_ok": verdicts})
    credit = compute(recorded, "toolpo", check="recorded", attribution="call")
    assert credit.tokens.value[forest.tokens.part == CALL].tolist() == [0.5, -0.5]


def test_standard_error_of_a_shared_call() -> None:
    """Two leaves under one step that is half call: their sums are 1 and 0 apart by outcome and by later calls."""
    tokens = TokenTable(start=np.array([0, 0, 2, 3, 4, 5]), part=np.array([THOUGHT, CALL, CALL, THOUGHT, THOUGHT]))
    forest = Forest(
        parent=np.array([-1, 0, 1, 1, 2]),
        reward=np.array([np.nan, np.nan, np.nan, 0.0, 1.0]),
        tokens=tokens,
        observation=["", "found", "found", "", ""],
    )
    nodes = compute(forest, "toolpo").nodes
    combined = np.array([0.0 + 0.5 * 1, 1.0 + 0.5 * 2])
    assert nodes["stderr"][1] == pytest.approx(combined.std(ddof=1) / np.sqrt(2))


def test_forests_without_tokens_are_refused() -> None:
    with pytest.raises(MethodError, match="0 of 0 tokens have the part of the step that they are in; record part"):
        compute(Forest(parent=np.array([-1, 0]), reward=np.array([np.nan, 1.0])), "toolpo")


def test_a_call_whose_step_failed_is_wrong() -> None:
    forest = chains([1, 1], [1, 1])
    status = np.where(np.arange(len(forest)) == 1, Status.FAILED, Status.OPEN)
    assert compute(forest.with_columns(status=status), "toolpo").nodes["call_ok"][[1, 4]].tolist() == [0.0, 1.0]


def with_calls(texts: list[str], extra: dict[int, dict[str, object]] | None = None, **fields: object) -> Forest:
    """Two chains of one calling step each; the step of the first has the first text."""
    tokens = TokenTable(start=np.array([0, 0, 2, 2, 4]), part=np.array([CALL, OBSERVATION] * 2))
    return Forest(
        parent=np.array([-1, 0, -1, 2]),
        reward=np.array([np.nan, 1.0, np.nan, 0.0]),
        text=["", texts[0], "", texts[1]],
        observation=["", "found", "", "found"],
        tokens=tokens,
        node_extra=extra or {},
        **fields,  # type: ignore[arg-type]
    )


TWO = "<tool_call>1</tool_call> <tool_call>2</tool_call>"
ONE = "<tool_call>1</tool_call>"


def test_several_calls_in_one_step_are_several() -> None:
    credit = compute(with_calls([TWO, ONE]), "toolpo")
    assert credit.nodes["calls"].tolist() == [0, 2, 0, 1]
    assert credit.nodes["call_ok"][[1, 3]].tolist() == [2, 1]
    assert credit.leaves["action"][[1, 3]].tolist() == [0.5, -0.5]
    recorded = {1: {"tool_calls": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}}
    assert compute(with_calls(["", ONE], recorded), "toolpo").nodes["calls"].tolist() == [0, 3, 0, 1]


def test_right_calls_of_a_step_are_counted() -> None:
    forest = with_calls([TWO, TWO], columns={"call_ok": np.array([np.nan, 1, np.nan, 2])})
    credit = compute(forest, "toolpo", check="recorded")
    assert credit.nodes["call_ok"][[1, 3]].tolist() == [1, 2]
    by_call = compute(forest, "toolpo", check="recorded", attribution="call")
    assert by_call.nodes["call_ok"][[1, 3]].tolist() == [0.5, 1]
    assert by_call.nodes["action_part"][[1, 3]].tolist() == [-0.25, 0.25]
    for attribution in ("trajectory", "call"):
        found = compute(forest, "toolpo", check="recorded", attribution=attribution).tokens
        wanted = [value for step in oracle.toolpo(Walk(Forests(forest)), "recorded", attribution) for value in step]
        np.testing.assert_allclose(found.value, wanted, atol=1e-12)
