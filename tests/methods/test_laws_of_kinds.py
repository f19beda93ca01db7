"""Laws of one kind of method: sums that vanish, differences that telescope, chains that reduce to the flat method, and
what a group of one gets. Methods declare sums that vanish; each other law has a table of those that obey it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from forests import random_forest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS, Credit, compute
from treecore.methods.laws import Vanishing

SEEDS = st.integers(0, 2**32 - 1)
Numbers = np.ndarray


def batch_of(seed: int) -> Forests:
    """Two or three prompts of several trees; some leaves unscored, rewards graded."""
    rng = np.random.default_rng(seed)
    return Forests(
        [
            random_forest(rng, int(rng.integers(4, 25)), n_trees=int(rng.integers(1, 4)), unscored=0.2, id=f"q{k}")
            for k in range(int(rng.integers(2, 4)))
        ]
    )


def of_prompts(batch: Forests, values: Numbers) -> Numbers:
    """Sums over the scored leaves of each prompt with two or more of them; the others are left out."""
    count = np.bincount(batch.forest_of, weights=batch.scored, minlength=len(batch))
    weights = np.where(batch.scored, values, 0.0)
    return np.bincount(batch.forest_of, weights=weights, minlength=len(batch))[count > 1]


def of_trees(batch: Forests, values: Numbers) -> Numbers:
    """The same for trees."""
    count = np.bincount(batch.tree, weights=batch.scored, minlength=batch.n_trees)
    return np.bincount(batch.tree, weights=np.where(batch.scored, values, 0.0), minlength=batch.n_trees)[count > 1]


def of_siblings(batch: Forests, values: Numbers) -> Numbers:
    """Sums over the children of every step."""
    return batch.topology.children_sum(np.nan_to_num(values))


def trajectory_lengths(batch: Forests) -> Numbers:
    return batch.topology.path_sum(np.maximum(batch.n_model_tokens, 0).astype(np.float64))


VANISHING = [(name, law) for name, method in METHODS.items() for law in method.laws.vanishing]


def several(batch: Forests) -> Numbers:
    """Of the prompts with two scored leaves, those whose episodes have two steps or more in all."""
    steps = np.bincount(batch.forest_of, weights=batch.scored * batch.topology.depth, minlength=len(batch))
    count = np.bincount(batch.forest_of, weights=batch.scored, minlength=len(batch))
    return (steps >= 2)[count > 1]


def total(law: Vanishing, credit: Credit) -> Numbers:
    """The sums that the law is about."""
    batch = credit.forests
    if law.column == "tokens":
        assert credit.tokens is not None
        return np.array([np.nansum(credit.tokens.value)])
    values = {"credit": credit.credit, **credit.nodes, **credit.leaves}[law.column]
    if law.times:
        lengths = {
            "tokens": trajectory_lengths,
            "steps": lambda b: b.topology.depth,
            "leaves": lambda b: credit.nodes["n_leaves"],
        }
        values = np.nan_to_num(values) * lengths[law.times](batch)
    if law.over == "batch":
        return np.array([np.nansum(values)])
    sums = {"prompt": of_prompts, "tree": of_trees, "siblings": of_siblings}[law.over](batch, values)
    return sums[several(batch)] if (law.over, law.times) == ("prompt", "steps") else sums


@pytest.mark.parametrize(
    ("method", "law"), VANISHING, ids=[f"{name} {law.column} {law.over}" for name, law in VANISHING]
)
@given(SEEDS)
def test_sums_vanish(method: str, law: Vanishing, seed: int) -> None:
    batch = batch_of(seed)
    if not batch.scored.any():
        return
    np.testing.assert_allclose(total(law, compute(batch, method, **law.settings).seen), 0, atol=1e-5)


def test_sums_vanish_for_the_methods_that_subtract_a_mean() -> None:
    """What the bundled methods declare, so that none is lost."""
    assert len({name for name, _ in VANISHING}) >= 13
    assert len(VANISHING) >= 15


def at_root(batch: Forests, values: Numbers) -> Numbers:
    return values[batch.topology.root]


TELESCOPES: dict[str, tuple[str, dict[str, object], str, Callable[[Forests, Credit], Numbers]]] = {
    "SPO-tree": ("spo_tree", {}, "credit", lambda b, c: b.reward - at_root(b, c.nodes["value"])),
    "VinePPO": ("vineppo", {"values": "tree"}, "credit", lambda b, c: b.reward - at_root(b, c.nodes["value"])),
    "TreeRL's local part in the paper": ("treerl_paper", {}, "local", lambda b, c: b.reward - c.nodes["root_value"]),
    "TreeRL's local part in the code": (
        "treerl",
        {"mode": "advantage_only", "weight": "none"},
        "local",
        lambda b, c: c.nodes["state_value"],
    ),
    "ReST-MCTS*": ("rest_mcts", {}, "credit", lambda b, c: c.nodes["quality"]),
}


@pytest.mark.parametrize("law", TELESCOPES)
@given(SEEDS)
def test_step_advantages_telescope_along_a_trajectory(law: str, seed: int) -> None:
    method, settings, column, gain = TELESCOPES[law]
    batch = batch_of(seed)
    if not batch.scored.any():
        return
    credit = compute(batch, method, **settings).seen
    batch = credit.forests
    along = batch.topology.path_sum(np.nan_to_num(credit.nodes[column]))
    wanted = gain(batch, credit)
    ends = batch.scored & np.isfinite(wanted)
    np.testing.assert_allclose(along[ends], wanted[ends], atol=1e-9)


def chains(seed: int, length: int = 4) -> Forest:
    """Trajectories of equal length that share nothing but the prompt, which their first steps are taken from."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    parent = np.concatenate([np.arange(length) - 1 + length * tree for tree in range(n)])
    parent[::length] = -1
    reward = np.full(n * length, np.nan)
    reward[length - 1 :: length] = rng.choice([0.0, 0.25, 1.0], size=n)
    counts = np.where(parent < 0, 0, rng.integers(1, 5, size=n * length))
    return Forest(parent=parent, reward=reward, n_model_tokens=counts)


