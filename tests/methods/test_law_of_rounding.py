"""Numbers that are equal up to rounding make no signal: not in a credit, not in a picture, not in a finding."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from families import annotated
from forests import random_forest
from laws import SHIFT_FREE

from treecore.analysis.lint import lint
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.outcomes import gap, settled
from treecore.errors import MethodError
from treecore.methods import METHODS, compute
from treecore.registry.params import Param

NAN = np.nan
NEAR = (0.1 + 0.2, 0.3, 0.30000000000000016)


@pytest.mark.parametrize("method", SHIFT_FREE)
def test_rewards_that_are_equal_up_to_rounding_are_no_signal(method: str) -> None:
    settings = dict(SHIFT_FREE[method]) | ({"epsilon": 0.0} if "epsilon" in METHODS[method].defaults else {})
    for seed in range(3):
        forest = random_forest(np.random.default_rng(seed), 40, reach=6, rewards=NEAR)
        credit = compute(forest, method, **settings).credit
        known = credit[np.isfinite(credit)]
        assert (known == 0).all()


def test_the_scale_of_no_signal_is_one() -> None:
    forest = Forest(parent=[-1, 0, 0, 0], reward=[NAN, *NEAR])
    for method in ("grpo", "dr_grpo", "sibling", "tree_grpo"):
        assert compute(forest, method).scale == 1.0


def test_values_that_are_equal_up_to_rounding_are_compared_as_equal() -> None:
    """A mean of 0.1, 0.2 and 0.3 beside a leaf of 0.2."""
    forest = Forest(parent=[-1, 0, 0, 1, 1, 1], reward=[NAN, NAN, 0.2, 0.1, 0.2, 0.3])
    assert compute(forest, "sibling").credit[1:3].tolist() == [0.0, 0.0]
    assert compute(forest, "spo_tree").credit[1:3].tolist() == [0.0, 0.0]
    assert compute(forest, "treerl_paper").credit[1:3].tolist() == [0.0, 0.0]


def test_such_a_prompt_is_reported() -> None:
    near = Forests(Forest(parent=[-1, 0, 0, 0], reward=[NAN, *NEAR], id="near"))
    assert "zero-variance-group" in {finding.kind for finding in lint(near)}


def test_differences_that_are_meant_stay() -> None:
    rewards = np.array([0.3, 0.3 + 1e-9, 1e15, 1e15 + 2000, -1e-9, 0.0])
    assert settled(rewards, np.zeros(6, dtype=np.int64)).tolist() == rewards.tolist()
    assert gap(rewards[:1], rewards[1:2])[0] != 0
    of_two_forests = settled(np.array([0.1 + 0.2, 0.3]), np.array([0, 1]))
    assert of_two_forests.tolist() == [0.1 + 0.2, 0.3]


def bounds(param: Param) -> list[Any]:
    """The ends of what a parameter may be, or all that it may be."""
    if param.choices:
        return list(param.choices)
    if param.type == "bool":
        return [True, False]
    return [param.low, param.high] if np.isfinite(param.low) and np.isfinite(param.high) else []


DEGENERATE = {
    "equal": {"rewards": (0.1,)},
    "equal up to rounding": {"rewards": NEAR},
    "wrong": {"rewards": (0.0,)},
    "one apart": {"rewards": (0.0, 0.0, 0.0, 1.0)},
    "chains": {"n_trees": 9, "rewards": (0.0, 1.0)},
    "one rollout": {"reach": 1},
    "unscored": {"unscored": 0.9},
    "barely apart": {"rewards": (0.0, 1e-11)},
    "huge": {"rewards": (0.0, 1e100, -1e100)},
}


@pytest.mark.parametrize("method", METHODS)
def test_every_bound_of_every_parameter_gives_numbers_or_none(method: str) -> None:
    """No warning, nothing infinite; NaN stands for "not assigned" alone, so never beside a spread of nothing."""
    rng = np.random.default_rng(8)
    batches = [Forests([annotated(rng, n=12, **kind), annotated(rng, n=12)]) for kind in DEGENERATE.values()]
    settings = [{}, *({param.name: value} for param in METHODS[method].params for value in bounds(param))]
    settings += [{**choice, "epsilon": 0.0} for choice in settings if "epsilon" in METHODS[method].defaults]
    for params in settings:
        for batch in batches:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    credit = compute(batch, method, **params)
                    parts = [credit.of(number) for number in range(len(batch))]
                except MethodError:
                    continue
            for name, values in {**credit.nodes, **credit.leaves}.items():
                assert not np.isinf(values).any(), (name, params)
            assert all(np.isfinite(part.scale) for part in parts)


@pytest.mark.parametrize("method", ["grpo", "tree_grpo", "grpo_passk"])
def test_equal_rewards_over_no_epsilon_are_no_signal(method: str) -> None:
    credit = compute(Forest(parent=[-1, 0, 0], reward=[NAN, 0.1, 0.1]), method, epsilon=0.0)
    assert credit.credit.tolist() == [0.0, 0.0, 0.0]
