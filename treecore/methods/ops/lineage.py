"""Look-ups along ancestors and subtrees: nearest marked ancestor, extremes of paths and subtrees.

Every function doubles pointers, so it takes `O(log depth)` numpy passes. Knows shape only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from treecore.core.topology import NO_NODE, BoolArray, FloatArray, IntArray, Topology


def jumps(topology: Topology) -> Iterator[tuple[IntArray, IntArray]]:
    """For `k` = 0, 1, 2, ...: rows that have an ancestor `2**k` above them, and that ancestor."""
    k = 0
    while (jump := topology.jump(k)) is not None:
        yield jump
        k += 1


def marked_above(parent: IntArray, marked: BoolArray) -> IntArray:
    """Row of the nearest proper ancestor that is `marked`, -1 where there is none. `[N]`"""
    above = parent.copy()
    waiting = np.flatnonzero(above >= 0)
    while True:
        waiting = waiting[above[waiting] >= 0]
        waiting = waiting[~marked[above[waiting]]]
        if not len(waiting):
            return above
        above[waiting] = above[above[waiting]]


def path_product(topology: Topology, values: FloatArray) -> FloatArray:
    """Product of `values` over each node's path from its tree root, both ends included. `[N]`"""
    product = values.copy()
    for rows, above in jumps(topology):
        product[rows] *= product[above]
    return product


def path_min(topology: Topology, values: FloatArray) -> FloatArray:
    """Smallest of `values` on each node's path from its tree root, both ends included; NaN is passed over. `[N]`"""
    least = values.copy()
    for rows, above in jumps(topology):
        least[rows] = np.fmin(least[rows], least[above])
    return least


def subtree_min(topology: Topology, values: FloatArray) -> FloatArray:
    """Smallest of `values` in each subtree; infinity stands for "none" and must not be NaN. `[N]`"""
    least = values.copy()
    for rows, above in jumps(topology):
        np.minimum.at(least, above, least[rows])
    return least


class Sparse(NamedTuple):
    """`rows [R]` and their `value [R]`; all other rows have 0."""

    rows: IntArray
    value: FloatArray


def sum_above(topology: Topology, rows: IntArray, values: FloatArray) -> Sparse:
    """Sums over subtrees of `values [K]` standing on `rows [K]`, where there can be any: no deeper than these rows."""
    deepest = int(topology.depth[rows].max()) if len(rows) else -1
    above = np.flatnonzero(topology.depth <= deepest)
    number = np.full(topology.n + 1, NO_NODE)
    number[above] = np.arange(len(above))
    standing = np.bincount(number[rows], weights=values, minlength=len(above)).astype(np.float64)
    return Sparse(above, Topology(number[topology.parent[above]]).subtree_sum(standing))


def ancestor_at(topology: Topology, rows: IntArray, *, depth: IntArray) -> IntArray:
    """Ancestor of each of `rows [K]` at `depth [K]` (from 0 to the row's own depth). `[K]`

    Among the nodes of one depth, subtrees are disjoint runs of the preorder: the ancestor is the last node of that
    depth which does not come after the row.
    """
    if not len(rows):
        return rows
    above = np.flatnonzero(topology.depth <= depth.max())
    key = topology.depth[above] * topology.n + topology.position[above]
    order = np.argsort(key)
    wanted = depth * topology.n + topology.position[rows]
    found: IntArray = above[order[np.searchsorted(key[order], wanted, side="right") - 1]]
    return found


def window_sum(parent: IntArray, values: FloatArray, width: int) -> FloatArray:
    """Sum of `values` over the last `width` nodes of each path, fewer where the path is shorter. `[N]`

    Sums of runs of 1, 2, 4, ... are joined, so that no large running total is ever subtracted.
    """
    n = len(parent)
    jump = np.append(np.where(parent < 0, n, parent), n)
    run, total, at = np.append(values, 0.0), np.zeros(n + 1), np.arange(n + 1)
    while True:
        if width & 1:
            total += run[at]
            at = jump[at]
        width >>= 1
        if not width:
            return total[:n]
        run = run + run[jump]
        jump = jump[jump]
