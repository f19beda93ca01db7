"""Which outcome counts as right, and when two rewards count as equal: one rule for the whole package."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.core.topology import BoolArray, FloatArray, IntArray

FULL = 1.0
ROUNDING = 1e-13
"""Numbers that differ by less than this, relative to their size where that is above 1, are equal up to rounding."""


def slack(first: FloatArray, second: FloatArray) -> FloatArray:
    """Largest difference of two numbers that is only rounding. `[K]`"""
    return np.asarray(ROUNDING * np.maximum(1.0, np.maximum(np.abs(first), np.abs(second))))


def gap(first: FloatArray, second: FloatArray) -> FloatArray:
    """`first - second`, exactly 0 where the two are equal up to rounding; NaN where one is. `[K]`"""
    difference = first - second
    size = np.abs(first)
    np.maximum(size, 1.0, out=size)
    size *= ROUNDING
    difference[np.abs(difference) <= size] = 0.0
    return difference


def settled(rewards: FloatArray, group: IntArray) -> FloatArray:
    """Rewards with those of one group that are equal up to rounding made equal, to the least of them. `[N]`

    `0.1 + 0.2` beside `0.3` is no signal, and nothing that is worked out of them may make one.

    Args:
        rewards: `[N]`, NaN where not assigned.
        group: `[N]`, which rewards are compared with each other.
    """
    rows = np.flatnonzero(~np.isnan(rewards))
    found = np.sort(rewards[rows])
    step = np.diff(found)
    near = np.flatnonzero((step > 0) & (step <= slack(found[1:], found[:-1])))
    if not len(near):
        return rewards
    rows = rows[np.isin(rewards[rows], np.union1d(found[near], found[near + 1]))]
    rows = rows[np.lexsort((rewards[rows], group[rows]))]
    own, other = rewards[rows], np.diff(group[rows], prepend=-1) != 0
    begins = np.flatnonzero(other | (np.diff(own, prepend=np.nan) > slack(own, np.roll(own, 1))))
    made = rewards.copy()
    made[rows] = np.repeat(own[begins], np.diff(begins, append=len(rows)))
    return made


def top_reward(forest: Forest) -> float:
    """The full reward: 1, or the largest reward seen where a task's scale goes beyond it."""
    known = forest.reward[~np.isnan(forest.reward)]
    return max(FULL, float(known.max())) if len(known) else FULL


def outcome_range(forest: Forest) -> tuple[float, float]:
    """Bottom and top of the scale of outcomes: 0 and 1, or the extreme rewards where those lie outside."""
    known = forest.reward[np.isfinite(forest.reward)]
    return float(min([0.0, known.min()])) if len(known) else 0.0, top_reward(forest)


def is_full(reward: FloatArray, top: float | FloatArray) -> BoolArray:
    """Rewards that are the full one, `top`, or nearly; NaN is not. `[K]`"""
    return reward >= top - 1e-9


def is_right(forest: Forest) -> BoolArray:
    """Leaves that earn the full reward. `[N]`"""
    return is_full(forest.reward, top_reward(forest))


def is_open_ended(forest: Forest) -> BoolArray:
    """`[N]` whether a step is an end of which no outcome is known."""
    return forest.topology.is_leaf & np.isnan(forest.reward)


def outcome_share(forest: Forest) -> FloatArray:
    """Each leaf's reward between the bottom (0) and the top (1) of the scale, NaN where there is none. `[N]`

    The scale is 0 to 1, wider where rewards go beyond; a leaf at its top counts as right.
    """
    low, high = outcome_range(forest)
    half = high / 2 - low / 2
    return np.where(is_right(forest), 1.0, (forest.reward / 2 - low / 2) / half)


class Means(NamedTuple):
    """Outcomes under each node. `[N]`

    Attributes:
        value: mean reward of the scored leaves under it, NaN where there is none; n: how many they are.
    """

    value: FloatArray
    n: FloatArray


def means(forest: Forest) -> Means:
    """Mean outcome of the trajectories through each node."""
    scored = ~np.isnan(forest.reward)
    count = forest.topology.leaf_count(scored)
    with np.errstate(invalid="ignore"):
        return Means(value=forest.topology.leaf_sum(np.where(scored, forest.reward, 0.0)) / count, n=count)
