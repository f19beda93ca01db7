"""Index algorithms against a slow oracle of node objects and recursion."""

from __future__ import annotations

import numpy as np
import pytest
from forests import parents, random_parent
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.topology import Topology, topological_order


class Oracle:
    """One node, found by recursion only."""

    def __init__(self, parent: np.ndarray) -> None:
        self.parent = parent
        self.n = len(parent)

    def children(self, node: int) -> list[int]:
        return [i for i in range(self.n) if self.parent[i] == node]

    def preorder(self, node: int) -> list[int]:
        return [node, *(row for child in self.children(node) for row in self.preorder(child))]

    def path(self, node: int) -> list[int]:
        return [node] if self.parent[node] < 0 else [*self.path(int(self.parent[node])), node]

    def leaves(self, node: int) -> list[int]:
        return [row for row in self.preorder(node) if not self.children(row)]


@given(parents())
def test_shape_agrees_with_recursion(parent: np.ndarray) -> None:
    oracle, topology = Oracle(parent), Topology(parent)
    rows = range(len(parent))
    assert topology.roots.tolist() == [i for i in rows if parent[i] < 0]
    assert topology.depth.tolist() == [len(oracle.path(i)) - 1 for i in rows]
    assert topology.root.tolist() == [oracle.path(i)[0] for i in rows]
    assert topology.size.tolist() == [len(oracle.preorder(i)) for i in rows]
    assert topology.n_children.tolist() == [len(oracle.children(i)) for i in rows]
    assert topology.is_leaf.tolist() == [not oracle.children(i) for i in rows]
    assert topology.is_fork.tolist() == [len(oracle.children(i)) > 1 for i in rows]
    assert topology.n_leaves.tolist() == [len(oracle.leaves(i)) for i in rows]
    assert topology.order.tolist() == [row for root in topology.roots for row in oracle.preorder(int(root))]
    assert topology.position[topology.order].tolist() == list(rows)


@given(parents())
def test_single_nodes_agree_with_recursion(parent: np.ndarray) -> None:
    oracle, topology = Oracle(parent), Topology(parent)
    for row in range(len(parent)):
        above = int(parent[row])
        assert topology.children(row).tolist() == oracle.children(row)
        assert topology.siblings(row).tolist() == (oracle.children(above) if above >= 0 else [row])
        assert topology.path(row).tolist() == oracle.path(row)
        assert topology.leaves_under(row).tolist() == oracle.leaves(row)


@given(parents(), st.randoms(use_true_random=False))
def test_sums_agree_with_recursion(parent: np.ndarray, random: object) -> None:
    oracle, topology = Oracle(parent), Topology(parent)
    values = np.array([random.randint(-9, 9) for _ in parent], dtype=np.float64)  # type: ignore[attr-defined]
    rows = range(len(parent))
    assert topology.subtree_sum(values).tolist() == [sum(values[oracle.preorder(i)]) for i in rows]
    assert topology.children_sum(values).tolist() == [sum(values[oracle.children(i)]) for i in rows]
    assert topology.path_sum(values).tolist() == [sum(values[oracle.path(i)]) for i in rows]


@pytest.mark.parametrize("n", [1, 2, 5000])
def test_a_long_chain(n: int) -> None:
    topology = Topology(np.arange(n) - 1)
    assert topology.depth.tolist() == list(range(n))
    assert topology.size.tolist() == list(range(n, 0, -1))
    assert topology.order.tolist() == list(range(n))
    assert topology.n_leaves.tolist() == [1] * n
    assert topology.path(n - 1).tolist() == list(range(n))


@given(parents(), st.randoms(use_true_random=False))
def test_any_order_of_rows_is_sorted_parents_first(parent: np.ndarray, random: object) -> None:
    n = len(parent)
    shuffle = np.array(random.sample(range(n), n))  # type: ignore[attr-defined]
    place = np.empty(n, dtype=np.int64)
    place[shuffle] = np.arange(n)
    shuffled = np.array([-1 if parent[old] < 0 else place[parent[old]] for old in shuffle])
    ordering = topological_order(shuffled)
    assert sorted(ordering.order.tolist()) == list(range(n))
    assert not len(ordering.stuck)
    seen = {-1}
    for row in ordering.order.tolist():
        assert shuffled[row] in seen
        seen.add(row)


@given(parents())
def test_a_valid_order_is_kept(parent: np.ndarray) -> None:
    assert topological_order(parent).order.tolist() == list(range(len(parent)))


def test_a_reversed_chain_is_sorted() -> None:
    parent = np.array([*range(1, 5000), -1])
    assert topological_order(parent).order.tolist() == list(range(4999, -1, -1))


@given(parents(), st.data())
def test_rows_on_or_below_a_cycle_are_stuck(parent: np.ndarray, data: st.DataObject) -> None:
    oracle = Oracle(parent)
    top = data.draw(st.integers(0, len(parent) - 1))
    below = oracle.preorder(top)
    parent[top] = data.draw(st.sampled_from(below))
    assert sorted(topological_order(parent).stuck.tolist()) == sorted(below)


def test_a_cycle_in_a_large_forest_is_found(rng: np.random.Generator) -> None:
    parent = random_parent(rng, 3000)
    parent[7] = 2999
    parent[2999] = 7
    assert {7, 2999} <= set(topological_order(parent).stuck.tolist())