REDUCES: dict[str, tuple[dict[str, object], str]] = {
    "tree_grpo": ({"variant": "inter"}, "grpo"),
    "treerl": ({"mode": "value_only", "weight": "none"}, "rloo"),
    "treerl_paper": ({}, "dr_grpo"),
    "treepo": ({"whiten": False}, "dr_grpo"),
    "gigpo": ({}, "dr_grpo"),
}
"""Tree methods and the flat method that they are on chains of one length, after the first step."""
NO_CHOICE = ("spo_tree", "vineppo")
"""Methods of differences between steps: on a chain no step changes anything."""


@pytest.mark.parametrize("method", REDUCES)
@given(SEEDS)
def test_on_chains_tree_methods_are_their_flat_parents(method: str, seed: int) -> None:
    forest = chains(seed)
    settings, flat = REDUCES[method]
    steps = forest.topology.depth > 1
    found, wanted = compute(forest, method, **settings).credit, compute(forest, flat).credit
    np.testing.assert_allclose(found[steps], wanted[steps], atol=1e-9)


@pytest.mark.parametrize("method", NO_CHOICE)
@given(SEEDS)
def test_on_chains_nothing_changes_between_steps(method: str, seed: int) -> None:
    forest = chains(seed)
    settings = {"values": "tree"} if method == "vineppo" else {}
    credit, depth = compute(forest, method, **settings).credit, forest.topology.depth
    assert (credit[depth > 1] == 0).all()
    np.testing.assert_allclose(credit[depth == 1], compute(forest, "dr_grpo").credit[depth == 1], atol=1e-12)


