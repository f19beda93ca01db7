"""Figures of a batch are those of its forests one by one."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest

import treecore as tc
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.prefixes import merge_chains
from treecore.library.facts import facts
from treecore.methods import COMPARED


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_gives_the_rows_of_its_forests_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    forests = [random_forest(rng, int(rng.integers(1, 30)), n_trees=int(rng.integers(1, 4))) for _ in range(12)]
    for found, forest in zip(facts(forests, COMPARED), forests, strict=True):
        (alone,) = facts([forest], COMPARED)
        assert found == {
            name: pytest.approx(value, abs=1e-12) if isinstance(value, float) else value
            for name, value in alone.items()
        }


def flat(*rewards: float, **columns: object) -> Forest:
    return Forest(parent=[-1] * len(rewards), text=[f"{n}" for n in range(len(rewards))], reward=rewards, **columns)


def test_outcomes_of_one_forest() -> None:
    lost = [Status.TERMINATED, Status.TRUNCATED, Status.FAILED, Status.TERMINATED]
    rows = facts(
        [
            flat(1.0, 0.0, 0.5, 0.5),
            flat(np.nan, np.nan),
            flat(0.1 + 0.2, 0.3),
            flat(2.0),
            flat(1, 0, 0, 1, status=lost),
        ],
        COMPARED,
    )
    assert [row["scored"] for row in rows] == [4, 0, 2, 1, 4]
    assert [row["pass_rate"] for row in rows] == [0.25, None, 0.0, 1.0, 0.5]
    assert [row["mean_reward"] for row in rows] == [0.5, None, 0.3, 2.0, 0.5]
    assert [row["outcome_entropy"] for row in rows] == [1.5, None, 0.0, 0.0, 1.0]
    assert [row["flags"] for row in rows] == [
        [], ["unscored-leaf"], ["zero-variance-group"], ["singleton-group"], ["truncated-leaf", "failed-leaf"],
    ]  # fmt: skip
    credit = tc.credit(merge_chains(flat(1.0, 0.0, 0.5, 0.5)), "grpo").credit
    assert rows[0]["credit_spread"] == pytest.approx(float(np.std(credit)))
    assert rows[1]["credit_spread"] is None
