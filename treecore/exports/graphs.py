"""`graphml`: the tree for graph programs (Gephi, yEd, Cytoscape, networkx)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from treecore.bidi import all_visible
from treecore.core.batch import Forests
from treecore.core.edit import NOTE as EDITED
from treecore.core.edit import changes_of
from treecore.core.numerals import whole
from treecore.core.tool_calls import calls_in_words
from treecore.errors import MethodError
from treecore.exports.registry import Exported, export_kind
from treecore.methods import Credit
from treecore.views.xml_text import holdable

CALLS = "calls"
"""Attribute of a step that holds its tool calls."""
MAX_STEPS = 100_000
"""Of a graph, which is built whole before it is written."""


@export_kind(name="graphml", title="graph for Gephi, yEd, networkx", endings=(".graphml",))
def graphml(forests: Forests, credit: Credit | None, ending: str) -> Exported:
    """One forest: a node a step, with text, tool calls that stand beside it, reward and the method's numbers; `edited`
    of the graph holds the changes of a changed one.

    Characters that XML forbids become U+FFFD, and ids that are equal then get a number; direction controls in words,
    which would turn labels around, become `[U+202E]` and the like.
    """
    import networkx as nx

    from treecore.views.frame import to_networkx

    if len(forests) != 1:
        raise MethodError(f"a graph file holds one forest, here are {len(forests)}", todo="choose one with --forest ID")
    if len(forests[0]) > MAX_STEPS:
        found = f"a graph file holds at most {whole(MAX_STEPS)} steps, here are {whole(len(forests[0]))}"
        raise MethodError(found, todo="export steps, a table in which each names its parent")
    graph = to_networkx(forests[0])
    for name, values in {} if credit is None else credit.of(0).nodes.items():
        for row, value in enumerate(values.tolist()):
            if value == value:
                graph.nodes[forests[0].node_id[row]][name] = value
    for row, fields in forests[0].node_extra.items():
        if calls := calls_in_words(fields):
            graph.nodes[forests[0].node_id[row]][CALLS] = calls
    if changes := changes_of(forests[0]):
        graph.graph[EDITED] = changes
    plain: Any = nx.DiGraph(**scalars(graph.graph))
    written = distinct(graph.nodes)
    plain.add_nodes_from((written[name], scalars(data)) for name, data in graph.nodes(data=True))
    plain.add_edges_from((written[one], written[other]) for one, other in graph.edges)
    file = io.BytesIO()
    nx.write_graphml_xml(plain, file)
    return Exported([file.getvalue()], len(forests[0]), "steps")


def distinct(names: Iterable[Any]) -> dict[Any, Any]:
    """Name -> as the file has it; those that differ only in what XML forbids get `~2`, `~3` and so on."""
    written: dict[Any, Any] = {}
    taken = set[str]()
    for name in names:
        plain, number = clean(name), 1
        while str(own := plain if number == 1 else f"{plain}~{number}") in taken:
            number += 1
        written[name] = own
        taken.add(str(own))
    return written


def scalars(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that GraphML can hold: no tokens and no objects."""
    kept = {name: value for name, value in attributes.items() if isinstance(value, bool | int | float | str)}
    return {name: all_visible(clean(value)) for name, value in kept.items()}


def clean(value: Any) -> Any:
    """A value that GraphML can hold."""
    if isinstance(value, bool | int | float):
        return value
    return holdable(str(value))
