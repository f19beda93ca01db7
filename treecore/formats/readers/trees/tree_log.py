"""llm-reasoners TreeLog: snapshots of a search, one an iteration (`reasoners/visualization/tree_log.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treecore.formats.fields import list_in, needed, object_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.graph import Edge, Graph, rollouts_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, rows
from treecore.formats.source import Source

OF_FILE = frozenset({"logs"})
RENAMED = {"Q": "q", "reward": "turn_reward", "score": "turn_score"}
"""Numbers of an edge -> columns; none of them is an outcome."""


def looks_like_tree_log(source: Source) -> bool:
    """An object with a list of logs, each with nodes and edges by number."""
    if "logs" not in source.fields:
        return False
    logs = source.head.get("logs")
    first = logs[0] if isinstance(logs, list) and logs else None
    return isinstance(first, dict) and all(isinstance(first.get(name), dict) for name in ("nodes", "edges"))


@rollout_format(
    name="tree_log",
    title="llm-reasoners TreeLog",
    extensions=(".json",),
    detect=looks_like_tree_log,
    written_by="llm-reasoners: what its visualizer uploads, `json.dump({'logs': [...]})` of a `TreeLog`",
    lost="values of a node before the last iteration that holds it",
    fields=OF_FILE,
)
def read_tree_log(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a file: all nodes of all snapshots with what the last one says of them, born at their first iteration."""
    for fields, where in rows(source):
        notes.drop_fields(rest_of(fields, OF_FILE))
        graph = Graph({}, [], {}, directed=True)
        edges: dict[int | str, Edge] = {}
        for iteration, snapshot in enumerate(list_in(fields, "logs", where=where)):
            place = f"{where}, iteration {iteration}"
            if not isinstance(snapshot, dict):
                raise wrong("logs", snapshot, "a list of objects", where=place)
            _take(snapshot, iteration, graph, edges, place)
        graph.edges.extend(edges.values())
        for node in graph.nodes.values():
            node.pop("selected_edge", None)
        found = rollouts_of(graph, notes, where)
        for rollout in found:
            _as_prompt(rollout)
        yield from found
    notes.recognise("the iteration at which a node first appears as the order of sampling")


def _take(snapshot: dict[str, Any], iteration: int, graph: Graph, edges: dict[int | str, Edge], where: str) -> None:
    """Take nodes and edges of one iteration; what an earlier one said of them is replaced."""
    for node in _values(object_in(snapshot, "nodes", where=where), "nodes", where=where):
        name = _id(node, "id", where=where)
        born = graph.nodes.get(name, {}).get("born", iteration)
        data = node.get("data")
        graph.nodes[name] = {"data": data, "born": born, "selected_edge": node.get("selected_edge")}
    selected = {as_text(node["selected_edge"]) for node in graph.nodes.values() if node["selected_edge"] is not None}
    for edge in _values(object_in(snapshot, "edges", where=where), "edges", where=where):
        data = {RENAMED.get(key, key): value for key, value in object_in(edge, "data", where=where).items()}
        if as_text(edge.get("id")) in selected:
            data["selected"] = True
        target = _id(edge, "target", where=where)
        edges[target] = _checked(edges, target, Edge(_id(edge, "source", where=where), target, data), where)


def _checked(edges: dict[int | str, Edge], target: int | str, edge: Edge, where: str) -> Edge:
    """The edge, if no other node was the parent before."""
    if target in edges and edges[target].source != edge.source:
        raise wrong(
            "source", edge.source, f"{edges[target].source}, the parent of node {target} until then", where=where
        )
    return edge


def _values(held: dict[str, Any], name: str, *, where: str) -> Iterator[dict[str, Any]]:
    for value in held.values():
        if not isinstance(value, dict):
            raise wrong(name, value, "objects by number", where=where)
        yield value


def _id(fields: dict[str, Any], name: str, *, where: str) -> int | str:
    value = needed(fields, name, where=where)
    return value if isinstance(value, int) and not isinstance(value, bool) else as_text(value)


def _as_prompt(rollout: Rollout) -> None:
    """Give every step its text, and the first one's to the prompt."""
    for turn in rollout.turns:
        data = turn.extra.get("data")
        action = turn.extra.pop("action", None)
        turn.text = as_text(action) if action is not None else said(data)
    root = rollout.turns[0]
    if not rollout.prompt:
        rollout.prompt, root.text = root.text, ""


def said(data: Any) -> str:
    """The words of a state: of a list (by number) its last entry's, of fields all texts."""
    if isinstance(data, dict) and data and all(key.isdecimal() for key in data):
        data = data[max(data, key=int)]
    if isinstance(data, dict):
        texts = [value for value in data.values() if isinstance(value, str) and value]
        return "\n".join(texts)
    return as_text(data)
