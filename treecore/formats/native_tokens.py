"""Tokens in the native format: objects of lists on nodes in the file, one ragged table in the forest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, NoReturn

import numpy as np

from treecore.core.columns import TOKEN_COLUMNS, Column
from treecore.core.forest import Forest, TokenTable
from treecore.core.numerals import counted
from treecore.core.topology import BoolArray, IntArray
from treecore.formats.limits import TEXT, TOKEN, Account, object_cost
from treecore.formats.native_chunks import ABSENT, Chunk
from treecore.formats.native_nodes import Nodes, frozen, wrong_rows
from treecore.formats.native_values import NONE, shown, typed

UNSET_TYPE = type(ABSENT)
PAIR = 2 * TEXT + 3 * TOKEN
"""Bytes of a text with its number."""


class TokenPiece(NamedTuple):
    """Tokens of the nodes of one chunk.

    Attributes:
        size: `[n]` tokens of each node.
        columns: name -> `[t]` values.
        extra: number of a node -> columns of its tokens that we do not know.
    """

    size: IntArray
    columns: dict[str, Any]
    extra: dict[int, dict[str, Any]]


def read_tokens(nodes: Nodes, chunk: Chunk, account: Account) -> TokenPiece | None:
    """The tokens of a chunk; None when none of its nodes has the field.

    Raises:
        FormatError: a column is no list, or the columns of one node have unequal lengths.
    """
    objects = chunk.get("tokens")
    if not chunk.typed:
        for row in wrong_rows(objects, {dict, NONE, UNSET_TYPE}):
            todo = "give an object, or leave it out"
            nodes.fail(chunk.low + row, ".tokens", found=f"{shown(objects[row])} is not an object", todo=todo)
    rows = [row for row, found in enumerate(objects) if found is not None and found is not ABSENT]
    given = objects if len(rows) == len(objects) else [objects[row] for row in rows]
    lists: dict[Column, list[Any]] = {}
    for column in TOKEN_COLUMNS:
        values = chunk.token_column(given, column.name)
        kinds = set(map(type, values))
        if list in kinds or not kinds <= {UNSET_TYPE, NONE}:
            lists[column] = values
    for column, values in lists.items():
        for number in wrong_rows(values, {list, NONE, UNSET_TYPE}):
            nodes.fail(
                chunk.low + rows[number],
                f".tokens.{column.name}",
                found=f"{shown(values[number])} is not a list",
                todo="give a list, or leave it out",
            )
    lengths = {
        column: np.array([len(v) if type(v) is list else -1 for v in values]) for column, values in lists.items()
    }
    own = np.maximum(0, np.max([*lengths.values(), np.zeros(len(rows), dtype=np.int64)], axis=0))
    at = chunk.low + np.array(rows, dtype=np.int64)
    check_lengths(nodes, lengths, own, at=at)
    count = np.zeros(len(objects), dtype=np.int64)
    count[rows] = own
    account.spend(TOKEN * int(own.sum()) * len(lists), nodes.where, what="its tokens")
    columns = {
        column.name: flatten(nodes, column, values, own, at=at)
        for column, values in lists.items()
        if (lengths[column] > 0).any()
    }
    if (texts := columns.get("text")) is not None:
        columns["text"] = shared_texts(texts, account, nodes.where)
    if (top := columns.get("top")) is not None:
        account.spend(PAIR * sum(map(len, top)), nodes.where, what="the likeliest tokens of its tokens")
    extra = {row: fields for row, found in zip(rows, given, strict=True) if (fields := chunk.token_extra(found))}
    account.spend(sum(map(object_cost, extra.values())), nodes.where, what="values beyond the format")
    return TokenPiece(count, columns, extra)


def shared_texts(texts: Sequence[str], account: Account, where: str) -> list[str]:
    """The same texts, equal ones the same object: tokens repeat."""
    known: dict[str, str] = {}
    found = list(map(known.setdefault, texts, texts))
    account.spend(TEXT * len(known) + sum(map(len, known)), where, what="the texts of its tokens")
    return found


def check_lengths(nodes: Nodes, lengths: Mapping[Column, IntArray], count: IntArray, *, at: IntArray) -> None:
    """All columns of one node are equally long."""
    for column, length in lengths.items():
        wrong = np.flatnonzero((length >= 0) & (length != count))
        if len(wrong):
            number = int(wrong[0])
            longest = next(other.name for other, lens in lengths.items() if lens[number] == count[number])
            nodes.fail(
                int(at[number]),
                f".tokens.{column.name}",
                found=f"{counted(int(length[number]), 'value')} where {longest} has {count[number]}",
                todo="give all token columns of a node the same length",
            )


def flatten(nodes: Nodes, column: Column, items: list[Any], count: IntArray, *, at: IntArray) -> Any:
    """One column over the nodes of a chunk that have tokens; nulls where a node lacks it. `[t]`"""
    flat: list[Any] = []
    for item, n in zip(items, count.tolist(), strict=True):
        flat += item if type(item) is list else [None] * n

    def fail(token: int, found: str, todo: str) -> NoReturn:
        start = np.concatenate([[0], np.cumsum(count)])
        number = int(np.searchsorted(start, token, side="right")) - 1
        nodes.fail(int(at[number]), f".tokens.{column.name}[{token - int(start[number])}]", found=found, todo=todo)

    return typed(flat, column, fail)


def join_tokens(pieces: Sequence[tuple[int, TokenPiece | None]], nodes: Nodes) -> TokenTable | None:
    """The token table of a forest in the order of rows; None when no node has a token.

    Args:
        pieces: nodes of each chunk, and their tokens.
    """
    counts = [np.zeros(n, dtype=np.int64) if piece is None else piece.size for n, piece in pieces]
    count = np.concatenate(counts)
    if not count.any():
        return None
    order = None
    if not nodes.in_file_order:
        order = gathered_tokens(count, order=nodes.order)
        count = count[nodes.order]
    present = [column for column in TOKEN_COLUMNS if any(piece and column.name in piece.columns for _, piece in pieces)]
    columns = {}
    for column in present:
        parts = []
        for _, piece in pieces:
            if piece is not None:
                values = piece.columns.pop(column.name, None)
                parts.append(column.empty(int(piece.size.sum())) if values is None else values)
        columns[column.name] = in_rows(column, parts, order)
    return TokenTable(start=np.concatenate([[0], np.cumsum(count)]), **columns)


def in_rows(column: Column, parts: Sequence[Any], order: IntArray | None) -> Any:
    """The parts of one token column, joined and put into the order of rows."""
    if not column.is_array:
        held = tuple(chain.from_iterable(parts))
        return held if order is None else tuple(map(held.__getitem__, order.tolist()))
    values = np.concatenate(parts)
    return frozen(values if order is None else values[order])


def gathered_tokens(count: IntArray, *, order: IntArray) -> IntArray:
    """Where in the file each token stands, in the order of rows. `[T]`

    Args:
        count: `[N]` tokens of the nodes in file order; order: `[N]` place in the file of each row.
    """
    start = np.cumsum(count) - count
    own = count[order]
    first = np.repeat(start[order] - (np.cumsum(own) - own), own)
    found: IntArray = first + np.arange(int(own.sum()))
    return found


def recorded(forest: Forest) -> TokenTable | None:
    """The token table if it holds anything to write: some token, and some column."""
    table = forest.tokens
    if table is None or not table.total:
        return None
    return table if any(getattr(table, column.name) is not None for column in TOKEN_COLUMNS) else None


def token_objects(forest: Forest) -> dict[int, dict[str, list[Any]]]:
    """Row -> `tokens` object, for nodes that have tokens; nulls are None.

    A column that holds only nulls in a node is left out there, unless nothing else would say how many tokens there are.
    """
    table = recorded(forest)
    if table is None:
        return {}
    columns = [column for column in TOKEN_COLUMNS if getattr(table, column.name) is not None]
    objects: dict[int, dict[str, list[Any]]] = {
        row: {} for row in np.flatnonzero(table.start[1:] > table.start[:-1]).tolist()
    }
    bounds = table.start.tolist()
    for column in columns:
        values = getattr(table, column.name)
        null = column.is_null(values)
        assigned = table.count(~null)
        plain = plain_values(column, values, null)
        keep_all = not assigned.any()
        for row, tokens in objects.items():
            if keep_all or assigned[row]:
                tokens[column.name] = plain[bounds[row] : bounds[row + 1]]
    for row, tokens in objects.items():
        if not tokens:
            tokens[columns[0].name] = [None] * (bounds[row + 1] - bounds[row])
    return objects


def plain_values(column: Column, values: Any, null: BoolArray) -> list[Any]:
    """Values of a column as JSON has them; nulls are None, but a text is empty."""
    if column.is_array:
        plain = np.asarray(values, dtype=object)
        plain[null] = None
        found: list[Any] = plain.tolist()
        return found
    return list(values) if column.kind == "text" else [value or None for value in values]
