"""What a recorded forest is to a grove: whole steps or pieces of one, and new rows beside the old."""

from __future__ import annotations

import numpy as np
import pytest
from toy import ToyTask

from treecore.core.builder import ForestBuilder, StepTokens
from treecore.core.columns import Status
from treecore.policies.base import Completion
from treecore.protocols import StepRule
from treecore.rollouts.append_steps import append_steps, new_ids
from treecore.rollouts.continuation import is_over
from treecore.rollouts.trajectory import GrowingStep


class Ruled(ToyTask):
    def __init__(self, rule: StepRule) -> None:
        self.step_rule = rule


def step(text: str, n: int = 2, observation: str = "") -> GrowingStep:
    return GrowingStep(text, observation, written=Completion(ids=list(range(n)), text=text))


def test_a_step_is_over_at_a_stop_string_or_an_observation() -> None:
    assert is_over(step("a ."), ToyTask())
    assert is_over(step("a", observation="seen"), ToyTask())
    assert not is_over(step("a b"), ToyTask())


def test_a_step_may_be_over_by_its_length() -> None:
    assert not is_over(step("a", 9), ToyTask())
    assert is_over(step("a", 9), Ruled(StepRule(cut_is_end=True)))
    assert not is_over(step("a", 8), Ruled(StepRule(cut_is_end=True)))


def test_a_stop_string_may_end_in_what_follows() -> None:
    assert not is_over(step("a"), ToyTask(), ahead=["."])
    assert is_over(step("a"), Ruled(StepRule(before_word=True)), ahead=[".", "b"])
    assert not is_over(step("a"), Ruled(StepRule(before_word=True)), ahead=["b"])


@pytest.mark.parametrize(
    ("ids", "expected"),
    [((0, 1, 2), [3, 4]), (("a", "b"), [2, 3]), (("7", 3), [8, 9]), ((10**20, 4), [5, 6]), (("x", 1), [2, 3])],
)
def test_new_ids_are_numbers_that_no_id_is(ids: tuple[int | str, ...], expected: list[int]) -> None:
    assert new_ids(ids, 2) == expected


def test_new_rows_come_after_the_old_which_stay_as_they_were() -> None:
    builder = ForestBuilder(id="f", columns={"x": np.array([1.0, 2.0])}, claimed={"grpo": np.array([np.nan, 0.5])})
    root = builder.root(node_id="r")
    builder.add(root, text="a", reward=1.0, tokens=StepTokens(id=[4], text=["a"]), extra={"old": 1})
    old = builder.build()
    rows = [
        GrowingStep("b", tokens=StepTokens(id=[5], logprob=[-0.5]), note={"n": 1}, extra={"e": 2}),
        GrowingStep("c", "seen", 0.5, Status.TERMINATED),
    ]
    new = append_steps(old, [0, 2], rows)
    assert new.parent.tolist() == [-1, 0, 0, 2]
    assert new.node_id == ("r", 1, 2, 3)
    assert new.text == ("", "a", "b", "c")
    assert new.reward[[1, 3]].tolist() == [1.0, 0.5]
    assert new.born.tolist() == [0, 1, 2, 3]
    assert new.node_extra == {1: {"old": 1}, 2: {"n": 1, "e": 2}}
    assert new.tokens is not None
    assert new.tokens.id is not None
    assert new.tokens.id.tolist() == [4, 5]
    assert new.tokens.text == ("a", "")
    np.testing.assert_array_equal(new.tokens.logprob, [np.nan, -0.5])
    np.testing.assert_array_equal(new.columns["x"], [1, 2, np.nan, np.nan])
    np.testing.assert_array_equal(new.claimed["grpo"], [np.nan, 0.5, np.nan, np.nan])
    assert append_steps(old, [], []) is old
