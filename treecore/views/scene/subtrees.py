"""A forest too large for a row a trajectory: steps with the same words as one, and what stands under each, added up.

Steps that read the same after the same words are a group. The canvas shows some groups one by one and what is left of
each family as one shape; `first_shown` says with which it begins. Sums are per group, so that those of any shape are
sums of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

import numpy as np

from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.step_text import beside_text
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.views.scene.part import numbers
from treecore.views.scene.types import SceneBins, SceneFill, SceneSubtrees, SceneSums, SceneTable

ROOM = 20
"""Rows that are full when a forest opens."""
MIN_ENDS, FOLDS = 24, 60
"""Ends from which a forest can be folded, and above which it opens folded."""
BINS = 12
"""Bars of a spread, from one end of the scale to the other."""


@dataclass(frozen=True, eq=False)
class Subtrees:
    """Groups of a forest, a group after the one above it.

    Attributes:
        forest: of which steps are grouped.
        group: `[N]` group of each row.
        parent: `[G]` group above, -1 for none.
        first: `[G]` first row of each group.
    """

    forest: Forest
    group: IntArray
    parent: IntArray
    first: IntArray

    def __len__(self) -> int:
        return len(self.parent)

    def total(self, values: FloatArray | IntArray | BoolArray) -> FloatArray:
        """Sum of `values [N]` over the steps of each group. `[G]`"""
        return np.bincount(self.group, weights=values, minlength=len(self)).astype(np.float64)

    def beneath(self, values: FloatArray) -> FloatArray:
        """Sum of `values [N]` over the ends under each group; NaN counts as 0. `[G]`"""
        return self.total(self.forest.topology.leaf_sum(np.nan_to_num(values, nan=0.0)))

    def ends_with(self, marks: BoolArray) -> IntArray:
        """Ends under each group that `marks [N]` names. `[G]`"""
        return self.total(self.forest.topology.leaf_count(marks)).astype(np.int64)

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean of `values [N]` over the steps of each group that have one, NaN where none has. `[G]`"""
        known = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            return self.total(np.where(known, values, 0.0)) / self.total(known)

    @cached_property
    def ends(self) -> IntArray:
        """Ends under each group. `[G]`"""
        return self.ends_with(np.ones(len(self.forest), dtype=bool))

    @cached_property
    def children(self) -> list[list[int]]:
        """Groups under each group, those with most ends first."""
        found: list[list[int]] = [[] for _ in range(len(self))]
        for one in np.lexsort((self.first, -self.ends)).tolist():
            if self.parent[one] >= 0:
                found[self.parent[one]].append(one)
        return found


def subtrees_of(forest: Forest) -> Subtrees:
    """Steps with the same words and calls, the same answer of the environment and the same steps before them as one.

    Ends and steps that go on are never one, so that the ends under a group are those under its children.
    """
    extra = forest.node_extra
    beside = [beside_text(extra[row]) if row in extra else "" for row in range(len(forest))]
    read: dict[tuple[str, str, str, bool], int] = {}
    steps = zip(forest.text, beside, forest.observation, forest.topology.is_leaf.tolist(), strict=True)
    said = [read.setdefault(step, len(read)) for step in steps]
    known: dict[tuple[int, int], int] = {}
    group: list[int] = []
    parent: list[int] = []
    first: list[int] = []
    for row, above in enumerate(forest.parent.tolist()):
        place = group[above] if above >= 0 else -1
        found = known.setdefault((place, said[row]), len(parent))
        if found == len(parent):
            parent.append(place)
            first.append(row)
        group.append(found)
    return Subtrees(forest, *(np.array(column, dtype=np.int64) for column in (group, parent, first)))


def first_shown(found: Subtrees, room: int = ROOM) -> list[int]:
    """Groups to show one by one: whatever is largest is opened until `room` rows are full.

    A shape is a group with all that is under it, or several groups of one family that are left. Opening a group shows
    the largest one under it, opening what is left the largest of that; the others stay one shape, which takes a row.
    """
    shapes: list[tuple[int, int, list[int]]] = []
    roots = [one for one in range(len(found)) if found.parent[one] < 0]

    def put(groups: list[int]) -> None:
        if len(groups) > 1 or (groups and found.children[groups[0]]):
            heappush(shapes, (-int(found.ends[groups].sum()), groups[0], groups))

    shown, rows = list(roots), len(roots)
    for root in roots:
        put([root])
    while shapes:
        _, _, groups = heappop(shapes)
        ways = groups if len(groups) > 1 else found.children[groups[0]]
        if len(ways) > 1 and rows >= room:
            continue
        rows += len(ways) > 1
        shown += ways[:1] if len(ways) != 2 else ways
        for part in (ways[:1], ways[1:]):
            put(part)
    return sorted(shown)


def subtrees_part(found: Subtrees) -> SceneSubtrees:
    """What the canvas takes of the groups, whatever the method."""
    forest = found.forest
    scored = ~np.isnan(forest.reward)
    return {
        "group": found.group,
        "parent": found.parent,
        "first": found.first,
        "count": found.total(np.ones(len(forest))).astype(np.int64),
        "ends": found.ends,
        "right": found.ends_with(is_right(forest)),
        "scored": found.ends_with(scored),
        "shown": first_shown(found),
        "folds": len(forest.leaves) > FOLDS,
    }


def bins_part(ends: IntArray) -> SceneBins:
    """Bars that are not empty, as most of most groups are.

    Args:
        ends: `[G, BINS]` ends of each group in each bar.
    """
    group, bar = np.nonzero(ends)
    start = np.searchsorted(group, np.arange(len(ends) + 1))
    return {"bars": ends.shape[1], "start": start, "bar": np.ascontiguousarray(bar), "count": ends[group, bar]}


def sums_part(found: Subtrees, fill: SceneFill, table: SceneTable) -> SceneSums:
    """Sums of the numbers and colours of one look."""
    values, colours = table["values"], fill["values"]
    low = -table["limit"] if table["low"] is None else table["low"]
    wide = (table["limit"] - low) or 1.0
    with np.errstate(invalid="ignore"):
        bins = np.clip((values - low) / wide * BINS, 0, BINS - 1)
    known = np.isfinite(values)
    place = np.where(known, bins, -1).astype(np.int64)
    return {
        "sum": numbers(found.beneath(values)),
        "n": found.ends_with(known),
        "bins": bins_part(np.stack([found.ends_with(place == k) for k in range(BINS)], axis=1)),
        "fill": numbers(found.mean(colours)),
        "hue": None if fill["hue"] is None else numbers(found.mean(fill["hue"])),
        "fill_sum": numbers(found.beneath(colours)),
        "fill_n": found.ends_with(np.isfinite(colours)),
    }
