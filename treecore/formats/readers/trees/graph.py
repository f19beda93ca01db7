"""A rollout from nodes and edges of a graph, whatever file they stand in. Knows no container.

Attributes with the names that our own format and other tools use are taken for what they say; others are kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from treecore.core.columns import STATUS_NAMES, Status
from treecore.errors import FormatError
from treecore.formats.fields import first_of, number_in
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import as_text

TEXTS = ("text", "label", "content", "thought", "state", "step")
"""Attributes that hold what a step says, the first that a node has."""
REWARDS = ("reward", "score")
PROMPTS = ("prompt", "question", "problem")
REFERENCES = ("reference", "answer", "ground_truth")
COUNTS = ("n_model_tokens", "n_tokens")
TASK = "task"


class Edge(NamedTuple):
    """From a parent to a child, with its attributes."""

    source: int | str
    target: int | str
    data: dict[str, Any]


class Graph(NamedTuple):
    """What a file says: nodes by id with their attributes, edges, and attributes of the whole.

    Attributes:
        directed: False where edges have no direction; they lead away from the first node then.
    """

    nodes: dict[int | str, dict[str, Any]]
    edges: list[Edge]
    data: dict[str, Any]
    directed: bool


def rollouts_of(graph: Graph, notes: Notes, where: str) -> list[Rollout]:
    """One rollout for each root, all of one prompt.

    Raises:
        FormatError: no nodes, more than one parent, a cycle, an attribute of the wrong type.
    """
    if not graph.nodes:
        raise FormatError("a graph without nodes", where=where, todo="give at least one")
    above, edge_of = _parents(graph if graph.directed else _away(graph, notes, where), notes, where)
    trees = _in_order(graph.nodes, above, where)
    data = dict(graph.data)
    prompt, reference = first_of(data, PROMPTS), first_of(data, REFERENCES)
    meta: dict[str, Any] = {
        "prompt": as_text(data.pop(prompt, "")),
        "reference": as_text(data.pop(reference, "")),
        "task": as_text(data.pop(TASK, "")),
        "prompt_extra": {name: value for name, value in data.items() if value is not None},
    }
    inner = set(above.values())
    found = []
    for tree in trees:
        number = {name: place for place, name in enumerate(tree)}
        turns = []
        for name in tree:
            place = f'{where}, node "{name[:40]}"' if isinstance(name, str) else f"{where}, node {name}"
            turn = _turn(graph.nodes[name], edge=edge_of.get(name, {}), is_leaf=name not in inner, where=place)
            turn.parent = number[above[name]] if name in above else PROMPT
            turn.name = name
            turns.append(turn)
        found.append(Rollout(turns=turns, group=where, where=where, **meta))
    return found


def _parents(
    graph: Graph, notes: Notes, where: str
) -> tuple[dict[int | str, int | str], dict[int | str, dict[str, Any]]]:
    """Node -> its parent, and node -> attributes of the edge that leads to it."""
    above: dict[int | str, int | str] = {}
    data: dict[int | str, dict[str, Any]] = {}
    for edge in graph.edges:
        for end in (edge.source, edge.target):
            if end not in graph.nodes:
                raise FormatError(f"an edge names {shown(end)}, which is no node", where=where, todo="add the node")
        if above.get(edge.target, edge) == edge.source:
            notes.drop("edges that a graph has twice")
            continue
        if edge.target in above:
            raise FormatError(
                f"node {shown(edge.target)} has more than one parent",
                where=where,
                todo="leave one edge to it, or write a copy of the node for each; trees are read, not other graphs",
            )
        above[edge.target] = edge.source
        data[edge.target] = edge.data
    return above, data


def _away(graph: Graph, notes: Notes, where: str) -> Graph:
    """Edges without direction, led away from the first node of each part."""
    beside: dict[int | str, list[tuple[int | str, int]]] = {}
    for number, (one, other, _) in enumerate(graph.edges):
        beside.setdefault(one, []).append((other, number))
        beside.setdefault(other, []).append((one, number))
    seen: set[int | str] = set()
    used: set[int] = set()
    edges = []
    for root in graph.nodes:
        stack = [] if root in seen else [root]
        seen.add(root)
        while stack:
            name = stack.pop()
            for other, number in beside.get(name, []):
                if number in used:
                    continue
                used.add(number)
                if other in seen:
                    raise _cycle(other, where)
                seen.add(other)
                edges.append(Edge(name, other, graph.edges[number].data))
                stack.append(other)
    edges += [edge for number, edge in enumerate(graph.edges) if number not in used]
    notes.guess("edges without direction lead away from the first node")
    return graph._replace(edges=edges)


def _cycle(name: int | str, where: str) -> FormatError:
    return FormatError(
        f"node {shown(name)} is in a cycle", where=where, todo="take an edge out; trees are read, not other graphs"
    )


def _in_order(
    nodes: dict[int | str, dict[str, Any]], above: dict[int | str, int | str], where: str
) -> list[list[int | str]]:
    """The nodes of each tree, parents first and siblings as they stand in the file."""
    below: dict[int | str, list[int | str]] = {}
    for name in nodes:
        if name in above:
            below.setdefault(above[name], []).append(name)
    trees = []
    for root in nodes:
        if root in above:
            continue
        tree, stack = list[int | str](), [root]
        while stack:
            name = stack.pop()
            tree.append(name)
            stack.extend(reversed(below.get(name, [])))
        trees.append(tree)
    reached = {name for tree in trees for name in tree}
    if len(reached) < len(nodes):
        raise _cycle(next(name for name in nodes if name not in reached), where)
    return trees


def _turn(own: dict[str, Any], *, edge: dict[str, Any], is_leaf: bool, where: str) -> Turn:
    """A step from the attributes of a node and of the edge that leads to it."""
    data = {**{f"edge_{name}" if name in own else name: value for name, value in edge.items()}, **own}
    text, reward, count = first_of(data, TEXTS), first_of(data, REWARDS), first_of(data, COUNTS)
    turn = Turn(text=as_text(data.pop(text, None)), observation=as_text(data.pop("observation", None)))
    if is_leaf and reward and (outcome := number_in(data, reward, where=where)) is not None:
        turn.reward = outcome
        del data[reward]
    elif not is_leaf and reward == "reward":
        data["turn_reward"] = data.pop(reward)
    if isinstance(held := data.get(count), int) and not isinstance(held, bool) and 0 <= held < 2**63:
        turn.n_tokens = data.pop(count)
    if (status := data.get("status")) in STATUS_NAMES:
        turn.status = Status(STATUS_NAMES.index(data.pop("status")))
    elif isinstance(status, int) and not isinstance(status, bool) and 0 <= status < len(STATUS_NAMES):
        turn.status = Status(data.pop("status"))
    if isinstance(born := data.get("born"), int) and not isinstance(born, bool) and 0 <= born < 2**63:
        turn.born = data.pop("born")
    _take_maps(turn, data, where)
    for name, value in data.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            if (number := number_in(data, name, where=where)) is not None:
                turn.columns[name] = number
        elif value is not None:
            turn.extra[name] = value
    return turn


def _take_maps(turn: Turn, data: dict[str, Any], where: str) -> None:
    """Columns and claims that our own graphs write as objects."""
    for name, held in (("columns", turn.columns), ("credit", turn.claimed)):
        inner = data.get(name)
        if isinstance(inner, dict):
            for key in inner:
                if (number := number_in(inner, key, where=where)) is not None:
                    held[key] = number
            del data[name]
