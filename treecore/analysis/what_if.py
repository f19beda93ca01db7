"""What a change of outcomes, branches or settings does to credit: which steps move, and how far. Draws nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from treecore.core.changes import Change
from treecore.core.edit import Draft
from treecore.core.forest import Forest
from treecore.core.outcomes import gap
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.registry import Credit

ALIKE = 9
"""Decimals up to which two steps moved alike."""


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A recorded forest, the changed one, and all steps of both.

    Attributes:
        recorded, changed: the forests; the same where nothing is changed.
        drawn: `N` rows, those of `recorded` and then of copies; what was pruned stays, without an outcome.
        before: `[N]` row in `recorded`, -1 for copies.
        after: `[N]` row in `changed`, -1 for what was pruned.
        reward: `[N]` outcome in `recorded`, NaN where it has none.
    """

    recorded: Forest
    changed: Forest
    drawn: Forest
    before: IntArray
    after: IntArray

    @property
    def pruned(self) -> BoolArray:
        """Rows that are not in the changed forest. `[N]`"""
        return self.after < 0

    @property
    def reward(self) -> FloatArray:
        """The outcome as it was recorded, NaN where there is none and for copies. `[N]`"""
        return placed(self.recorded.reward, self.before)


def what_if(forest: Forest, changes: Sequence[Change], *, most: int | None = None) -> WhatIf:
    """Make the changes, and keep what they took away.

    Args:
        most: steps that copies may add; None for any number.

    Raises:
        ForestError: see `treecore.edit`; or copies add more than `most`.
    """
    draft = Draft(forest, changes, most=most)
    n, m = len(draft.parent), len(forest)
    after = np.where(draft.kept, np.cumsum(draft.kept) - 1, -1)
    before = np.where(np.arange(n) < m, np.arange(n), -1)
    return WhatIf(recorded=forest, changed=draft.build(), drawn=draft.drawn(), before=before, after=after)


def placed(values: FloatArray, rows: IntArray) -> FloatArray:
    """`values` at `rows [N]`, NaN where a row is -1. `[N]`"""
    return np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)


class Shift(NamedTuple):
    """Credit of every drawn step before and after; NaN where not assigned, or where the step is not there. `[N]`"""

    was: FloatArray
    now: FloatArray

    @property
    def size(self) -> FloatArray:
        """`now - was`, exactly 0 where only rounding differs, NaN where one of them is. `[N]`"""
        return gap(self.now, self.was)

    @property
    def moved(self) -> BoolArray:
        """Steps whose number is another, or is one that was none, or is none any more. `[N]`"""
        size, appeared = self.size, np.isnan(self.was) != np.isnan(self.now)
        found: BoolArray = appeared | (~np.isnan(size) & (size != 0))
        return found

    @property
    def changed_sign(self) -> BoolArray:
        """Steps that were good and are bad, or the other way round. `[N]`"""
        return self.moved & (self.was * self.now < 0)


def shift(found: WhatIf, before: Credit, after: Credit) -> Shift:
    """Credit of every drawn step before and after.

    Args:
        before, after: of `found.recorded` and of `found.changed`.
    """
    return Shift(was=placed(before.credit, found.before), now=placed(after.credit, found.after))


class Moved(NamedTuple):
    """Steps of one tree that moved alike.

    Attributes:
        rows: of the drawn forest, in preorder.
        was, now: their credit; NaN where not assigned.
    """

    rows: tuple[int, ...]
    was: float
    now: float

    @property
    def size(self) -> float:
        """How far they moved, 0 where one of the numbers is not assigned."""
        size = abs(self.now - self.was)
        return 0.0 if math.isnan(size) else size


def steps_in_both(found: WhatIf) -> BoolArray:
    """Steps that the recorded and the changed forest have. `[N]`"""
    return ~found.drawn.is_prompt & (found.before >= 0) & (found.after >= 0)


def moved(found: WhatIf, shifts: Shift) -> list[Moved]:
    """The steps that moved, those that moved alike together; the largest shift first, then what has most steps."""
    groups = defaultdict[tuple[int, float, float], list[int]](list)
    was, now = (np.nan_to_num(np.round(values, ALIKE), nan=np.inf).tolist() for values in shifts)
    here, tree = (steps_in_both(found) & shifts.moved).tolist(), found.drawn.tree.tolist()
    for row in found.drawn.topology.order.tolist():
        if here[row]:
            groups[tree[row], was[row], now[row]].append(row)
    made = [Moved(tuple(rows), float(shifts.was[rows[0]]), float(shifts.now[rows[0]])) for rows in groups.values()]
    return sorted(made, key=lambda one: (-one.size, -len(one.rows)))
