"""Values of places from fresh continuations: the wave that asks for them, and the columns that hold what came out.

Shared by samplers whose estimates are unbiased because every continuation is drawn from the policy alone.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np

from treecore.analysis.intervals import LEVEL, wilson
from treecore.core.topology import FloatArray
from treecore.samplers.registry import Expand, Growth, Request

COLUMNS = ("mc_value", "mc_count", "mc_low", "mc_high")
"""Mean reward of the continuations, how many were scored, and the ends of the interval."""
FRESH = {"sampled_for": COLUMNS[0]}
"""What the steps of a continuation say of themselves."""
INTERVAL = f"Wilson, {LEVEL:.0%}: meant for rewards of 0 and 1, too wide for others in 0..1, none for rewards beyond"


class Estimate(NamedTuple):
    """Value of a place: mean, number and interval of the `rewards` of its continuations; NaN where not known."""

    value: float
    scored: int
    low: float
    high: float
    rewards: FloatArray


def estimate(rewards: Sequence[float]) -> Estimate:
    """What rewards say of the place they were drawn from; those that are NaN (failed steps) do not count."""
    drawn = np.array(rewards, dtype=np.float64)
    scored = drawn[~np.isnan(drawn)]
    if not len(scored):
        return Estimate(np.nan, 0, np.nan, np.nan, scored)
    mean = float(scored.mean())
    beyond = bool(((scored < 0) | (scored > 1)).any())
    ends = wilson(np.nan if beyond else mean, count=len(scored))
    return Estimate(mean, len(scored), float(ends.low), float(ends.high), scored)


def continued(
    growth: Growth, rows: Sequence[int], *, k: int
) -> Generator[list[Request], list[int], dict[int, Estimate]]:
    """Continue each of `rows` `k` times in one wave and write its value into the columns; gives row -> value.

    Roots are one place, the prompt: only the first of those given is continued and has the value, so that whoever adds
    up the draws of all roots counts each once.
    """
    roots = [row for row in rows if growth.parent[row] < 0]
    starts = [row for row in rows if row not in roots[1:]]
    leaves = (yield [Expand(row, note=FRESH) for row in starts for _ in range(k)]) if starts else []
    found: dict[int, Estimate] = {}
    for place, row in enumerate(starts):
        value = estimate([growth.nodes[leaf].reward for leaf in leaves[place * k : (place + 1) * k]])
        found[row] = value
        mark(growth, row, value)
    return found


def mark(growth: Growth, row: int, found: Estimate) -> None:
    """Write an estimate into the columns."""
    growth.nodes[row].columns.update(zip(COLUMNS, found[:4], strict=True))


def path(growth: Growth, row: int) -> list[int]:
    """Rows from the root to `row`."""
    rows = [row]
    while growth.parent[rows[-1]] >= 0:
        rows.append(growth.parent[rows[-1]])
    return rows[::-1]
