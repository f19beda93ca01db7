"""Which columns of a trainer's log are rewards. Trainers write them first, and what else was logged after them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from treecore.core.topology import FloatArray, IntArray
from treecore.formats.field_table import NULL, FieldTable, Rest

TELLING = 3
"""Rollouts that a group needs for its advantages to tell anything: of two, any two rewards explain them."""
CLOSE, RELATIVE = 1e-3, 1e-5
"""How far advantages may be from what rewards give: of the largest of the group, and of each."""
MAX_SUMMED = 32
"""Columns up to which their sums are tried; nobody has more reward functions."""
NAMED = 8
"""Columns that are named one by one."""


class Explained(NamedTuple):
    """The columns that are rewards, and whether the advantages of the file show it."""

    names: list[str]
    sure: bool


def leading(table: FieldTable, used: Collection[str], kinds: Collection[type]) -> list[str]:
    """Names of the columns up to the first that holds anything but numbers of these types, in the order of the file."""
    names = (name for name in table.names if name not in used)
    return list(takewhile(lambda name: table.kinds(name) <= {NULL, *kinds}, names))


def reward_note(names: Sequence[str]) -> str:
    """What the reward is, as a clause."""
    more = f" and {len(names) - NAMED:,} other columns" if len(names) > NAMED else ""
    return f"the reward is the sum of {', '.join(names[:NAMED])}{more}"


class Groups(NamedTuple):
    """Rows of several groups, one group after the other.

    Attributes:
        rows: `[K]`; sizes: rows of each group `[G]`; starts: where each begins in `rows` `[G]`.
    """

    rows: IntArray
    sizes: IntArray
    starts: IntArray

    def spread(self, values: FloatArray) -> FloatArray:
        """A value of each group at all its rows. `[K]`"""
        return np.repeat(values, self.sizes)


def explaining(
    names: list[str], parts: Sequence[FloatArray], *, claimed: FloatArray, group: Sequence[int]
) -> Explained:
    """The longest beginning of the columns whose sum gives the advantages of each group, up to the group's scale.

    All of them, and not sure, where none does: the weights of reward functions are not in the file.

    Args:
        parts: `[len(names)][N]` a number of each column, NaN where there is none.
        claimed: `[N]` the advantages of the file; group: number of the group of each row `[N]`, counted from 0.
    """
    if len(names) > MAX_SUMMED:
        return Explained(names, sure=False)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        telling = _telling(claimed, np.array(group, dtype=np.int64))
        if not len(telling.sizes):
            return Explained(names, sure=True)
        rewards = [part[telling.rows] for part in parts]
        for count in range(len(names), 0, -1):
            if _in_line(summed(rewards[:count], len(telling.rows)), claimed=claimed[telling.rows], groups=telling):
                return Explained(names[:count], sure=True)
    return Explained(names, sure=False)


def _telling(claimed: FloatArray, group: IntArray) -> Groups:
    """The groups of enough rows whose advantages differ."""
    rows, sizes = np.argsort(group, kind="stable"), np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    given = claimed[rows]
    spread = np.maximum.reduceat(given, starts) - np.minimum.reduceat(given, starts)
    kept = (sizes >= TELLING) & (spread > CLOSE)
    rows, sizes = rows[np.repeat(kept, sizes)], sizes[kept]
    return Groups(rows, sizes, np.cumsum(sizes) - sizes)


def _in_line(reward: FloatArray, *, claimed: FloatArray, groups: Groups) -> bool:
    """Whether the claims of each group are its rewards less their mean, times any positive factor.

    Args:
        reward, claimed: `[K]` as `groups.rows`.
    """
    scored = ~np.isnan(reward)
    shifted = np.where(scored, reward - groups.spread(np.fmax.reduceat(reward, groups.starts)), 0.0)
    n = np.maximum(np.add.reduceat(scored.astype(np.float64), groups.starts), 1.0)
    centred = np.where(scored, shifted - groups.spread(np.add.reduceat(shifted, groups.starts) / n), 0.0)
    size = np.add.reduceat(centred * centred, groups.starts)
    factor = np.add.reduceat(np.where(scored, claimed, 0.0) * centred, groups.starts) / size
    if not (factor > 0).all():
        return False
    wanted = groups.spread(factor) * centred
    most = groups.spread(np.maximum.reduceat(np.abs(claimed), groups.starts))
    return bool((~scored | (np.abs(claimed - wanted) <= CLOSE * most + RELATIVE * np.abs(wanted))).all())


def named_as_rewards(rest: Rest, is_reward: Callable[[str], bool] = lambda name: True) -> Rest:
    """What a reader did not use, with its numbers as those of reward functions.

    Args:
        is_reward: whether the numbers of this name are.
    """

    def named(name: str) -> str:
        return f"reward.{name}" if is_reward(name) else name

    numbers = {named(name): values for name, values in rest.numbers.items()}
    lone = {row: {named(name): value for name, value in said.items()} for row, said in rest.lone.items()}
    return Rest(numbers, rest.others, lone)


def reward_of(rest: Rest, size: int, is_reward: Callable[[str], bool] = lambda name: True) -> FloatArray:
    """The sum of the numbers of each row that are rewards, NaN where it has none. `[size]`"""
    found = summed([values for name, values in rest.numbers.items() if is_reward(name)], size)
    for row, said in rest.lone.items():
        if given := [value for name, value in said.items() if is_reward(name)]:
            found[row] = sum(given)
    return found


def summed(parts: Sequence[FloatArray], size: int) -> FloatArray:
    """The sum of columns at each row, NaN where none has a number. `[size]`

    Args:
        parts: `[K][size]`, NaN where there is none.
    """
    found = np.full(size, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        for part in parts:
            found = np.where(np.isnan(found), part, np.where(np.isnan(part), found, found + part))
    return found
