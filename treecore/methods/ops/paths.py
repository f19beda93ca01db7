"""Recurrences along root-to-leaf paths by pointer doubling, in `O(log depth)` numpy passes.

Knows shape only, never rewards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from treecore.core.topology import FloatArray, IntArray, Topology
from treecore.errors import MethodError
from treecore.methods.ops.lineage import jumps

MAX_ROWS = 100_000_000


class WeightedJump(NamedTuple):
    """Rows that have an ancestor `2**k` above them, that ancestor, and the product of the edges on the way to it."""

    rows: IntArray
    above: IntArray
    weight: FloatArray


def weighted_jumps(topology: Topology, edge: FloatArray) -> Iterator[WeightedJump]:
    """The jumps of `k` = 0, 1, 2, ...; `edge [N]` leads from a node to its parent and is ignored at roots."""
    product = edge.astype(np.float64)
    for rows, above in jumps(topology):
        weight = product[rows]
        yield WeightedJump(rows, above, weight)
        product[rows] = weight * product[above]


def weighted_back_up(topology: Topology, values: FloatArray, *, edge: FloatArray) -> FloatArray:
    """The solution of `x(s) = values(s) + sum over children c of edge(c) x(c)`. `[N]`

    After `k` jumps `total` holds the terms from less than `2**k` steps below.

    Args:
        values: `[N]`, what each node adds itself (usually a leaf's number, 0 elsewhere).
        edge: `[N]`, weight with which a node counts in its parent; ignored at roots.
    """
    total = values.astype(np.float64)
    for rows, above, weight in weighted_jumps(topology, edge):
        total += np.bincount(above, weights=weight * total[rows], minlength=topology.n)
    return total


class TrajectoryRows(NamedTuple):
    """One entry for each step of each trajectory, from the first step to the leaf, trajectory after trajectory.

    `leaf [K]` and `node [K]` are rows of the batch. Roots hold no step and have no entry.
    """

    leaf: IntArray
    node: IntArray


def trajectory_rows(topology: Topology, leaves: IntArray) -> TrajectoryRows:
    """The steps of the trajectories that end at `leaves`, in that order.

    Raises:
        MethodError: there would be more than `MAX_ROWS` entries.
    """
    depth = topology.depth[leaves]
    total = int(depth.sum())
    if total > MAX_ROWS:
        raise MethodError(
            f"{len(leaves)} trajectories have {total} steps in all, counted once for each trajectory",
            todo=f"use forests of at most {MAX_ROWS} such steps, or a method that works on nodes",
        )
    leaf = np.repeat(leaves, depth)
    steps_up = np.repeat(np.cumsum(depth), depth) - 1 - np.arange(total)
    node, jump = leaf.copy(), topology.parent
    while len(climbing := np.flatnonzero(steps_up)):
        odd = climbing[(steps_up[climbing] & 1) == 1]
        node[odd] = jump[node[odd]]
        steps_up >>= 1
        jump = np.where(jump >= 0, jump[jump], -1)
    return TrajectoryRows(leaf, node)
