"""Columns of the nodes of one forest, gathered chunk by chunk and joined at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from treecore.core.columns import NODE_COLUMNS, Column
from treecore.core.topology import FloatArray
from treecore.formats.limits import FOREIGN_NODE, MAX_FIELDS, NODE, NUMBER, TEXT, VALUE, Account
from treecore.formats.native_chunks import ABSENT, NO_NUMBER, Chunk
from treecore.formats.native_fields import MAP_FIELDS, TREE, unwritable
from treecore.formats.native_nodes import Nodes, frozen, member, wrong_rows
from treecore.formats.native_tokens import TokenPiece, join_tokens, read_tokens
from treecore.formats.native_values import NONE, shown, typed
from treecore.formats.wide import wide_error

UNSET_TYPE = type(ABSENT)
DECLARED = (TREE, *NODE_COLUMNS)
FEW_NAMES = 2
"""A name that at least one in so many nodes has is gathered as a whole column."""


class Named(NamedTuple):
    """Values of one named column in a chunk: numbers of the nodes that have it, and their values."""

    rows: Any
    values: FloatArray


class Piece(NamedTuple):
    """Columns of one chunk."""

    low: int
    size: int
    columns: dict[str, Any]
    tokens: TokenPiece | None
    maps: dict[str, dict[str, Named]]
    extra: dict[int, dict[str, Any]]


def read_piece(nodes: Nodes, chunk: Chunk, account: Account) -> Piece:
    """All columns of a chunk whose ids `nodes` has taken already.

    Raises:
        FormatError: a value is not what the format says.
    """
    columns = {}
    for column in DECLARED:
        if column.name in chunk.names:
            absent = NO_NUMBER if chunk.typed and column.kind == "float" else ABSENT
            values = chunk.get(column.name, absent)
            columns[column.name] = typed(values, column, nodes.failer(member(column.name), chunk.low))
    n_texts = sum(isinstance(values, list) for values in columns.values())
    account.spend((NODE + TEXT * n_texts) * len(chunk), nodes.where)
    tokens = read_tokens(nodes, chunk, account) if "tokens" in chunk.names else None
    maps = {field: read_map(nodes, chunk, field, account) for field in MAP_FIELDS if field in chunk.names}
    return Piece(chunk.low, len(chunk), columns, tokens, maps, read_extra(nodes, chunk, tokens, account))


def read_map(nodes: Nodes, chunk: Chunk, field: str, account: Account) -> dict[str, Named]:
    """A field `{name: number}` of the nodes of a chunk."""
    maps = objects_of(nodes, chunk, field)
    names = dict.fromkeys(name for item in maps if item for name in item)
    account.name_columns(names, f"{nodes.where}, {nodes.path}")
    found: dict[str, Named] = {}
    entries = sum(len(item) for item in maps if item)
    account.spend((VALUE + NUMBER) * entries, nodes.where)
    if len(names) * len(maps) <= FEW_NAMES * entries:
        for name in names:
            values = [item.get(name) if item else None for item in maps]
            failer = nodes.failer(f".{field}{member(name)}", chunk.low)
            found[name] = Named(slice(None), typed(values, Column(name, "float", ""), failer))
        return found
    rows: dict[str, list[int]] = {name: [] for name in names}
    given: dict[str, list[Any]] = {name: [] for name in names}
    for row, item in enumerate(maps):
        for name, value in item.items() if item else ():
            rows[name].append(row)
            given[name].append(value)
    for name, values in given.items():
        places = [chunk.low + row for row in rows[name]]
        column = typed(values, Column(name, "float", ""), nodes.failer_at(f".{field}{member(name)}", places))
        found[name] = Named(np.array(rows[name], dtype=np.int64), column)
    return found


def objects_of(nodes: Nodes, chunk: Chunk, field: str) -> list[Any]:
    """`[n]` objects of a field that holds objects, None where it is null or absent."""
    values = chunk.get(field)
    if not chunk.typed:
        for row in wrong_rows(values, {dict, NONE, UNSET_TYPE}):
            todo = "give an object, or leave it out"
            nodes.fail(chunk.low + row, member(field), found=f"{shown(values[row])} is not an object", todo=todo)
    return [value or None for value in values]


def read_extra(nodes: Nodes, chunk: Chunk, tokens: TokenPiece | None, account: Account) -> dict[int, dict[str, Any]]:
    """Fields of nodes, and columns of their tokens, that we do not know. Number in the chunk -> fields."""
    extra = chunk.unknown(account, nodes.where)
    for row, fields in tokens.extra.items() if tokens else ():
        extra.setdefault(row, {})["tokens"] = fields
    account.spend(FOREIGN_NODE * len(extra), nodes.where, what="values beyond the format")
    for row, fields in extra.items():
        if len(fields) > MAX_FIELDS:
            raise wide_error("a step", where=nodes.at(chunk.low + row, ""))
        for name, value in fields.items():
            if isinstance(value, dict | list):
                if reason := unwritable(value):
                    nodes.fail(chunk.low + row, member(name), found=reason, todo="flatten it")
                if name == "children":
                    check_children(nodes, chunk.low + row, value)
    return extra


def check_children(nodes: Nodes, place: int, value: Any) -> None:
    """Nodes stand beside each other in the list; those inside of a node would be kept as one strange field of it."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        nodes.fail(
            place,
            ".children",
            found=f"{len(value):,} nested nodes",
            todo='write each into "nodes" itself, with the id of its parent under "parent"',
        )


