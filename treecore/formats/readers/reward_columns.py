"""Which columns of a trainer's log are rewards. Trainers write them first, and what else was logged after them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from treecore.core.topology import FloatArray
from treecore.formats.field_table import NULL, FieldTable, Rest

TELLING = 3
"""Rollouts that a group needs for its advantages to tell anything: of two, any two rewards explain them."""
CLOSE = 1e-3
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
    return list(takewhile(lambda name: set(map(type, table[name])) <= {NULL, *kinds}, names))


def reward_note(names: Sequence[str]) -> str:
    """What the reward is, as a clause."""
    more = f" and {len(names) - NAMED:,} other columns" if len(names) > NAMED else ""
    return f"the reward is the sum of {', '.join(names[:NAMED])}{more}"


def explaining(
    names: list[str], parts: FloatArray, *, claimed: FloatArray, groups: Iterable[Sequence[int]]
) -> Explained:
    """The longest beginning of the columns whose sum gives the advantages of each group, up to the group's scale.

    All of them, and not sure, where none does: the weights of reward functions are not in the file.

    Args:
        parts: `[N, len(names)]` a number of each column, NaN where there is none.
        claimed: `[N]` the advantages of the file; groups: rows of each group.
    """
    if len(names) > MAX_SUMMED:
        return Explained(names, sure=False)
    telling = [np.array(places) for places in groups if len(places) >= TELLING]
    telling = [places for places in telling if np.ptp(claimed[places]) > CLOSE]
    if not telling:
        return Explained(names, sure=True)
    with np.errstate(over="ignore", invalid="ignore"):
        for count in range(len(names), 0, -1):
            reward = summed(parts[:, :count])
            if all(_in_line(reward[places], claimed=claimed[places]) for places in telling):
                return Explained(names[:count], sure=True)
    return Explained(names, sure=False)


def named_as_rewards(rest: Rest) -> Rest:
    """What a reader did not use, with its numbers as those of reward functions."""
    numbers = {f"reward.{name}": values for name, values in rest.numbers.items()}
    lone = {row: {f"reward.{name}": value for name, value in said.items()} for row, said in rest.lone.items()}
    return Rest(numbers, rest.others, lone)


def summed(parts: FloatArray) -> FloatArray:
    """The sum of the numbers of each row, NaN where it has none. `[N]`

    Args:
        parts: `[N, K]`, NaN where there is none.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))


def _in_line(reward: NDArray[np.float64], *, claimed: NDArray[np.float64]) -> bool:
    """Whether the claims are the rewards less their mean, times any positive factor."""
    scored = ~np.isnan(reward)
    centred = reward[scored] - (reward[scored].mean() if scored.any() else 0.0)
    size = float(centred @ centred)
    if size == 0:
        return False
    factor = float(claimed[scored] @ centred) / size
    return factor > 0 and bool(np.allclose(claimed[scored], factor * centred, atol=CLOSE * np.abs(claimed).max()))
