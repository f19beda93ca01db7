"""networkx: `node_link_data` under any key names, and `tree_data`, as JSON (`networkx/readwrite/json_graph`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from treecore.errors import FormatError
from treecore.formats.fields import first_of, list_in, object_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.graph import TEXTS, Edge, Graph, rollouts_of
from treecore.formats.readers.trees.nested import walk
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, rows
from treecore.formats.source import Source

OF_GRAPH = frozenset({"directed", "multigraph", "graph"})
EDGES = ("edges", "links")
"""Since networkx 3.6, and before."""
ENDS = (("source", "target"), ("from", "to"))
OTHERS = frozenset({"answer_token", "mc_value", "full_text", "format", "root", "messages", "completion", "completions"})
"""Fields of nested trees that have formats of their own."""


def lists_of(head: Any) -> list[str]:
    """Names of the fields that are lists of objects, in order."""
    return [
        name
        for name, value in head.items()
        if isinstance(value, list) and all(isinstance(item, dict) for item in value[:3])
    ]


def looks_like_node_link(source: Source) -> bool:
    """An object that says whether the graph is directed, with a list of nodes and one of edges."""
    if not source.fields.keys() >= OF_GRAPH and not ("nodes" in source.fields and "links" in source.fields):
        return False
    return len(lists_of(source.head)) >= 2


@rollout_format(
    name="node_link",
    title="networkx node-link JSON",
    extensions=(".json",),
    detect=looks_like_node_link,
    written_by="`json.dump(networkx.node_link_data(graph), file)`, and d3, with edges from parent to child",
    fields=frozenset({"directed", "multigraph", "graph", "nodes", "edges"}),
)
def read_node_link(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree for each root; attributes of an edge are those of the step that it leads to."""
    for fields, where in rows(source):
        named = lists_of(fields)
        nodes_key = "nodes" if "nodes" in named else next((one for one in named if one not in EDGES), "nodes")
        edges_key = first_of(fields, EDGES) or next((one for one in named if one != nodes_key), "edges")
        nodes = _objects(list_in(fields, nodes_key, where=where), nodes_key, where=where)
        edges = _objects(list_in(fields, edges_key, where=where), edges_key, where=where)
        multi = fields.get("multigraph") is True
        source_key, target_key = _ends(edges, multi)
        for edge in edges:
            if source_key not in edge or target_key not in edge:
                raise FormatError(
                    f'an edge of "{edges_key}" lacks "{source_key}" or "{target_key}"', where=where, todo="add it"
                )
        ends = {id_of(edge[key]) for edge in edges for key in (source_key, target_key)}
        name = _id_key(nodes, ends)
        if not name and nodes:
            raise FormatError(f'no field of "{nodes_key}" is an id that edges name', where=where, todo="add an id")
        used = {source_key, target_key, "key"} if multi else {source_key, target_key}
        graph = Graph(
            nodes={id_of(node[name]): {key: node[key] for key in node if key != name} for node in nodes},
            edges=[
                Edge(
                    id_of(edge[source_key]),
                    id_of(edge[target_key]),
                    {key: edge[key] for key in edge if key not in used},
                )
                for edge in edges
            ],
            data=object_in(fields, "graph", where=where),
            directed=fields.get("directed") is not False,
        )
        notes.drop_fields(rest_of(fields, OF_GRAPH | {nodes_key, edges_key}))
        yield from rollouts_of(graph, notes, where)
    notes.recognise("edges lead from a step to the next")


def id_of(value: Any) -> int | str:
    """An id as our own format has it; a tuple, which JSON writes as a list, and others as text."""
    return value if isinstance(value, int | str) and not isinstance(value, bool) else as_text(value)


def _objects(values: list[Any], name: str, *, where: str) -> list[dict[str, Any]]:
    for value in values:
        if not isinstance(value, dict):
            raise wrong(name, value, "a list of objects", where=where)
    return values


def _ends(edges: Sequence[dict[str, Any]], multi: bool) -> tuple[str, str]:
    """Names of the fields that hold the ends of an edge; networkx writes them last, before the key of a multigraph."""
    if not edges:
        return ENDS[0]
    for pair in ENDS:
        if edges[0].keys() >= set(pair):
            return pair
    names = list(edges[0])
    last = names[-3:-1] if multi else names[-2:]
    return (last[0], last[1]) if len(last) == 2 else ENDS[0]


def _id_key(nodes: Sequence[dict[str, Any]], ends: set[int | str]) -> str:
    """The field of nodes that is unique and names all ends of edges: `id`, the last one, any; "" where none is."""
    if not nodes:
        return ""
    for name in dict.fromkeys(("id", *reversed(nodes[0]))):
        if all(name in node for node in nodes):
            values = {id_of(node[name]) for node in nodes}
            if len(values) == len(nodes) and values >= ends:
                return name
    return next((name for name in ("id", *reversed(nodes[0])) if all(name in node for node in nodes)), "")


def looks_like_tree_data(source: Source) -> bool:
    """An object with a list of children, each an object."""
    if "children" not in source.fields or not OTHERS.isdisjoint(source.fields):
        return False
    below = source.head.get("children")
    return isinstance(below, list) and all(isinstance(child, dict) for child in below[:3])


@rollout_format(
    name="tree_data",
    title="networkx tree JSON",
    extensions=(".json",),
    detect=looks_like_tree_data,
    written_by="`json.dump(networkx.tree_data(graph, root), file)`, d3 hierarchies: objects with a list `children`",
    lost="attributes of the graph and of edges, which networkx does not write",
    fields=frozenset({"id", "children"}),
)
def read_tree_data(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a row."""
    for fields, where in rows(source):
        found = list(walk(fields, "children", where=where))
        name = _own_key([node.fields for node in found])
        ids: list[int | str] = [id_of(node.fields[name]) if name else place for place, node in enumerate(found)]
        graph = Graph(nodes={}, edges=[], data={}, directed=True)
        for own, node in zip(ids, found, strict=True):
            kept = {key: value for key, value in node.fields.items() if key not in ("children", name)}
            if not first_of(kept, TEXTS) and isinstance(own, str):
                kept["text"] = own
            graph.nodes[own] = kept
            if node.above >= 0:
                graph.edges.append(Edge(ids[node.above], own, {}))
        yield from rollouts_of(graph, notes, where)


def _own_key(nodes: Sequence[dict[str, Any]]) -> str:
    """The field that is an id: `id`, `name`, or the one before the children; "" where not all have one of their own."""
    names = list(nodes[0])
    last = names[names.index("children") - 1] if names.index("children") else ""
    for name in ("id", "name", last):
        if name and all(name in node for node in nodes) and len({id_of(node[name]) for node in nodes}) == len(nodes):
            return name
    return ""
