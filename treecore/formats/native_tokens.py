"""Tokens in the native format: objects of lists on nodes in the file, one ragged table in the forest."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from treecore.columns import TOKEN_COLUMNS, Column
from treecore.forest import Forest, TokenTable
from treecore.formats.native_nodes import Nodes, wrong_rows
from treecore.formats.native_values import NONE, shown, typed
from treecore.topology import IntArray


def read_tokens(nodes: Nodes) -> TokenTable | None:
    """The token table of a forest; None when no node has a token.

    Raises:
        FormatError: a column is no list, or the columns of one node have unequal lengths.
    """
    objects = nodes.objects("tokens")
    if objects is None:
        return None
    names = set().union(*filter(None, objects))
    lists = {
        column: [item.get(column.name) if item else None for item in objects]
        for column in TOKEN_COLUMNS
        if column.name in names
    }
    for column, values in lists.items():
        for row in wrong_rows(values, {list, NONE}):
            nodes.fail(
                row, f".tokens.{column.name}", f"{shown(values[row])} is not a list", "give a list, or leave it out"
            )
    lengths = {
        column: np.array([-1 if item is None else len(item) for item in items]) for column, items in lists.items()
    }
    count = np.maximum(0, np.max([*lengths.values(), np.zeros(len(nodes), dtype=np.int64)], axis=0))
    check_lengths(nodes, lengths, count)
    if not count.any():
        return None
    start = np.concatenate([[0], np.cumsum(count)])
    present = {column: items for column, items in lists.items() if (lengths[column] > 0).any()}
    return TokenTable(
        start=start, **{column.name: flatten(nodes, column, items, start) for column, items in present.items()}
    )


def check_lengths(nodes: Nodes, lengths: Mapping[Column, IntArray], count: IntArray) -> None:
    """All columns of one node are equally long."""
    for column, length in lengths.items():
        wrong = np.flatnonzero((length >= 0) & (length != count))
        if len(wrong):
            row = int(wrong[0])
            longest = next(other.name for other, lens in lengths.items() if lens[row] == count[row])
            nodes.fail(
                row, f".tokens.{column.name}", f"{length[row]} values where {longest} has {count[row]}",
                "give all token columns of a node the same length",
            )  # fmt: skip


def flatten(nodes: Nodes, column: Column, items: list[Any], start: IntArray) -> Any:
    """One column over all nodes; nulls where a node lacks it. `[T]`"""
    count = np.diff(start).tolist()
    flat = list(chain.from_iterable([None] * n if item is None else item for item, n in zip(items, count, strict=True)))

    def fail(token: int, found: str, todo: str) -> NoReturn:
        row = int(np.searchsorted(start, token, side="right")) - 1
        nodes.fail(row, f".tokens.{column.name}[{token - int(start[row])}]", found, todo)

    return typed(flat, column, fail)


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
        plain = np.asarray(values, dtype=object)
        if column.kind != "text":
            plain[null] = None
        keep_all = not assigned.any()
        for row, tokens in objects.items():
            if keep_all or assigned[row]:
                tokens[column.name] = plain[bounds[row] : bounds[row + 1]].tolist()
    for row, tokens in objects.items():
        if not tokens:
            tokens[columns[0].name] = [None] * (bounds[row + 1] - bounds[row])
    return objects
