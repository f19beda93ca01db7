"""Layouts: distances, centring, order and invariance on random forests; no recursion on long chains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treecore.core.topology import FloatArray, Topology
from treecore.views.layout import by_length, by_steps, leaf_rows


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Any parent array with `parent[i] < i`; skewed so that deep and bushy forests both come up."""
    n = draw(st.integers(1, 60))
    reach = draw(st.integers(1, 20))
    parent = [-1]
    for node in range(1, n):
        parent.append(draw(st.integers(max(-1, node - reach), node - 1)))
    return Topology(np.array(parent, dtype=np.int64))


def levels(topology: Topology, row: FloatArray) -> list[FloatArray]:
    order = topology.order
    return [row[order[topology.depth[order] == level]] for level in range(int(topology.depth.max()) + 1)]


@given(topology=topologies())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_nodes_of_one_level_keep_their_order_and_distance(topology: Topology) -> None:
    for row in levels(topology, leaf_rows(topology)):
        assert (np.diff(row) >= 1 - 1e-9).all()


@given(topology=topologies())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_parents_stand_midway_between_first_and_last_child(topology: Topology) -> None:
    row = leaf_rows(topology)
    for node in np.flatnonzero(~topology.is_leaf):
        children = topology.children(int(node))
        assert row[node] == pytest.approx((row[children[0]] + row[children[-1]]) / 2)


@given(topology=topologies())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_mirrored_forests_get_mirrored_rows(topology: Topology) -> None:
    mirror = np.argsort(by_mirror(topology), kind="stable")
    renamed = np.empty(topology.n, dtype=np.int64)
    renamed[mirror] = np.arange(topology.n)
    above = topology.parent[mirror]
    other = Topology(np.where(above < 0, -1, renamed[above]))
    row, mirrored = leaf_rows(topology), leaf_rows(other)
    assert row.max() - row == pytest.approx(mirrored[renamed])


def by_mirror(topology: Topology) -> FloatArray:
    """Preorder position of each node when all children are taken from last to first."""
    behind = np.zeros(topology.n)
    for group in [topology.roots, *(topology.children(node) for node in range(topology.n))]:
        total = 0
        for node in group[::-1]:
            behind[node] = total
            total += topology.size[node]
    return topology.path_sum(behind + (topology.parent >= 0))


@given(topology=topologies())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_rows_start_at_zero_and_trees_do_not_overlap(topology: Topology) -> None:
    row = leaf_rows(topology)
    assert row.min() == pytest.approx(0)
    spans = [(row[topology.root == root].min(), row[topology.root == root].max()) for root in topology.roots]
    for (_, high), (low, _) in pairwise(spans):
        assert low - high == pytest.approx(2), "one row and the gap"


@given(topology=topologies())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_leaf_rows_are_consecutive_within_a_tree(topology: Topology) -> None:
    row = leaf_rows(topology, gap=0.0)
    leaves = topology.order[topology.is_leaf[topology.order]]
    assert row[leaves].tolist() == list(range(len(leaves)))


@pytest.mark.parametrize("n", [1, 2, 5_000, 100_000])
def test_a_chain_is_one_row_however_long(n: int) -> None:
    assert leaf_rows(Topology(np.arange(n) - 1)).tolist() == [0.0] * n


def test_two_long_chains_below_one_root() -> None:
    n = 20_000
    row = leaf_rows(Topology(np.maximum(np.arange(2 * n + 1) - 2, 0) - (np.arange(2 * n + 1) == 0)))
    assert row[0] == pytest.approx(0.5)
    assert row[1::2] == pytest.approx(np.zeros(n))
    assert row[2::2] == pytest.approx(np.ones(n))


def test_time_axes() -> None:
    topology = Topology(np.array([-1, 0, 1, 1, 0, -1]))
    assert by_steps(topology).tolist() == [0, 1, 2, 2, 1, 0]
    assert by_steps(topology, align_leaves=True).tolist() == [0, 1, 2, 2, 2, 2]
    assert by_length(topology, np.array([9, 3, 4, -1, 5, 7])).tolist() == [0, 3, 7, 3, 5, 0]
