"""Standard errors are what the page on methods says they are."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS, compute
from treecore.methods.registry import lacking

SETTINGS = {"math_shepherd": {"estimate": "soft"}, "vineppo": {"values": "tree"}}
NEEDS_NOTHING = [
    name
    for name, method in METHODS.items()
    if not any(
        lacking(need, Forests(random_forest(np.random.default_rng(0), 30)))
        for need in method.needs_with(method.defaults | SETTINGS.get(name, {}))
    )
]
FOREST = random_forest(np.random.default_rng(4), 60, n_trees=3, unscored=0.2, rewards=(0.0, 0.1, 0.7, 1.0))
WITH_ERROR = [name for name in NEEDS_NOTHING if "stderr" in compute(FOREST, name, **SETTINGS.get(name, {})).nodes]


def test_there_are_standard_errors_to_look_at() -> None:
    assert {"grpo", "treerl", "gigpo", "spo_tree", "vineppo", "omegaprm", "sibling"} <= set(WITH_ERROR)


@pytest.mark.parametrize("method", WITH_ERROR)
def test_an_error_stands_where_two_leaves_or_more_are_beneath(method: str) -> None:
    nodes = compute(FOREST, method, **SETTINGS.get(method, {})).nodes
    known = np.isfinite(nodes["credit"]) & (nodes["n_leaves"] >= 2)
    np.testing.assert_array_equal(np.isfinite(nodes["stderr"]), known)


@pytest.mark.parametrize("method", ["dr_grpo", "sibling", "treerl_paper", "vineppo"])
def test_it_is_the_error_of_a_mean_times_what_the_credit_makes_of_it(method: str) -> None:
    nodes = compute(FOREST, method, **SETTINGS.get(method, {})).nodes
    for row in range(len(FOREST)):
        rewards = FOREST.reward[FOREST.topology.leaves_under(row)]
        rewards = rewards[~np.isnan(rewards)]
        if not np.isfinite(nodes["stderr"][row]):
            continue
        factor = 2 / np.sqrt(len(rewards)) if method == "treerl_paper" else 1.0
        assert nodes["stderr"][row] == pytest.approx(factor * np.std(rewards, ddof=1) / np.sqrt(len(rewards)))


def test_with_fresh_continuations_it_is_theirs() -> None:
    columns = {"mc_value": np.array([0.5, 0.25, np.nan]), "mc_count": np.array([9.0, 4.0, np.nan])}
    forest = Forest(parent=[-1, 0, 1], reward=[np.nan, np.nan, 1], columns=columns)
    for method, settings, factor in (
        ("vineppo", {}, 1.0),
        ("omegaprm", {"values": "monte_carlo"}, 2.0),
        ("math_shepherd", {"values": "monte_carlo", "estimate": "soft"}, 2.0),
    ):
        stderr = compute(forest, method, **settings).nodes["stderr"]
        assert stderr == pytest.approx([np.nan, factor * np.sqrt(0.25 * 0.75 / 3), np.nan], nan_ok=True)
