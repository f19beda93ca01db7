"""Views of a forest for other libraries: a pandas table, a networkx graph. Never used by the core itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from treecore.analysis.granularity import granularity
from treecore.core.batch import Forests
from treecore.core.builder import ForestBuilder
from treecore.core.columns import NODE_COLUMNS, STATUS_NAMES
from treecore.core.forest import Forest
from treecore.errors import ForestError
from treecore.methods.registry import Credit

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def to_frame(forest: Forest, credit: Credit | None = None) -> pd.DataFrame:
    """A row per step, in the forest's order.

    Columns: `id`, `parent`, `tree`, `depth`, the declared columns, `governs` (share of the trajectory after the
    step), annotations, and the columns of `credit` when given (one forest, or a batch that holds this forest).
    """
    import pandas as pd

    topology = forest.topology
    table: dict[str, Any] = {
        "id": forest.node_id,
        "parent": [None if above < 0 else forest.node_id[above] for above in forest.parent],
        "tree": forest.tree,
        "depth": topology.depth,
    }
    for column in NODE_COLUMNS:
        table[column.name] = getattr(forest, column.name)
    table["status"] = ["" if status < 0 else STATUS_NAMES[status] for status in forest.status]
    table["governs"] = granularity(Forests(forest)).governs
    table |= forest.columns
    if credit is not None:
        own = credit.of(position_in(credit, forest))
        table |= own.nodes
        table |= {f"leaf_{name}": values for name, values in own.leaves.items() if name != "reward"}
    return pd.DataFrame(table)


def position_in(credit: Credit, forest: Forest) -> int:
    """Which forest of the batch this is.

    Raises:
        ForestError: the credit was not computed on this forest.
    """
    for number, candidate in enumerate(credit.forests):
        if candidate is forest or candidate.digest == forest.digest:
            return number
    raise ForestError("the credit was computed on other forests", todo="compute it on this one")


def to_networkx(forest: Forest) -> nx.DiGraph[Any]:
    """A directed graph, edges from parent to child, the declared columns as node attributes (nulls left out)."""
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph(prompt=forest.prompt, task=forest.task)
    for row, name in enumerate(forest.node_id):
        graph.add_node(name)
        if forest.parent[row] >= 0:
            graph.add_edge(forest.node_id[forest.parent[row]], name)
    for column in NODE_COLUMNS:
        values = getattr(forest, column.name)
        for row in np.flatnonzero(~column.is_null(values)).tolist():
            value = values[row]
            graph.nodes[forest.node_id[row]][column.name] = value.item() if hasattr(value, "item") else value
    return graph


def from_networkx(graph: nx.DiGraph[Any], *, prompt: str = "") -> Forest:
    """A forest from a directed graph with edges from parent to child.

    Of each node only its attributes `text`, `observation` and `reward` are taken, and rows are in topological order:
    compare by node id. The prompt is the graph's own where none is given.

    Raises:
        ForestError: an undirected graph, none of its nodes, a node with two parents, or a cycle.
    """
    import networkx as nx

    fits = len(graph) > 0 and graph.is_directed() and nx.is_forest(graph)
    if not fits or any(degree > 1 for _, degree in graph.in_degree()):
        todo = "direct edges from parent to child, give every node at most one parent, and no cycles"
        raise ForestError("the graph is not a forest", todo=todo)
    builder = ForestBuilder(prompt=prompt or str(graph.graph.get("prompt", "")))
    rows: dict[Any, int] = {}
    for name in nx.topological_sort(graph):
        above = next(iter(graph.predecessors(name)), None)
        data = graph.nodes[name]
        rows[name] = builder.add(
            -1 if above is None else rows[above],
            node_id=name if isinstance(name, int | str) else str(name),
            text=str(data.get("text", "")),
            observation=str(data.get("observation", "")),
            reward=float(data.get("reward", np.nan)),
        )
    return builder.build()