class Gathered(NamedTuple):
    """The columns of all nodes, in the order of rows."""

    columns: dict[str, Any]
    tokens: Any
    maps: dict[str, dict[str, FloatArray]]
    extra: dict[int, dict[str, Any]]


def join(pieces: Sequence[Piece], nodes: Nodes, account: Account) -> Gathered:
    """Columns of all chunks, each in the order of rows. Takes the pieces apart, so that nothing is there twice."""
    columns = {column.name: joined(column, pieces, nodes) for column in DECLARED}
    maps: dict[str, dict[str, FloatArray]] = {}
    for field, attribute in MAP_FIELDS.items():
        names = dict.fromkeys(name for piece in pieces for name in piece.maps.get(field, ()))
        account.spend_columns(len(names), nodes.where, cells=len(names) * nodes.count)
        maps[attribute] = {
            name: named(name, [(piece.low, piece.size, piece.maps.get(field, {})) for piece in pieces], nodes)
            for name in names
        }
    tokens = join_tokens([(piece.size, piece.tokens) for piece in pieces], nodes)
    row_of = None if nodes.in_file_order else np.argsort(nodes.order)
    extra = {
        piece.low + number if row_of is None else int(row_of[piece.low + number]): fields
        for piece in pieces
        for number, fields in piece.extra.items()
    }
    return Gathered(columns, tokens, maps, extra)


def joined(column: Column, pieces: Sequence[Piece], nodes: Nodes) -> Any:
    """One declared column over all nodes; its nulls where chunks lack it."""
    parts = [piece.columns.pop(column.name, None) for piece in pieces]
    if all(part is None for part in parts):
        return column.empty(nodes.count)
    filled = [column.empty(piece.size) if part is None else part for piece, part in zip(pieces, parts, strict=True)]
    if column.kind == "text":
        texts = tuple(chain.from_iterable(filled))
        return texts if nodes.in_file_order else tuple(map(texts.__getitem__, nodes.order.tolist()))
    whole = np.concatenate(filled)
    return frozen(whole if nodes.in_file_order else whole[nodes.order])


def named(name: str, pieces: Sequence[tuple[int, int, Mapping[str, Named]]], nodes: Nodes) -> FloatArray:
    """One named column over all nodes, NaN where they lack it. `[N]`"""
    values = np.full(nodes.count, np.nan)
    for low, count, maps in pieces:
        if name in maps:
            values[low : low + count][maps[name].rows] = maps[name].values
    found: FloatArray = frozen(values if nodes.in_file_order else values[nodes.order])
    return found
