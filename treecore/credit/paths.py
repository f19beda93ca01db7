"""Recurrences over trees without a loop over levels: pointers are doubled, `O(log depth)` numpy passes."""

from __future__ import annotations

import numpy as np

from treecore.topology import BoolArray, FloatArray, IntArray, Topology


def nearest_marked(parent: IntArray, marked: BoolArray) -> IntArray:
    """Row of the nearest `marked` node on each path upwards, the node itself included; -1 where none is. `[N]`"""
    found = np.where(marked, np.arange(len(parent)), parent)
    waiting = np.flatnonzero(~marked)
    while True:
        waiting = waiting[found[waiting] >= 0]
        waiting = waiting[~marked[found[waiting]]]
        if not len(waiting):
            return found
        found[waiting] = found[found[waiting]]


def weighted_back_up(topology: Topology, values: FloatArray, edge: FloatArray) -> FloatArray:
    """The solution of `x(s) = values(s) + sum over children c of edge(c) x(c)`. `[N]`

    Args:
        values: `[N]`, what each node adds itself.
        edge: `[N]`, weight with which a node counts in its parent.
    """
    total, weight, jump = values.astype(np.float64), edge.astype(np.float64), topology.parent.copy()
    while len(rows := np.flatnonzero(jump >= 0)):
        target = jump[rows]
        total = total + np.bincount(target, weights=weight[rows] * total[rows], minlength=topology.n)
        weight[rows] *= weight[target]
        jump[rows] = jump[target]
    return total
