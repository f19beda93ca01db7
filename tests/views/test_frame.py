"""Forests as tables and graphs of other libraries."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from forests import any_forest, random_forest
from hypothesis import given

import treecore as tc
from treecore.errors import ForestError


def test_a_graph_has_the_shape_and_the_words_of_the_forest(rng: np.random.Generator) -> None:
    forest = random_forest(rng, 40, n_trees=3)
    graph = tc.to_networkx(forest)
    assert nx.is_directed_acyclic_graph(graph)
    assert nx.number_weakly_connected_components(graph) == forest.n_trees
    for row, name in enumerate(forest.node_id):
        assert list(graph.predecessors(name)) == [forest.node_id[above] for above in forest.parent[[row]] if above >= 0]
        assert nx.descendants(graph, name) == {forest.node_id[below] for below in below_of(forest, row)}


def below_of(forest: tc.Forest, row: int) -> list[int]:
    return [other for other in range(len(forest)) if other != row and row in forest.topology.path(other).tolist()]


def test_there_and_back(rng: np.random.Generator) -> None:
    forest = random_forest(rng, 40, n_trees=3)
    back = tc.from_networkx(tc.to_networkx(forest), prompt=forest.prompt)
    rows = [back.node_id.index(name) for name in forest.node_id]
    assert [back.text[row] for row in rows] == list(forest.text)
    np.testing.assert_array_equal(back.reward[rows], forest.reward)
    above = [back.node_id[up] if up >= 0 else None for up in back.parent[rows]]
    assert above == [forest.node_id[up] if up >= 0 else None for up in forest.parent]
    first, second = (tc.credit(one, "sibling").credit for one in (forest, back))
    np.testing.assert_allclose(second[rows], first, equal_nan=True)


@given(any_forest())
def test_a_forest_that_was_a_graph_is_the_same_forest(forest: tc.Forest) -> None:
    assert tc.from_networkx(tc.to_networkx(forest)).digest == forest.digest


def test_attributes_of_other_graphs_are_kept() -> None:
    graph = nx.DiGraph([("a", "b")], name="mine")
    graph.nodes["b"].update(text=7, reward=np.float64(1), colour="red", made=frozenset([1]))
    forest = tc.from_networkx(graph, prompt="how many?")
    assert (forest.prompt, forest.text[1], forest.reward[1]) == ("how many?", "7", 1)
    assert forest.node_extra[1] == {"colour": "red", "made": "frozenset({1})"}


def test_the_prompt_comes_back(rng: np.random.Generator) -> None:
    graph = tc.to_networkx(random_forest(rng, 5, prompt="how many?"))
    assert tc.from_networkx(graph).prompt == "how many?"


@pytest.mark.parametrize("graph", [nx.Graph([(0, 1)]), nx.DiGraph()])
def test_undirected_and_empty_graphs_are_refused(graph: nx.Graph) -> None:
    with pytest.raises(ForestError, match="not a forest"):
        tc.from_networkx(graph)


@pytest.mark.parametrize("edges", [[(0, 2), (1, 2)], [(0, 1), (1, 0)], [(0, 1), (1, 2), (2, 0)]])
def test_what_is_no_forest_is_refused(edges: list[tuple[int, int]]) -> None:
    with pytest.raises(ForestError, match="not a forest"):
        tc.from_networkx(nx.DiGraph(edges))


def test_a_table_has_a_row_a_step_and_the_columns_of_the_credit(rng: np.random.Generator) -> None:
    forests = [random_forest(rng, 20, id="a"), random_forest(rng, 30, id="b")]
    credit = tc.credit(forests, "grpo")
    table = tc.to_frame(forests[1], credit)
    assert list(table["id"]) == list(forests[1].node_id)
    np.testing.assert_array_equal(table["credit"], credit.of(1).credit)
    with pytest.raises(ForestError, match="other forests"):
        tc.to_frame(random_forest(rng, 10), credit)
