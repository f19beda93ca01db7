"""Where nodes go: rows across, positions along the time axis. Arrays in, arrays out; knows no pixels and no text.

Two ways to give rows. `leaf_rows` has one row a trajectory, so that a leaf lines up with its line of a table; it is
taken from the whole forest, so a part of it that is shown first has its nodes where they will stay while it grows.
`tidy` packs subtrees as closely as they fit. Both walk without recursion: a chain of any length is fine.
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
    counted = np.where((topology.parent >= 0) & (length > 0), length, 0).astype(np.float64)
    position: FloatArray = topology.path_sum(counted)
    return position


def tidy(topology: Topology, *, gap: float = 1.0) -> FloatArray:
    """Rows as narrow as can be: nodes of one depth at least 1 apart, parents centred over their children. `[N]`

    Trees stand one after the other, `gap` rows further apart than two leaves. Linear in N.
    Source: Buchheim, Jünger, Leipert (2002), Improving Walker's Algorithm to Run in Linear Time, with an explicit
    order of visits instead of recursion.
    """
    prelim, mod = _Walk(topology).run()
    row = prelim + topology.path_sum(mod) - mod
    tree = np.searchsorted(topology.roots, topology.root)
    low = np.full(len(topology.roots), np.inf)
    high = np.full(len(topology.roots), -np.inf)
    np.minimum.at(low, tree, row)
    np.maximum.at(high, tree, row)
    span = high - low + 1 + gap
    start = np.cumsum(span) - span
    placed: FloatArray = row - low[tree] + start[tree]
    return placed


class _Walk:
    """State of the first walk of Buchheim's algorithm, as lists (three times faster to index than arrays)."""

    def __init__(self, topology: Topology) -> None:
        n = topology.n
        self.topology = topology
        has = ~topology.is_leaf
        first, last = np.full(n, -1), np.full(n, -1)
        first[has] = topology.child[topology.child_start[:-1][has]]
        last[has] = topology.child[topology.child_start[1:][has] - 1]
        before = np.full(n, -1)
        same = topology.parent[topology.child[1:]] == topology.parent[topology.child[:-1]]
        before[topology.child[1:][same]] = topology.child[:-1][same]
        number = np.zeros(n, dtype=np.int64)
        number[topology.child] = np.arange(len(topology.child)) - topology.child_start[topology.parent[topology.child]]
        self.parent, self.before = topology.parent.tolist(), before.tolist()
        self.first, self.last, self.number = first.tolist(), last.tolist(), number.tolist()
        self.prelim, self.mod = [0.0] * n, [0.0] * n
        self.shift, self.change = [0.0] * n, [0.0] * n
        self.thread, self.ancestor = [-1] * n, list(range(n))
        self.default = first.tolist()

    def run(self) -> tuple[FloatArray, FloatArray]:
        """`prelim [N]` and `mod [N]`: a node's row is its prelim plus the mods of its ancestors."""
        topology = self.topology
        finished = np.argsort(topology.position + topology.size - 1 - topology.depth, kind="stable")
        prelim, before, first, last = self.prelim, self.before, self.first, self.last
        for node in finished.tolist():
            left = before[node]
            if first[node] < 0:
                prelim[node] = prelim[left] + 1 if left >= 0 else 0.0
            else:
                self._execute_shifts(node)
                middle = (prelim[first[node]] + prelim[last[node]]) / 2
                prelim[node] = prelim[left] + 1 if left >= 0 else middle
                self.mod[node] = prelim[node] - middle if left >= 0 else 0.0
            if left >= 0:
                self._apportion(node, left)
        return np.array(self.prelim), np.array(self.mod)

    def _execute_shifts(self, node: int) -> None:
        moved = changed = 0.0
        child, stop = self.last[node], self.first[node]
        while True:
            self.prelim[child] += moved
            self.mod[child] += moved
            changed += self.change[child]
            moved += self.shift[child] + changed
            if child == stop:
                return
            child = self.before[child]

    def _apportion(self, node: int, left: int) -> None:
        """Push `node` away from the subtrees of its earlier siblings where their contours would meet."""
        prelim, mod, thread, first, last = self.prelim, self.mod, self.thread, self.first, self.last
        above = self.parent[node]
        inner, outer = node, node
        near, far = left, first[above]
        sum_inner = sum_outer = mod[node]
        sum_near, sum_far = mod[near], mod[far]
        next_near = last[near] if last[near] >= 0 else thread[near]
        next_inner = first[inner] if first[inner] >= 0 else thread[inner]
        while next_near >= 0 and next_inner >= 0:
            near, inner = next_near, next_inner
            far = first[far] if first[far] >= 0 else thread[far]
            outer = last[outer] if last[outer] >= 0 else thread[outer]
            self.ancestor[outer] = node
            push = (prelim[near] + sum_near) - (prelim[inner] + sum_inner) + 1
            if push > 0:
                origin = self.ancestor[near]
                self._move(origin if self.parent[origin] == above else self.default[above], node, push)
                sum_inner += push
                sum_outer += push
            sum_near += mod[near]
            sum_inner += mod[inner]
            sum_far += mod[far]
            sum_outer += mod[outer]
            next_near = last[near] if last[near] >= 0 else thread[near]
            next_inner = first[inner] if first[inner] >= 0 else thread[inner]
        if next_near >= 0 and last[outer] < 0 and thread[outer] < 0:
            thread[outer] = next_near
            mod[outer] += sum_near - sum_outer
        if next_inner >= 0 and first[far] < 0 and thread[far] < 0:
            thread[far] = next_inner
            mod[far] += sum_inner - sum_far
            self.default[above] = node

    def _move(self, origin: int, node: int, push: float) -> None:
        """Shift `node` by `push` and share the space among the siblings between `origin` and it."""
        share = push / (self.number[node] - self.number[origin])
        self.change[node] -= share
        self.shift[node] += push
        self.change[origin] += share
        self.prelim[node] += push
        self.mod[node] += push
