"""No number of a forest depends on those beside it, however large theirs are, nor a subtree's on other subtrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from families import annotated, computed
from forests import random_forest

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.topology import Topology
from treecore.methods import METHODS, Credit, compute
from treecore.methods.ops.groups import back_up, leaf_standard_error

BATCH_WIDE = {"reinforce_pp": None, "reinforce_pp_baseline": None, "treepo": {"whiten": False}, "gpg": None}
"""Methods that bring a whole batch to one scale, and the setting that leaves that out, if any."""
SHARES = {"stepwiser", "genprm", "omegaprm"}
"""Methods that refuse outcomes outside 0..1, so that no neighbour can be extreme."""
LARGEST = (1e9, 1e15, 1e16, 1e100)


def settings_of(method: str) -> list[dict[str, Any]]:
    """The defaults, and every choice of every parameter once, whitening left out."""
    fixed = BATCH_WIDE.get(method) or {}
    choices = [{param.name: choice} for param in METHODS[method].params for choice in param.choices]
    return [{**fixed, **chosen} for chosen in [{}, *choices]]


def columns(credit: Credit) -> dict[str, np.ndarray]:
    found = {f"nodes {name}": values for name, values in credit.nodes.items()}
    found |= {f"leaves {name}": values for name, values in credit.leaves.items()}
    return found | ({} if credit.tokens is None else {"tokens": credit.tokens.value})


def extreme(rng: np.random.Generator, size: float) -> Forest:
    """A forest like any other, with rewards of that size, zero and its opposite among its leaves."""
    return annotated(rng, n=20, n_trees=3, rewards=(0.0, size, -size, size / 3))


@pytest.mark.parametrize("size", LARGEST)
@pytest.mark.parametrize(
    "method", [name for name in METHODS if BATCH_WIDE.get(name, {}) is not None and name not in SHARES]
)
def test_an_extreme_neighbour_changes_nothing(method: str, size: float) -> None:
    rng = np.random.default_rng(11)
    own = annotated(rng, n=25, n_trees=3, rewards=(0.0, 0.1, 0.7, 1.0))
    for params in settings_of(method):
        if method == "math_shepherd" and params.get("estimate") == "soft":
            continue
        alone = columns(computed(Forests(own), method, **params).of(0))
        for place in (0, 1):
            batch = [extreme(rng, size), extreme(rng, size)]
            batch.insert(place, own)
            beside = columns(computed(Forests(batch), method, **params).of(place))
            for name, values in alone.items():
                np.testing.assert_array_equal(beside[name], values, err_msg=f"{name} {params}")


@pytest.mark.parametrize("size", [1e9, 1e16, 1e100])
def test_sums_of_one_subtree_take_no_part_in_those_of_another(size: float) -> None:
    rng = np.random.default_rng(5)
    for reach in (2, 10**6):
        small = random_forest(rng, 60, reach=reach, rewards=(0.1, 0.3, 0.9))
        parent = np.concatenate([[-1, 0, 0], np.where(small.parent < 0, 0, small.parent + 3)])
        reward = np.concatenate([[np.nan, size, -size / 3], small.reward])
        joined, alone = Forests(Forest(parent=parent, reward=reward)), Forests(small)
        for of in (
            lambda batch: back_up(batch, batch.reward).mean,
            lambda batch: back_up(batch, batch.reward).total,
            lambda batch: leaf_standard_error(batch, batch.reward),
        ):
            np.testing.assert_array_equal(of(joined)[3:], of(alone))


def test_an_error_far_from_zero_is_as_good_as_one_near_it() -> None:
    for offset in (0.0, 1e5, 1e8, 2.0**40):
        rewards = [np.nan, np.nan, 0.0, offset, offset + 1, offset + 1]
        stderr = compute(Forest(parent=[-1, 0, 0, 1, 1, 1], reward=rewards), "dr_grpo").nodes["stderr"]
        assert stderr[1] == pytest.approx(1 / 3, rel=1e-9)


def test_sums_below_forks_are_those_of_a_walk_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    for reach in (1, 2, 3, 10**6):
        forest = random_forest(rng, 200, n_trees=3, reach=reach)
        values = np.nan_to_num(forest.reward)
        wanted = [values[forest.topology.leaves_under(row)].sum() for row in range(200)]
        np.testing.assert_allclose(forest.topology.leaf_sum(values), wanted, atol=1e-12)
        monkeypatch.setattr("treecore.core.topology.MAX_LEVELS", 0)
        np.testing.assert_allclose(Topology(forest.parent).leaf_sum(values), wanted, atol=1e-12)
        monkeypatch.undo()