SINGLETON: list[tuple[str, dict[str, object], float]] = [
    ("grpo", {}, 0.7 / (1 + 1e-6)),
    ("dr_grpo", {}, 0.7),
    ("rloo", {"singleton": "raw"}, 0.7),
    ("rloo", {"singleton": "zero"}, 0.0),
    ("opo", {}, 0.7),
    ("grpo_passk", {}, math.nan),
    ("max_rl", {}, 0.0),
    ("gpg", {"f_norm": 2.0}, 0.35),
    ("tree_grpo", {}, 2 * 0.7 / (1 + 1e-6)),
    ("tree_grpo", {"variant": "two_norm"}, 0.7 / (1 + 1e-6) ** 2),
    ("tree_diff", {}, 0.7),
    ("treerl", {}, math.nan),
    ("treerl_paper", {}, 0.0),
    ("spo_tree", {}, 0.0),
    ("spo_tree", {"normalize": "std"}, 0.0),
    ("treepo", {"whiten": False}, 0.7),
    ("sibling", {}, math.nan),
    ("gigpo", {}, 0.7),
    ("vineppo", {"values": "tree"}, 0.0),
    ("deepsearch", {}, -1.0),
    ("math_shepherd", {"estimate": "soft"}, 2 * 0.7 - 1),
]
"""What the only step of the only trajectory of a prompt with reward 0.7 gets."""


@pytest.mark.parametrize(("method", "settings", "wanted"), SINGLETON)
def test_a_group_of_one_gets_what_its_method_says(method: str, settings: dict[str, object], wanted: float) -> None:
    alone = Forest(parent=[-1, 0], reward=[np.nan, 0.7], n_model_tokens=[0, 3])
    assert compute(alone, method, **settings).credit[1] == pytest.approx(wanted, abs=1e-12, nan_ok=True)


@given(SEEDS)
def test_a_roots_gradient_weight_in_tree_grpo_is_its_trees_inter_part(seed: int) -> None:
    batch = batch_of(seed)
    if not batch.scored.any():
        return
    credit = compute(batch, "tree_grpo")
    count = np.bincount(batch.tree, weights=batch.scored, minlength=batch.n_trees)
    inter = np.bincount(batch.tree, weights=np.nan_to_num(credit.leaves["inter"]), minlength=batch.n_trees)
    roots = batch.topology.roots
    np.testing.assert_allclose(credit.nodes["gradient_weight"][roots][count > 1], inter[count > 1], atol=1e-8)


@given(SEEDS)
def test_unweighted_treerl_stretches_the_gap_to_the_prompts_mean(seed: int) -> None:
    batch = batch_of(seed)
    if not batch.scored.any():
        return
    state = compute(batch, "treerl", weight="none").nodes["state_value"]
    paper = compute(batch, "treerl_paper").nodes
    n = np.bincount(batch.forest_of, weights=batch.scored, minlength=len(batch))[batch.forest_of]
    known = np.isfinite(state) & ~batch.is_prompt
    gap = (paper["value"] - paper["root_value"])[known] * n[known] / (n[known] - 1)
    np.testing.assert_allclose(state[known], gap, atol=1e-9)


@given(SEEDS)
def test_normalising_twice_is_normalising_in_the_tree_where_every_tree_has_spread(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parent = np.tile([-1, 0, 0, 0], 3) + np.repeat([0, 4, 8], 4) * np.tile([0, 1, 1, 1], 3)
    reward = np.where(np.arange(12) % 4 == 0, np.nan, rng.permutation(12) / 10.0)
    forest = Forest(parent=parent, reward=reward)
    twice, once = (compute(forest, "tree_grpo", variant=name).leaves["advantage"] for name in ("two_norm", "intra"))
    np.testing.assert_allclose(twice, once, atol=1e-4)


@given(SEEDS)
def test_child_means_are_leaf_means_where_siblings_have_equally_many_leaves(seed: int) -> None:
    parent = np.array([-1, *((np.arange(1, 31) - 1) // 2)])
    reward = np.where(np.arange(31) >= 15, np.random.default_rng(seed).random(31), np.nan)
    forest = Forest(parent=parent, reward=reward)
    leaf_mean = compute(forest, "sibling").nodes["value"]
    np.testing.assert_allclose(compute(forest, "spo_tree").nodes["value"], leaf_mean, atol=1e-12)
