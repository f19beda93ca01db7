"""Where nodes go: rows across, positions along the time axis. Arrays in, arrays out; knows no pixels and no text.

One row a trajectory, so that a leaf lines up with its line of a table. Rows are taken from the whole forest, so a part
of it that is shown first has its nodes where they will stay while it grows. Nothing recurses: a chain of any length is
fine.
"""

from __future__ import annotations

import numpy as np

from treecore.core.topology import FloatArray, IntArray, Topology


def leaf_rows(topology: Topology, *, gap: float = 1.0) -> FloatArray:
    """Leaves on rows 0, 1, 2, ... in preorder, every inner node at the mean of its first and last child. `[N]`

    Args:
        gap: rows left free between one tree and the next.
    """
    order = topology.order
    leaves = order[topology.is_leaf[order]]
    row = np.zeros(topology.n)
    tree = np.searchsorted(topology.roots, topology.root[leaves])
    row[leaves] = np.arange(len(leaves)) + gap * tree
    inner = np.flatnonzero(~topology.is_leaf)[::-1]
    first = topology.child[topology.child_start[inner]].tolist()
    last = topology.child[topology.child_start[inner + 1] - 1].tolist()
    rows = row.tolist()
    for node, left, right in zip(inner.tolist(), first, last, strict=True):
        rows[node] = (rows[left] + rows[right]) / 2
    return np.array(rows)


def by_steps(topology: Topology, *, align_leaves: bool = False) -> FloatArray:
    """Time axis in steps: the depth of each node. `[N]`

    Args:
        align_leaves: put every leaf at the depth of the deepest one, where a table of trajectories can begin.
    """
    depth = topology.depth.astype(np.float64)
    return np.where(topology.is_leaf, depth.max(), depth) if align_leaves else depth


def by_length(topology: Topology, length: IntArray | FloatArray) -> FloatArray:
    """Time axis in tokens (or any length): where each node ends, its tree root at 0. `[N]`

    Args:
        length: `[N]`, of each node; what is negative (unknown) counts as 0, and so do roots.
    """
    lengths = np.where((topology.parent >= 0) & (length > 0), length, 0).astype(np.float64)
    position: FloatArray = topology.path_sum(lengths)
    return position
