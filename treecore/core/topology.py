"""Index algorithms on a parent array: children, depth, preorder, leaves, sums over subtrees.

A forest's shape is one integer array `parent [N]` with `parent[i] < i` and `-1` at tree roots. Everything here
is vectorised over `N` and needs `O(log depth)` numpy passes, so a chain of a million steps costs no more
Python work than a bush: where a level-by-level walk would loop once a level, pointers are doubled instead.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Number = TypeVar("Number", np.float64, np.int64)

NO_NODE = -1
MAX_LEVELS = 400
"""Levels of forks up to which a walk level by level is quicker than doubling pointers."""


class Ordering(NamedTuple):
    """Result of `topological_order`.

    `order [N]` lists rows parents first; `stuck [S]` the rows on a cycle or below one (empty when valid).
    """

    order: IntArray
    stuck: IntArray


def topological_order(parent: IntArray) -> Ordering:
    """An order in which every parent comes before its children; the given order when it already does.

    Args:
        parent: `[N]`, row of the parent or -1, in any order; rows must be in range.
    """
    n = len(parent)
    if bool((parent < np.arange(n)).all()):
        return Ordering(order=np.arange(n), stuck=np.empty(0, dtype=np.int64))
    depth = np.where(parent >= 0, 1, 0).astype(np.int64)
    jump = parent.copy()
    for _ in range(max(1, int(n).bit_length())):
        alive = np.flatnonzero(jump >= 0)
        if not len(alive):
            return Ordering(order=np.argsort(depth, kind="stable"), stuck=np.empty(0, dtype=np.int64))
        target = jump[alive]
        depth[alive] += depth[target]
        jump[alive] = jump[target]
    stuck = np.flatnonzero(jump >= 0)
    return Ordering(np.argsort(depth, kind="stable"), stuck)


class LeafSpans(NamedTuple):
    """The leaves under node `i` are `order[first[i]:last[i]]`; `order [L]` in preorder, `first`, `last` `[N]`."""

    order: IntArray
    first: IntArray
    last: IntArray


class Skeleton(NamedTuple):
    """A forest without its unbranched stretches: their `K` ends, leaves and forks, level by level of forks.

    The children of one fork follow each other, in the order of the forks. Level `d` are the ends
    `level[d]:level[d + 1]`, its forks are `fork[at[d]:at[d + 1]]`.

    Attributes:
        row: `[K]` nodes with no child or several.
        end: `[N]` number of the end of the stretch that each node is on.
        parent: `[K]` fork above, -1 where there is none.
        fork, first: `[Q]` ends that are forks, and the first end below each.
    """

    row: IntArray
    end: IntArray
    parent: IntArray
    fork: IntArray
    first: IntArray
    level: IntArray
    at: IntArray

    def below(self, values: FloatArray) -> FloatArray:
        """Sum of `values [K]` over the ends strictly below each end. `[K]`

        A sum is made of the sums next below it and of nothing else, so no number elsewhere takes part in its rounding.
        """
        if len(self.level) - 1 > MAX_LEVELS:
            return self._by_doubling(values)
        total, found = values.copy(), np.zeros(len(values))
        for depth in range(len(self.level) - 3, -1, -1):
            forks = slice(self.at[depth], self.at[depth + 1])
            low, high = self.level[depth + 1], self.level[depth + 2]
            sums = np.add.reduceat(total[low:high], self.first[forks] - low)
            found[self.fork[forks]] = sums
            total[self.fork[forks]] += sums
        return found

    def _by_doubling(self, values: FloatArray) -> FloatArray:
        """The same in `O(log levels)` passes over all ends."""
        topology = Topology(self.parent)
        return topology.children_sum(topology.subtree_sum(values))


class Topology:
    """Derived shape of a forest, each piece computed once when first asked for.

    Args:
        parent: `[N]`, `parent[i] < i`, -1 at tree roots. Children of a node are ordered by row.
    """

    def __init__(self, parent: IntArray) -> None:
        self.parent = parent
        self.n = len(parent)
        self._jumps: list[tuple[IntArray, IntArray]] = []

    def jump(self, k: int) -> tuple[IntArray, IntArray] | None:
        """Rows that have an ancestor `2**k` above them, and that ancestor; None when there are none."""
        while len(self._jumps) <= k:
            if not self._jumps:
                rows = np.flatnonzero(self.parent >= 0)
                self._jumps.append((rows, self.parent[rows]))
                continue
            rows, above = self._jumps[-1]
            lookup = np.full(self.n, NO_NODE, dtype=np.int64)
            lookup[rows] = above
            next_above = lookup[above]
            keep = next_above >= 0
            self._jumps.append((rows[keep], next_above[keep]))
        rows, above = self._jumps[k]
        return (rows, above) if len(rows) else None

    def path_sum(self, values: NDArray[Number]) -> NDArray[Number]:
        """Sum of `values` over each node's path from its tree root, both ends included. `[N]`."""
        total = np.array(values, copy=True)
        k = 0
        while (jump := self.jump(k)) is not None:
            rows, above = jump
            total[rows] += total[above]
            k += 1
        return total

    @cached_property
    def depth(self) -> IntArray:
        """Edges between a node and its tree root. `[N]`"""
        return self.path_sum((self.parent >= 0).astype(np.int64))

    @cached_property
    def size(self) -> IntArray:
        """Nodes in each subtree, the node itself included. `[N]`"""
        return self.subtree_sum(np.ones(self.n)).astype(np.int64)

    @cached_property
    def roots(self) -> IntArray:
        """Rows of tree roots, in row order. `[M]`"""
        return np.flatnonzero(self.parent < 0)

    @cached_property
    def root(self) -> IntArray:
        """Row of the tree root above each node; a root is its own. `[N]`"""
        marks = np.where(self.parent < 0, np.arange(self.n), 0)
        return self.path_sum(marks)

    @cached_property
    def n_children(self) -> IntArray:
        """Number of children. `[N]`"""
        return np.bincount(self.parent + 1, minlength=self.n + 1)[1:]

    @cached_property
    def child_start(self) -> IntArray:
        """Children of node `i` are `child[child_start[i]:child_start[i + 1]]`. `[N+1]`"""
        return np.concatenate([[0], np.cumsum(self.n_children)])

    @cached_property
    def child(self) -> IntArray:
        """All non-root rows, grouped by parent, siblings in row order."""
        return np.argsort(self.parent, kind="stable")[len(self.roots) :]

    @cached_property
    def is_leaf(self) -> BoolArray:
        """Nodes without children. `[N]`"""
        return np.equal(self.n_children, 0)

    @cached_property
    def is_fork(self) -> BoolArray:
        """Nodes with two children or more. `[N]`"""
        return self.n_children >= 2

    @cached_property
    def position(self) -> IntArray:
        """Place of each node in preorder; the subtree of `i` is `position[i] : position[i] + size[i]`. `[N]`"""
        offset = np.zeros(self.n, dtype=np.int64)
        grouped = np.concatenate([self.roots, self.child])
        sizes = self.size[grouped]
        before = np.cumsum(sizes) - sizes
        first = np.concatenate([[0], len(self.roots) + self.child_start[:-1]])
        group = self.parent[grouped] + 1
        offset[grouped] = before - before[np.minimum(first[group], max(self.n - 1, 0))]
        offset += self.parent >= 0
        return self.path_sum(offset)

    @cached_property
    def order(self) -> IntArray:
        """Rows in preorder. `[N]`"""
        order = np.empty(self.n, dtype=np.int64)
        order[self.position] = np.arange(self.n)
        return order

    def subtree_sum(self, values: NDArray[Number]) -> NDArray[Number]:
        """Sum of `values` over each subtree, the node itself included; other subtrees take no part in it. `[N]`"""
        total, k = np.array(values, copy=True), 0
        while (jump := self.jump(k)) is not None:
            rows, above = jump
            total += np.bincount(above, weights=total[rows], minlength=self.n).astype(total.dtype)
            k += 1
        return total

    def subtree_count(self, marks: BoolArray) -> FloatArray:
        """Number of nodes in each subtree that `marks [N]` names, the node itself included. `[N]`"""
        running = np.zeros(self.n + 1)
        np.cumsum(marks[self.order], out=running[1:])
        number: FloatArray = running[self.position + self.size] - running[self.position]
        return number

    @cached_property
    def leaf_spans(self) -> LeafSpans:
        """Where the leaves under each node stand among all leaves."""
        is_leaf = self.is_leaf[self.order]
        before = np.concatenate([[0], np.cumsum(is_leaf)])
        return LeafSpans(self.order[is_leaf], first=before[self.position], last=before[self.position + self.size])

    def leaf_count(self, marks: BoolArray) -> FloatArray:
        """Number of leaves under each node that `marks [N]` names. `[N]`"""
        leaves = self.leaf_spans
        running = np.zeros(len(leaves.order) + 1)
        np.cumsum(marks[leaves.order], out=running[1:])
        return running[leaves.last] - running[leaves.first]

    @cached_property
    def skeleton(self) -> Skeleton:
        """The forest without its unbranched stretches."""
        is_end = self.n_children[self.order] != 1
        end = np.empty(self.n, dtype=np.int64)
        end[self.order] = np.cumsum(is_end) - is_end
        row = self.order[is_end]
        begins = self.child[self.is_fork[self.parent[self.child]]]
        parent = np.full(len(row), NO_NODE, dtype=np.int64)
        parent[end[begins]] = end[self.parent[begins]]
        depth = Topology(parent).depth
        order = np.argsort(depth, kind="stable")
        number = np.empty(len(row), dtype=np.int64)
        number[order] = np.arange(len(row))
        parent = np.where(parent >= 0, number[parent], NO_NODE)[order]
        level = np.searchsorted(depth[order], np.arange(int(depth.max(initial=-1)) + 2))
        first = np.flatnonzero(np.diff(parent, prepend=NO_NODE))
        fork = parent[first]
        return Skeleton(row[order], number[end], parent, fork, first, level, np.searchsorted(fork, level))

    def leaf_sum(self, values: FloatArray) -> FloatArray:
        """Sum of `values [N]` over the leaves under each node; what stands on other nodes is ignored. `[N]`"""
        ends = self.skeleton
        own = np.where(self.is_leaf[ends.row], values[ends.row], 0.0)
        total: FloatArray = np.take(own + ends.below(own), ends.end)
        return total

    def children_sum(self, values: FloatArray) -> FloatArray:
        """Sum of `values` over the children of each node. `[N]`"""
        inner = self.parent >= 0
        return np.bincount(self.parent[inner], weights=values[inner], minlength=self.n).astype(np.float64)

    @cached_property
    def n_leaves(self) -> IntArray:
        """Leaves under each node; a leaf counts itself. `[N]`"""
        return self.leaf_spans.last - self.leaf_spans.first

    def children(self, node: int) -> IntArray:
        """Rows of the children of one node."""
        return self.child[self.child_start[node] : self.child_start[node + 1]]

    def siblings(self, node: int) -> IntArray:
        """Rows that share the node's parent, the node included; a root has only itself."""
        above = int(self.parent[node])
        return self.children(above) if above >= 0 else np.array([node])

    def path(self, node: int) -> IntArray:
        """Rows from the tree root down to `node`, both included."""
        rows = []
        while node >= 0:
            rows.append(node)
            node = int(self.parent[node])
        return np.array(rows[::-1], dtype=np.int64)

    def leaves_under(self, node: int) -> IntArray:
        """Rows of the leaves in one subtree, in preorder."""
        rows = self.subtree(node)
        return rows[self.is_leaf[rows]]

    def subtree(self, node: int) -> IntArray:
        """Rows of one subtree, the node first, in preorder."""
        start = int(self.position[node])
        return self.order[start : start + int(self.size[node])]
