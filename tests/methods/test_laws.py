"""Laws that every registered method obeys on random forests, and sums and scalings where its kind promises them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forests import random_forest
from laws import ORDERED, SCALES, SHIFT_FREE, SILENT, TEXTUAL

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.topology import Topology
from treecore.methods import METHODS, Credit, compute
from treecore.methods.registry import lacking

RUNNABLE = [
    name
    for name, method in METHODS.items()
    if not any(lacking(need, Forests(random_forest(np.random.default_rng(0), 30))) for need in method.needs)
]
"""Methods that need nothing but outcomes and token counts; the others have tests of their own."""
OUTCOME = [name for name in RUNNABLE if name not in TEXTUAL]


def batches(*, unscored: float = 0.2) -> list[Forests]:
    """Bushes, chains and several prompts, some leaves unscored."""
    rng = np.random.default_rng(7)
    shapes = [(2, 1), (12, 1), (25, 3), (40, 5)]
    return [
        Forests([random_forest(rng, n, n_trees=m, reach=reach, unscored=unscored, id=f"q{k}") for k in range(2)])
        for n, m in shapes
        for reach in (2, 10**6)
    ]


def scored(batch: Forests) -> bool:
    return bool(batch.scored.any())


def rewarded(batch: Forests, change: object) -> Forests:
    """The batch with other rewards."""
    return Forests([replace(forest, reward=change(forest.reward)) for forest in batch])  # type: ignore[operator]


def crowded(batch: Forests) -> np.ndarray:
    """Nodes whose scored leaves all belong to a tree with two scored leaves or more. `[N]`"""
    count = np.bincount(batch.tree, weights=batch.scored, minlength=batch.n_trees)
    return (count >= 2)[batch.tree]


def compared(batch: Forests) -> bool:
    """Whether every prompt has two scored leaves or more, so that no singleton rule reaches the statistics."""
    return bool((np.bincount(batch.forest_of, weights=batch.scored, minlength=len(batch)) >= 2).all())


def relabelled(forest: Forest, rng: np.random.Generator) -> tuple[Forest, np.ndarray]:
    """The same forest with siblings, and with them the rows, in another order; and the new row of each old one."""
    n = len(forest)
    topology = forest.topology
    order = np.lexsort((rng.random(n), topology.depth))
    new_row = np.empty(n, dtype=np.int64)
    new_row[order] = np.arange(n)
    parent = forest.parent[order]
    moved = replace(
        forest,
        parent=np.where(parent < 0, -1, new_row[parent]),
        node_id=tuple(forest.node_id[old] for old in order),
        text=tuple(forest.text[old] for old in order),
        **{
            name: getattr(forest, name)[order]
            for name in ("reward", "status", "born", "n_model_tokens", "n_obs_tokens")
        },
    )
    return moved, new_row


def assert_same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """Equal up to rounding; standard errors, roots of differences, round worse."""
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        atol = 1e-6 if name.endswith("stderr") else 1e-9
        np.testing.assert_allclose(found[name], values, atol=atol, err_msg=name)


def all_columns(credit: Credit) -> dict[str, np.ndarray]:
    return {f"nodes.{k}": v for k, v in credit.nodes.items()} | {f"leaves.{k}": v for k, v in credit.leaves.items()}


@pytest.mark.parametrize("method", [name for name in RUNNABLE if name not in ORDERED])
def test_relabelling_siblings_permutes_the_result(method: str) -> None:
    rng = np.random.default_rng(3)
    for batch in filter(scored, batches()):
        moved, rows = zip(*(relabelled(forest, rng) for forest in batch), strict=True)
        new_row = np.concatenate([row + batch.offset[number] for number, row in enumerate(rows)])
        before, after = all_columns(compute(batch, method)), all_columns(compute(list(moved), method))
        assert_same({name: values[new_row] for name, values in after.items()}, before)


@pytest.mark.parametrize("method", RUNNABLE)
def test_the_order_of_forests_does_not_matter(method: str) -> None:
    for batch in filter(scored, batches()):
        forward, backward = compute(batch, method), compute(list(batch)[::-1], method)
        for number in range(len(batch)):
            assert_same(all_columns(backward.of(len(batch) - 1 - number)), all_columns(forward.of(number)))


@pytest.mark.parametrize("method", OUTCOME)
def test_no_signal_is_infinite_and_none_appears_without_outcomes(method: str) -> None:
    for batch in filter(scored, batches()):
        credit = compute(batch, method).credit
        leaves = batch.topology.subtree_count(batch.scored)
        assert not np.isinf(credit).any()
        assert np.isnan(credit[leaves == 0]).all()


@pytest.mark.parametrize("method", [name for name in OUTCOME if name not in SILENT])
def test_a_step_with_a_scored_leaf_beneath_has_a_signal(method: str) -> None:
    for batch in filter(scored, batches()[2:]):
        leaves = batch.topology.subtree_count(batch.scored)
        below = (leaves > 0) & (batch.parent >= 0)
        assert np.isfinite(compute(batch, method).credit[below]).all()


@pytest.mark.parametrize("reward", [0.0, 0.1, 1.0, -3.7])
@pytest.mark.parametrize("method", SHIFT_FREE)
def test_equal_rewards_give_exactly_zero(method: str, reward: float) -> None:
    for batch in filter(compared, batches()):
        equal = rewarded(batch, lambda old: np.where(np.isnan(old), np.nan, reward))
        credit = compute(equal, method, **SHIFT_FREE[method]).credit
        wanted = crowded(equal) & np.isfinite(credit)
        assert wanted.any() or method in SILENT
        assert (credit[wanted] == 0).all()


@pytest.mark.parametrize("method", SHIFT_FREE)
def test_adding_a_constant_changes_nothing(method: str) -> None:
    for batch in filter(compared, batches()):
        before = compute(batch, method, **SHIFT_FREE[method]).credit
        after = compute(rewarded(batch, lambda old: old + 5.0), method, **SHIFT_FREE[method]).credit
        wanted = crowded(batch)
        np.testing.assert_allclose(after[wanted], before[wanted], atol=1e-6)


@pytest.mark.parametrize("method", SCALES)
def test_scaling_rewards_scales_the_signal_as_its_kind_says(method: str) -> None:
    power, settings = SCALES[method]
    for batch in filter(compared, batches(unscored=0.0)):
        wanted = crowded(batch)
        with np.errstate(invalid="ignore", divide="ignore"):
            before = compute(batch, method, **settings).credit
            after = compute(rewarded(batch, lambda old: old * 4.0), method, **settings).credit
        np.testing.assert_allclose(after[wanted], before[wanted] * 4.0**power, atol=1e-6)


def test_grpo_advantages_of_a_prompt_sum_to_zero() -> None:
    for batch in filter(scored, batches()):
        advantage = compute(batch, "grpo").leaves["advantage"]
        count = np.bincount(batch.forest_of, weights=batch.scored)
        total = np.bincount(batch.forest_of, weights=np.nan_to_num(advantage))
        np.testing.assert_allclose(total[count > 1], 0, atol=1e-9)


def test_intra_advantages_of_a_tree_sum_to_zero() -> None:
    for batch in filter(scored, batches()):
        intra = compute(batch, "tree_grpo").leaves["intra"]
        count = np.bincount(batch.tree, weights=batch.scored)
        total = np.bincount(batch.tree, weights=np.nan_to_num(intra))
        np.testing.assert_allclose(total[count > 1], 0, atol=1e-9)


def test_sibling_credits_of_a_fork_sum_to_zero() -> None:
    for batch in filter(scored, batches()):
        seen = compute(batch, "sibling").seen
        totals = seen.forests.topology.children_sum(np.nan_to_num(seen.credit))
        np.testing.assert_allclose(totals, 0, atol=1e-9)


def test_on_flat_chains_the_inter_part_is_grpo() -> None:
    rng = np.random.default_rng(1)
    parent = np.concatenate([np.arange(4) - 1 + 4 * tree for tree in range(6)])
    parent[::4] = -1
    reward = np.where(Topology(parent).is_leaf, rng.random(len(parent)), np.nan)
    forest = Forest(parent=parent, reward=reward)
    flat = compute(forest, "grpo").leaves["advantage"]
    np.testing.assert_allclose(compute(forest, "tree_grpo", variant="inter").leaves["advantage"], flat)
    compared, first = compute(forest, "sibling").credit, forest.topology.depth == 1
    np.testing.assert_allclose(compared[first], compute(forest, "dr_grpo").credit[first])
    assert np.isnan(compared[~first]).all()
