"""Native JSON to `Forest`, chunk by chunk: whole-column checks first, single values only to name a culprit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import orjson

from treecore.core.forest import Forest
from treecore.core.topology import FloatArray, IntArray, Topology
from treecore.errors import ForestError, FormatError, TreecoreError
from treecore.formats.json_digits import may_round, rounded_in
from treecore.formats.json_keys import flaws_in, may_be_rounded, names_parsed, names_written
from treecore.formats.limits import Account, LimitError, json_cost
from treecore.formats.native_chunks import Chunk
from treecore.formats.native_fields import (
    FLOAT_FIELDS,
    FOREST_FIELDS,
    MAP_FIELDS,
    NODE_FIELDS,
    NUMBER_AS_TEXT,
    OBJECT_FIELDS,
    TEXT_FIELDS,
    TOKEN_FIELDS,
    TREE,
    VERSION,
    unwritable,
)
from treecore.formats.native_nodes import Given, Nodes, frozen, member
from treecore.formats.native_pieces import Piece, join, read_piece
from treecore.formats.native_typed import Decoders, text_chunks
from treecore.formats.native_values import shown


def forest_in(raw: dict[str, memoryview], where: str, *, path: str, decode: Decoders, account: Account) -> Forest:
    """One forest of the texts of its fields.

    Args:
        raw: field -> JSON text.
        decode: of the file.

    Raises:
        orjson.JSONDecodeError: a text is not JSON.
        FormatError: a field is not what the format says; names the place.
        ForestError: the nodes do not make a forest.
    """
    value = plain_meta(raw, where, path=path, account=account)
    check_version(value, where, path=path)
    place, text = f"{where}, {path}.nodes", raw.get("nodes", memoryview(b"null"))
    if bytes(text[:1]) != b"[":
        check_node_list(orjson.loads(text), place)
    nodes = Nodes(where, path=f"{path}.nodes", account=account)
    pieces = []
    for found in text_chunks(text, decode, account, place):
        pieces.append(read_text(nodes, *found, account))
        account.advance(len(found.text))
    if not nodes.count:
        check_node_list([], place)
    return assembled(nodes, pieces, read_meta(value, where, path=path), account)


def plain_meta(raw: dict[str, memoryview], where: str, *, path: str, account: Account) -> dict[str, Any]:
    """All fields of a forest but its nodes."""
    value = {}
    for name, text in raw.items():
        if name != "nodes":
            account.spend(json_cost(text), where, what="fields beside its nodes")
            value[name] = orjson.loads(text)
            foreign = name in OBJECT_FIELDS or name not in FOREST_FIELDS
            place = f"{where}, {path}{member(name)}"
            check_flaws(text, value[name], place, rounded=foreign)
            if not may_round(written := bytes(text)):
                continue
            if name in NUMBER_AS_TEXT and type(value[name]) in (int, float):
                value[name] = written.decode()
            elif lost := rounded_in(written, no_double):
                account.note_rounded(lost.total, lost.number, where=f"{place}{inner_path(lost.path)}")
    return value


def no_double(path: Sequence[str | int]) -> bool:
    """Whole numbers beyond the format stay as they are; those that would not are refused."""
    return False


def check_flaws(text: memoryview, value: Any, place: str, *, rounded: bool) -> None:
    """Refuse what parsing loses: names written twice and, if asked for, whole numbers beyond 64 bits."""
    nested = isinstance(value, dict | list)
    if (rounded and may_be_rounded(text)) or (nested and names_written(text) != names_parsed(value)):
        for flaw in flaws_in(text):
            if flaw.twice or rounded:
                raise FormatError(flaw.found, where=f"{place}{inner_path(flaw.path)}", todo=flaw.todo)


def read_text(nodes: Nodes, chunk: Chunk, text: bytes, account: Account) -> Piece:
    """A chunk of nodes; where it is not as its records say, its plain objects tell what is wrong."""
    before, found = account.spent, None
    if chunk.typed:
        try:
            found = checked(nodes, chunk, text, account)
        except LimitError:
            raise
        except (TreecoreError, msgspec.DecodeError, ValueError, OverflowError, RecursionError):
            pass
    if found is None:
        account.spent = before
        chunk = Chunk(orjson.loads(text), chunk.low) if chunk.typed else chunk
        found = checked(nodes, chunk, text, account)
    given, piece = found
    if may_round(text) and (lost := rounded_in(text, is_double)):
        row, *path = lost.path
        account.note_rounded(lost.total, lost.number, where=nodes.at(chunk.low + int(row), inner_path(path)))
    nodes.take(given)
    return piece


def is_double(path: Sequence[str | int]) -> bool:
    """Whether a place in a list of nodes holds a double, also where a whole number was written."""
    inner = path[2:] if path[1:2] == ("tokens",) else path[1:]
    return bool(inner) and (inner[0] in MAP_FIELDS or inner[0] in FLOAT_FIELDS)


def checked(nodes: Nodes, chunk: Chunk, text: bytes, account: Account) -> tuple[Given, Piece]:
    """Ids, parents and columns of a chunk of nodes in which parsing lost nothing."""
    rounded = not chunk.typed and may_be_rounded(text)
    if rounded:
        check_whole(nodes, chunk, text)
    given = nodes.look(chunk)
    piece = read_piece(nodes, chunk, account)
    if rounded or names_written(text) != chunk.count_names():
        for flaw in flaws_in(text):
            if flaw.twice or is_foreign(flaw.path[1:]):
                nodes.fail(chunk.low + int(flaw.path[0]), inner_path(flaw.path[1:]), found=flaw.found, todo=flaw.todo)
    return given, piece


def check_whole(nodes: Nodes, chunk: Chunk, text: bytes) -> None:
    """Refuse whole numbers beyond 64 bits, which parsing rounds, by the digits that were written; doubles may be so."""
    for flaw in flaws_in(text):
        if flaw.twice or len(flaw.path) < 2 or is_double(flaw.path):
            continue
        found, todo = flaw.found, flaw.todo
        if flaw.path[1] in ("id", "parent"):
            found, todo = f"{found}, too large for an id", "give a smaller one, or text"
        nodes.fail(chunk.low + int(flaw.path[0]), inner_path(flaw.path[1:]), found=found, todo=todo)


def is_foreign(path: Sequence[str | int]) -> bool:
    """Whether a place in a node is beyond the format."""
    if path[:1] == ("tokens",):
        return len(path) > 1 and path[1] not in TOKEN_FIELDS
    return path[0] not in NODE_FIELDS


def inner_path(path: Sequence[str | int]) -> str:
    """A place below a value as JSON path."""
    return "".join(f"[{name}]" if isinstance(name, int) else member(name) for name in path)


def assembled(nodes: Nodes, pieces: list[Piece], meta: dict[str, Any], account: Account) -> Forest:
    """The forest of all that was gathered."""
    nodes.finish()
    found = join(pieces, nodes, account)
    columns, extra = found.columns, found.extra
    maps: dict[str, Any] = dict(found.maps)
    check_rewards(nodes, columns["reward"])
    add_tree_numbers(nodes, columns.pop(TREE.name), extra)
    try:
        return Forest(
            parent=frozen(nodes.parent),
            node_id=nodes.node_ids,
            tokens=found.tokens,
            node_extra={row: extra[row] for row in sorted(extra)},
            **columns,
            **maps,
            **meta,
        )
    except ForestError as error:
        raise error.at(f"{nodes.where}, {nodes.path.removesuffix('.nodes')}") from None


def check_version(value: Any, where: str, *, path: str) -> None:
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


def check_node_list(nodes: Any, place: str) -> None:
    """The list of nodes is there and not empty."""
    if nodes is None:
        raise FormatError("a forest without nodes", where=place, todo='add "nodes": [{"id": 0, "parent": null}, ...]')
    if not isinstance(nodes, list):
        raise FormatError(f"{shown(nodes)} is not a list", where=place, todo="give a list of node objects")
    if not nodes:
        raise ForestError("a forest without nodes", where=place, todo='give at least a root, {"id": 0, "parent": null}')


def read_meta(value: dict[str, Any], where: str, *, path: str) -> dict[str, Any]:
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
    inner = np.zeros(nodes.count, dtype=bool)
    inner[nodes.parent[nodes.parent >= 0]] = True
    wrong = np.flatnonzero(inner & ~np.isnan(reward))
    if len(wrong):
        nodes.fail_row(
            int(wrong[0]),
            ".reward",
            found="a node with children has a reward",
            todo="put outcome rewards on leaves only (values of inner steps belong under columns)",
        )


def add_tree_numbers(nodes: Nodes, number: IntArray, extra: dict[int, dict[str, Any]]) -> None:
    """Check `tree` against the shape; numbers other than 0, 1, 2 in order of the roots are kept in `extra`."""
    given = np.flatnonzero(number >= 0)
    if not len(given):
        return
    topology = Topology(nodes.parent)
    of_tree = np.full(nodes.count, -1)
    of_tree[topology.root[given[::-1]]] = number[given[::-1]]
    wrong = given[number[given] != of_tree[topology.root[given]]]
    if len(wrong):
        row = int(wrong[0])
        found = f"tree {number[row]}, but other nodes of the same tree say {of_tree[topology.root[row]]}"
        nodes.fail_row(row, ".tree", found=found, todo="make them agree, or leave tree out")
    known = of_tree[topology.roots]
    known = known[known >= 0]
    if len(np.unique(known)) < len(known):
        values, counts = np.unique(known, return_counts=True)
        twice = int(values[counts > 1][0])
        row = int(topology.roots[of_tree[topology.roots] == twice][1])
        todo = "give each root a tree of its own, or leave tree out"
        nodes.fail_row(row, ".tree", found=f"tree {twice} has a second root", todo=todo)
    in_order = (np.cumsum(nodes.parent < 0) - 1)[topology.root]
    if bool((number[given] != in_order[given]).any()):
        for row in given.tolist():
            extra.setdefault(row, {})[TREE.name] = int(number[row])
