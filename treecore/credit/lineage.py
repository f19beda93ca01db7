"""What lies above and below a node, beyond sums: nearest marked ancestor, extremes of paths and subtrees.

Every function doubles pointers, so it takes `O(log depth)` numpy passes. Knows shape only.
"""

from __future__ import annotations

import numpy as np

from treecore.topology import BoolArray, FloatArray, IntArray, Topology


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


def path_min(parent: IntArray, values: FloatArray) -> FloatArray:
    """Smallest of `values` on each node's path from its tree root, NaN left out. `[N]`"""
    least, jump = values.copy(), parent.copy()
    while len(rows := np.flatnonzero(jump >= 0)):
        target = jump[rows]
        least[rows] = np.fmin(least[rows], least[target])
        jump[rows] = jump[target]
    return least


def path_product(parent: IntArray, values: FloatArray) -> FloatArray:
    """Product of `values` over each node's path from its tree root, both ends included. `[N]`"""
    product, jump = values.copy(), parent.copy()
    while len(rows := np.flatnonzero(jump >= 0)):
        target = jump[rows]
        product[rows] *= product[target]
        jump[rows] = jump[target]
    return product


def subtree_min(parent: IntArray, values: FloatArray) -> FloatArray:
    """Smallest of `values` in each subtree; infinity stands for "none" and must not be NaN. `[N]`"""
    least, jump = values.copy(), parent.copy()
    while len(rows := np.flatnonzero(jump >= 0)):
        target = jump[rows]
        np.minimum.at(least, target, least[rows])
        jump[rows] = jump[target]
    return least


def ancestor_at(topology: Topology, rows: IntArray, depth: IntArray) -> IntArray:
    """Ancestor of each of `rows [K]` at `depth [K]` (from 0 to the row's own depth). `[K]`

    Among the nodes of one depth, subtrees are disjoint runs of the preorder: the ancestor is the last node of that
    depth which does not come after the row.
    """
    key = topology.depth * topology.n + topology.position
    order = np.argsort(key, kind="stable")
    wanted = depth * topology.n + topology.position[rows]
    found: IntArray = order[np.searchsorted(key[order], wanted, side="right") - 1]
    return found


def ancestor_above(parent: IntArray, steps: int) -> IntArray:
    """Ancestor `steps` above each node, -1 where the path is shorter. `[N]`"""
    result, jump = np.arange(len(parent)), parent.copy()
    while steps:
        if steps & 1:
            result = np.where(result >= 0, jump[result], -1)
        steps >>= 1
        if steps:
            jump = np.where(jump >= 0, jump[jump], -1)
    return result


def window_sum(parent: IntArray, values: FloatArray, width: int) -> FloatArray:
    """Sum of `values` over the last `width` nodes of each path, fewer where the path is shorter. `[N]`

    Sums of runs of 1, 2, 4, ... are joined, so that no large running total is ever subtracted.
    """
    total = np.zeros(len(parent))
    at, jump, run = np.arange(len(parent)), parent.copy(), values.copy()
    while width:
        if width & 1:
            alive = at >= 0
            total[alive] += run[at[alive]]
            at[alive] = jump[at[alive]]
        width >>= 1
        if width:
            linked = jump >= 0
            target = jump[linked]
            longer = run.copy()
            longer[linked] += run[target]
            run = longer
            jump = np.where(linked, jump[jump], -1)
    return total
