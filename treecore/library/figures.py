"""Figures of forests for the library, of all forests of a batch at once: their outcomes, and how far credit spreads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.outcomes import FULL, is_full
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.ops.groups import group_mean, group_stats


def outcomes(batch: Forests) -> list[dict[str, Any]]:
    """What the trajectories of each forest came to, and what of it teaches nothing."""
    n = len(batch)
    leaves = np.flatnonzero(batch.topology.is_leaf)
    status, of_leaf = batch.status[leaves], batch.forest_of[leaves]
    scored = leaves[batch.scored[leaves]]
    rewards, group = batch.reward[scored], batch.forest_of[scored]
    counts = np.bincount(group, minlength=n)
    mean = np.full(n, np.nan)
    mean[group] = group_stats(rewards, group, n, ddof=0).mean
    top = np.full(n, FULL)
    np.maximum.at(top, group, rewards)
    kinds = distinct_rewards(rewards, group)
    shares = kinds.counts / counts[kinds.group]
    entropy = -np.bincount(kinds.group, weights=shares * np.log2(shares), minlength=n) + 0.0
    flags = {
        "singleton-group": counts == 1,
        "zero-variance-group": (counts > 1) & (np.bincount(kinds.group, minlength=n) == 1),
        "unscored-leaf": counts < np.bincount(of_leaf, minlength=n),
        "truncated-leaf": np.bincount(of_leaf[status == Status.TRUNCATED], minlength=n) > 0,
        "failed-leaf": np.bincount(of_leaf[status == Status.FAILED], minlength=n) > 0,
    }
    numbers = {
        "pass_rate": group_mean(is_full(rewards, top[group]), group, n),
        "mean_reward": mean,
        "outcome_entropy": np.where(counts > 0, entropy, np.nan),
    }
    return [
        {
            "scored": int(counts[number]),
            **{name: known(values[number]) for name, values in numbers.items()},
            "flags": [name for name, holds in flags.items() if holds[number]],
        }
        for number in range(n)
    ]


class DistinctRewards(NamedTuple):
    """Different rewards of each forest: the number of the forest, and how many trajectories have it. `[K]`"""

    group: IntArray
    counts: IntArray


def distinct_rewards(rewards: FloatArray, group: IntArray) -> DistinctRewards:
    """Equal rewards of each forest, counted."""
    order = np.lexsort((rewards, group))
    rewards, group = rewards[order], group[order]
    begins = np.flatnonzero((np.diff(group, prepend=-1) != 0) | (np.diff(rewards, prepend=np.nan) != 0))
    return DistinctRewards(group[begins], np.diff(begins, append=len(rewards)))


def known(value: float) -> float | None:
    """A number, None for NaN."""
    return float(value) if value == value else None


def credit_facts(batch: Forests, first: FloatArray, second: FloatArray) -> list[dict[str, Any]]:
    """How far credit of each forest spreads, and how often two methods point in different directions.

    Args:
        first, second: `[N]` credit of the steps.
    """
    n = len(batch)
    rows = np.flatnonzero(np.isfinite(first))
    group = batch.forest_of[rows]
    spread = np.full(n, np.nan)
    spread[group] = group_stats(first[rows], group, n, ddof=0).std
    both = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    against = group_mean(np.sign(first[both]) * np.sign(second[both]) < 0, batch.forest_of[both], n)
    return [
        {"credit_spread": known(one), "sign_disagreement": known(other)}
        for one, other in zip(spread.tolist(), against.tolist(), strict=True)
    ]
