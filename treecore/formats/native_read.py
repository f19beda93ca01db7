"""Native JSON to `Forest`, column by column: whole-column checks first, single values only to name a culprit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from treecore.columns import NODE_COLUMNS, Column
from treecore.errors import ForestError, FormatError
from treecore.forest import Forest
from treecore.formats.native_fields import (
    FOREST_FIELDS,
    MAP_FIELDS,
    NUMBER_AS_TEXT,
    OBJECT_FIELDS,
    TEXT_FIELDS,
    TOKEN_FIELDS,
    TREE,
    VERSION,
    unwritable,
)
from treecore.formats.native_nodes import Nodes, frozen, member
from treecore.formats.native_tokens import read_tokens
from treecore.formats.native_values import shown, typed
from treecore.formats.source import MAX_NODES, limit
from treecore.topology import FloatArray, Topology


def forest_from(value: Any, where: str, path: str, *, to_nodes: Callable[..., Nodes] = Nodes) -> Forest:
    """One forest of plain JSON.

    Args:
        value: the parsed object.
        where: file and line, for messages; path: JSON path of `value`.
        to_nodes: takes the list of nodes apart.

    Raises:
        FormatError: a field is not what the format says; names the place.
        ForestError: the nodes do not make a forest.
    """
    check_version(value, where, path)
    nodes = to_nodes(node_list(value, where, path), where, f"{path}.nodes")
    meta = read_meta(value, where, path)
    columns = nodes.columns(NODE_COLUMNS)
    check_rewards(nodes, columns["reward"])
    tokens = read_tokens(nodes)
    maps: dict[str, Any] = {attribute: read_map(nodes, field) for field, attribute in MAP_FIELDS.items()}
    extra = read_extra(nodes)
    add_tree_numbers(nodes, extra)
    try:
        return Forest(
            parent=frozen(nodes.parent),
            node_id=() if nodes.numbered else tuple(nodes.ids),
            tokens=tokens,
            node_extra={row: extra[row] for row in sorted(extra)},
            **columns,
            **maps,
            **meta,
        )
    except ForestError as error:
        raise error.at(f"{where}, {path}") from None


def check_version(value: Any, where: str, path: str) -> None:
    """The object is a forest of this version."""
    if not isinstance(value, dict):
        raise FormatError(f"{shown(value)} is not a forest", where=f"{where}, {path}", todo="give an object with nodes")
    version = value.get("format")
    if version == VERSION:
        return
    place = f"{where}, {path}.format"
    if version is None:
        raise FormatError("no format field", where=place, todo=f'add "format": "{VERSION}"')
    todo = f"this program reads {VERSION}; convert the file, or install the version of treecore that wrote it"
    raise FormatError(f"the format is {shown(version)}", where=place, todo=todo)


def node_list(value: dict[str, Any], where: str, path: str) -> list[Any]:
    """The list of nodes: there, not empty, not too long."""
    place, nodes = f"{where}, {path}.nodes", value.get("nodes")
    if nodes is None:
        raise FormatError("a forest without nodes", where=place, todo='add "nodes": [{"id": 0, "parent": null}, ...]')
    if not isinstance(nodes, list):
        raise FormatError(f"{shown(nodes)} is not a list", where=place, todo="give a list of node objects")
    if not nodes:
        raise ForestError("a forest without nodes", where=place, todo='give at least a root, {"id": 0, "parent": null}')
    most = limit("TREECORE_MAX_NODES", MAX_NODES)
    if len(nodes) > most:
        raise FormatError(
            f"{len(nodes):,} nodes, where the limit is {most:,}", where=place,
            todo="split the forest, or raise the limit by setting TREECORE_MAX_NODES",
        )  # fmt: skip
    return nodes


def read_meta(value: dict[str, Any], where: str, path: str) -> dict[str, Any]:
    """The forest's own fields, and `extra` with those that we do not know."""
    meta: dict[str, Any] = {}
    for names, kind, noun in ((TEXT_FIELDS, str, "text"), (OBJECT_FIELDS, dict, "an object")):
        for name in names:
            item = value.get(name)
            if item is None:
                continue
            if name in NUMBER_AS_TEXT and type(item) in (int, float):
                item = orjson.dumps(item).decode()
            if not isinstance(item, kind):
                raise FormatError(f"{shown(item)} is not {noun}", where=f"{where}, {path}.{name}", todo=f"give {noun}")
            meta[name] = item
    meta["extra"] = {name: item for name, item in value.items() if name not in FOREST_FIELDS}
    for name, item in [*meta["extra"].items(), *((name, meta.get(name)) for name in OBJECT_FIELDS)]:
        if reason := unwritable(item):
            raise FormatError(reason, where=f"{where}, {path}{member(name)}", todo="flatten it")
    return meta


