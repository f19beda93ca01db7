"""Which columns of a trainer's log are rewards. Trainers write them first, and what else was logged after them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TELLING = 3
"""Rollouts that a group needs for its advantages to tell anything: of two, any two rewards explain them."""
CLOSE = 1e-3
MAX_SUMMED = 32
"""Columns up to which their sums are tried; nobody has more reward functions."""
NAMED = 8
"""Columns that are named one by one."""


class Scored(NamedTuple):
    """One rollout: its group, a number or None of each column, and the advantage that the file claims."""

    group: Hashable
    parts: list[float | None]
    advantage: float | None


class Explained(NamedTuple):
    """The columns that are rewards, and whether the advantages of the file show it."""

    names: list[str]
    sure: bool


def leading(table: Iterable[Mapping[str, Any]], used: Collection[str], kinds: tuple[type, ...]) -> list[str]:
    """Names of the columns up to the first that holds anything but numbers of these types, in the order of the file."""
    numbers: dict[str, bool] = {}
    for fields in table:
        for name, value in fields.items():
            if name not in used:
                numbers[name] = numbers.get(name, True) and (value is None or type(value) in kinds)
    return list(takewhile(numbers.__getitem__, numbers))


def reward_note(names: Sequence[str]) -> str:
    """What the reward is, as a clause."""
    more = f" and {len(names) - NAMED:,} other columns" if len(names) > NAMED else ""
    return f"the reward is the sum of {', '.join(names[:NAMED])}{more}"


def explaining(names: list[str], rows: Sequence[Scored]) -> Explained:
    """The longest beginning of the columns whose sum gives the advantages of each group, up to the group's scale.

    All of them, and not sure, where none does: the weights of reward functions are not in the file.
    """
    if len(names) > MAX_SUMMED:
        return Explained(names, sure=False)
    claimed = np.array([np.nan if row.advantage is None else row.advantage for row in rows])
    parts = np.array([[np.nan if part is None else part for part in row.parts] for row in rows], dtype=float)
    groups: dict[Hashable, list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(row.group, []).append(place)
    telling = [np.array(places) for places in groups.values() if len(places) >= TELLING]
    telling = [places for places in telling if np.ptp(claimed[places]) > CLOSE]
    if not telling:
        return Explained(names, sure=True)
    with np.errstate(over="ignore", invalid="ignore"):
        for count in range(len(names), 0, -1):
            scored = ~np.isnan(parts[:, :count]).all(axis=1)
            reward = np.where(scored, np.nansum(parts[:, :count], axis=1), np.nan)
            if all(_in_line(reward[places], claimed=claimed[places]) for places in telling):
                return Explained(names[:count], sure=True)
    return Explained(names, sure=False)


def _in_line(reward: NDArray[np.float64], *, claimed: NDArray[np.float64]) -> bool:
    """Whether the claims are the rewards less their mean, times any positive factor."""
    scored = ~np.isnan(reward)
    centred = reward[scored] - (reward[scored].mean() if scored.any() else 0.0)
    size = float(centred @ centred)
    if size == 0:
        return False
    factor = float(claimed[scored] @ centred) / size
    return factor > 0 and bool(np.allclose(claimed[scored], factor * centred, atol=CLOSE * np.abs(claimed).max()))
