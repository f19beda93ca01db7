"""The order in which a forest was sampled, read back from the column `born`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.core.topology import IntArray


class Expansion(NamedTuple):
    """One trajectory as it was sampled: the steps that were new, and the node they grew from.

    `rows [K]` in order of sampling; `origin` is the row they hang on; `is_chain` when it is a tree's first.
    """

    rows: IntArray
    origin: int
    is_chain: bool


def expansions(forest: Forest) -> list[Expansion]:
    """All trajectories in the order of sampling; row order where `born` is not recorded.

    A new one starts wherever the next node in that order does not continue the one before it. No step comes before the
    step that it follows, whatever a file says.
    """
    steps = np.flatnonzero(forest.parent >= 0)
    if not len(steps):
        return []
    rows = steps[np.lexsort((steps, order_of(forest)[steps]))]
    starts = np.flatnonzero(np.concatenate([[True], forest.parent[rows[1:]] != rows[:-1]]))
    seen: set[int] = set()
    found = []
    for group in np.split(rows, starts[1:]):
        tree = int(forest.tree[group[0]])
        origin = int(forest.parent[group[0]])
        found.append(Expansion(group, origin, tree not in seen and forest.parent[origin] < 0))
        seen.add(tree)
    return found


def order_of(forest: Forest) -> IntArray:
    """When each node was sampled: its `born`, but never before its parent's. `[N]`"""
    born = np.where(forest.born < 0, np.arange(len(forest)), forest.born).tolist()
    for row, above in enumerate(forest.parent.tolist()):
        if above >= 0:
            born[row] = max(born[row], born[above])
    return np.array(born)