def check_rewards(nodes: Nodes, reward: FloatArray) -> None:
    """Outcome rewards stand on leaves."""
    inner = np.zeros(len(nodes), dtype=bool)
    inner[nodes.parent[nodes.parent >= 0]] = True
    wrong = np.flatnonzero(inner & ~np.isnan(reward))
    if len(wrong):
        nodes.fail(
            int(wrong[0]), ".reward", "a node with children has a reward",
            "put outcome rewards on leaves only (values of inner steps belong under columns)", ForestError,
        )  # fmt: skip


def read_map(nodes: Nodes, field: str) -> dict[str, FloatArray]:
    """A field `{name: number}` of the nodes, gathered to named `[N]` columns."""
    maps = nodes.objects(field)
    if maps is None:
        return {}
    names = dict.fromkeys(name for item in maps if item for name in item)
    return {
        name: frozen(
            typed(
                [item.get(name) if item else None for item in maps],
                Column(name, "float", ""),
                nodes.failer(f".{field}{member(name)}"),
            )
        )
        for name in names
    }


def read_extra(nodes: Nodes) -> dict[int, dict[str, Any]]:
    """Fields of nodes, and columns of their tokens, that we do not know, as they came. Row -> fields."""
    extra = nodes.unknown()
    for row, tokens in enumerate(nodes.objects("tokens") or ()):
        if tokens and not TOKEN_FIELDS.issuperset(tokens):
            own = {name: value for name, value in tokens.items() if name not in TOKEN_FIELDS}
            extra.setdefault(row, {})["tokens"] = own
    for row, fields in extra.items():
        for name, value in fields.items():
            if isinstance(value, dict | list) and (reason := unwritable(value)):
                nodes.fail(row, member(name), reason, "flatten it")
    return extra


def add_tree_numbers(nodes: Nodes, extra: dict[int, dict[str, Any]]) -> None:
    """Check `tree` against the shape; numbers other than 0, 1, 2 in order of the roots are kept in `extra`."""
    if TREE.name not in nodes.fields:
        return
    number = nodes.columns([TREE])[TREE.name]
    given = np.flatnonzero(number >= 0)
    topology = Topology(nodes.parent)
    of_tree = np.full(len(nodes), -1)
    of_tree[topology.root[given[::-1]]] = number[given[::-1]]
    wrong = given[number[given] != of_tree[topology.root[given]]]
    if len(wrong):
        row = int(wrong[0])
        found = f"tree {number[row]}, but other nodes of the same tree say {of_tree[topology.root[row]]}"
        nodes.fail(row, ".tree", found, "make them agree, or leave tree out", ForestError)
    known = of_tree[topology.roots]
    known = known[known >= 0]
    if len(np.unique(known)) < len(known):
        values, counts = np.unique(known, return_counts=True)
        twice = int(values[counts > 1][0])
        row = int(topology.roots[of_tree[topology.roots] == twice][1])
        nodes.fail(
            row, ".tree", f"tree {twice} has a second root", "give each root a tree of its own, or leave tree out",
            ForestError,
        )  # fmt: skip
    in_order = (np.cumsum(nodes.parent < 0) - 1)[topology.root]
    if bool((number[given] != in_order[given]).any()):
        for row in given.tolist():
            extra.setdefault(row, {})[TREE.name] = int(number[row])
