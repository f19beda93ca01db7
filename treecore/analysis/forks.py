"""Every fork of a batch: what share of the trajectory it decides, what differs there, and the contrast it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from treecore.analysis.differences import KINDS, difference
from treecore.analysis.granularity import LengthUnit, fork_contrasts
from treecore.core.batch import Forests
from treecore.core.numerals import NOISE
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.registry import Credit

PARTS = 40
"""Parts of the axis in which forks are counted."""


@dataclass(frozen=True, eq=False)
class Forks:
    """Forks of a batch, `[K]` each.

    Attributes:
        node: rows of the batch; forest: which forest each is in; tree: which of its trees, from 1.
        share: of the trajectory that it decides, 1 at the prompt.
        contrast: largest less smallest credit among its steps, NaN with fewer than two of them credited.
        depth: steps before it.
        kind: place in `differences.KINDS`.
    """

    node: IntArray
    forest: IntArray
    tree: IntArray
    share: FloatArray
    contrast: FloatArray
    depth: IntArray
    kind: IntArray

    def __len__(self) -> int:
        return len(self.node)

    @property
    def silent(self) -> BoolArray:
        """Forks whose steps all have the same credit, or of which fewer than two have any. `[K]`"""
        return ~(self.contrast > NOISE)

    def only(self, chosen: BoolArray) -> Forks:
        """Some of them."""
        return Forks(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def forks_of(credit: Credit, unit: LengthUnit = "tokens") -> Forks:
    """The forks of a batch that a method sees, in the order of its nodes.

    Args:
        unit: in which the share that each decides is measured; steps where token counts are not recorded.
    """
    found, batch = fork_contrasts(credit, unit), credit.forests
    order = np.argsort(found.node, kind="stable")
    node = found.node[order]
    forest = batch.forest_of[node]
    steps = batch.topology.path_sum((~batch.is_prompt).astype(np.int64))
    first_tree = np.searchsorted(batch.topology.roots, batch.offset[forest])
    kinds = {kind.name: place for place, kind in enumerate(KINDS)}
    return Forks(
        node,
        forest,
        batch.tree[node] - first_tree + 1,
        found.governs[order],
        found.contrast[order],
        steps[node],
        np.array([kinds[kind_at(credit, int(one))] for one in node], dtype=np.int64),
    )


def kind_at(credit: Credit, node: int) -> str:
    """What differs between the steps taken at a fork."""
    batch: Forests = credit.forests
    number = int(batch.forest_of[node])
    rows = credit.shape.steps_from(node) - batch.offset[number]
    return difference(batch[number], [int(row) for row in rows])


@dataclass(frozen=True)
class Grain:
    """The grain that a sampler gives: how its forks spread over the share that they decide.

    Attributes:
        name: of the sampler; forks: how many; low, middle, high: 10th, 50th and 90th percentile of the share.
        histogram: forks in each of `PARTS` parts of the axis, from all of the trajectory to none.
    """

    name: str
    forks: int
    low: float
    middle: float
    high: float
    histogram: tuple[int, ...]


def grain(name: str, share: Sequence[float] | FloatArray) -> Grain:
    """The spread of some shares."""
    values = np.asarray(share, dtype=np.float64)
    if not len(values):
        return Grain(name, 0, low=np.nan, middle=np.nan, high=np.nan, histogram=(0,) * PARTS)
    low, middle, high = np.percentile(values, [10, 50, 90])
    counts = np.histogram(1 - values, bins=PARTS, range=(0.0, 1.0))[0]
    return Grain(name, len(values), float(low), float(middle), float(high), tuple(counts.tolist()))
