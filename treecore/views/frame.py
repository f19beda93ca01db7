"""Views of a forest for other libraries: a pandas table, a networkx graph. Never used by the core itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from treecore.analysis.granularity import granularity
from treecore.core.batch import Forests
from treecore.core.columns import NODE_COLUMNS, STATUS_NAMES
from treecore.core.forest import Forest
from treecore.errors import ForestError
from treecore.formats import read
from treecore.formats.native_fields import VERSION
from treecore.formats.native_write import forest_json
from treecore.methods.registry import Credit

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def to_frame(forest: Forest, credit: Credit | None = None) -> pd.DataFrame:
    """A row per step, in the forest's order.

    Columns: `id`, `parent` (an id, None for a root), `tree`, `depth`, the declared columns, `governs` (share of the
    trajectory after the step), annotations, and the columns of `credit` when given (one forest, or a batch that holds
    this forest).
    """
    import pandas as pd

    topology = forest.topology
    table: dict[str, Any] = {
        "id": forest.node_id,
        "parent": pd.Series([None if above < 0 else forest.node_id[above] for above in forest.parent], dtype=object),
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
    """A directed graph, edges from parent to child.

    Attributes of nodes are the declared columns (`status` as its code) and, as in a file, `tokens`, `columns`, `credit`
    and fields beyond the format; those of the graph are the forest's own. Nulls are left out.
    """
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph()
    own = forest_json(forest)
    graph.graph |= {"prompt": "", "task": ""} | {name: own[name] for name in own if name not in ("format", "nodes")}
    names = {column.name for column in NODE_COLUMNS} | {"id", "parent"}
    for row, fields in enumerate(own["nodes"]):
        graph.add_node(forest.node_id[row])
        graph.nodes[forest.node_id[row]].update({name: fields[name] for name in fields if name not in names})
        if forest.parent[row] >= 0:
            graph.add_edge(forest.node_id[forest.parent[row]], forest.node_id[row])
    for column in NODE_COLUMNS:
        values = getattr(forest, column.name)
        for row in np.flatnonzero(~column.is_null(values)).tolist():
            value = values[row]
            graph.nodes[forest.node_id[row]][column.name] = value.item() if hasattr(value, "item") else value
    return graph


def from_networkx(graph: nx.DiGraph[Any], *, prompt: str = "") -> Forest:
    """A forest from a directed graph with edges from parent to child: what `to_networkx` wrote, or one made elsewhere.

    Attributes with names of the format's fields are read as in a file, others are kept beside them; what
    JSON does not know is kept as text. Rows are in the order of the nodes, parents before children. The prompt is the
    graph's own where none is given.

    Raises:
        ForestError: an undirected graph, none of its nodes, a node with two parents, or a cycle.
        FormatError: an attribute with the name of a field holds something else.
    """
    import networkx as nx

    fits = len(graph) > 0 and graph.is_directed() and nx.is_forest(graph)
    if not fits or any(degree > 1 for _, degree in graph.in_degree()):
        todo = "direct edges from parent to child, give every node at most one parent, and no cycles"
        raise ForestError("the graph is not a forest", todo=todo)
    own = {**graph.graph, "format": VERSION, "nodes": [node_fields(graph, name) for name in graph]}
    if prompt:
        own["prompt"] = prompt
    own.pop("forests", None)
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return read(orjson.dumps(own, default=str, option=options), name="the graph")[0]


def node_fields(graph: nx.DiGraph[Any], name: Any) -> dict[str, Any]:
    """A node of a graph as in a file."""
    fields = dict(graph.nodes[name])
    above = next(iter(graph.predecessors(name)), None)
    for column in NODE_COLUMNS:
        value = fields.get(column.name)
        if column.kind == "choice" and isinstance(value, int):
            fields[column.name] = column.choices[value] if 0 <= value < len(column.choices) else None
        elif column.kind == "text" and value is not None:
            fields[column.name] = str(value)
    return {**fields, "id": id_of(name), "parent": None if above is None else id_of(above)}


def id_of(name: Any) -> int | str:
    return name if isinstance(name, int | str) else str(name)
