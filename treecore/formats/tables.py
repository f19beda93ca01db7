"""Tables in no known format as formats of their own: by columns that were named, or whose names leave no doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import orjson

from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.limits import json_cost
from treecore.formats.mapped import read_table
from treecore.formats.mapping import certain_columns
from treecore.formats.messages import is_chat
from treecore.formats.notes import Notes
from treecore.formats.registry import Format, claims
from treecore.formats.rollout import Rollout
from treecore.formats.rows import is_table, row_keys
from treecore.formats.source import Source
from treecore.formats.unlike import columns_of

BY_NAME, BY_COLUMNS = "usual_table", "table"
"""Names of the formats of tables whose columns are certain by name, and of those whose columns were named."""

NEXT, NAMED = 3, 12
"""Rows after the first that are looked at, and fields beside rows that are named."""
WITHIN = "rows within"
"""What `Source.found` calls the field that held the rows, and those beside it."""
OURS = frozenset({"format", "nodes", "forests"})
"""Fields by which a forest that lacks something is known."""


def certain(source: Source) -> Format | None:
    """The format that claims the content, else that of a table whose columns are certain by name, else the one that
    claims one of the next rows, for first ones in which a field is absent or empty; None without all of them."""
    if (claimed := claims(source)) is not None:
        return claimed
    names = row_keys(source) if is_table(source) else columns_of(source)
    columns = certain_columns(names)
    if columns:
        return _by_name(tuple(columns.items()))
    return next((later for row in next_rows(source) if (later := claims(row)) is not None), None)


def next_rows(source: Source) -> Iterator[Source]:
    """The rows after the first of JSON lines or a JSON list, each as a file of its own."""
    if source.by_lines:
        with suppress(FormatError):
            for text in islice(source.texts(), 1, 1 + NEXT):
                yield replace(source, data=bytes(text.data))
    elif source.data[:4096].lstrip()[:1] == b"[":
        with suppress(FormatError, RecursionError, StopIteration, orjson.JSONEncodeError):
            for value in source.first()[1 : 1 + NEXT]:
                yield replace(source, data=orjson.dumps(value))


def rows_within(source: Source) -> Source:
    """The rows of an object of which one field alone is a list of objects, as a file of their own; else itself.

    Raises:
        FormatError: they take more memory than the file may.
    """
    if source.by_lines or source.data[:4096].lstrip()[:1] != b"{" or source.head.keys() & OURS:
        return source
    lists = [name for name, value in source.head.items() if isinstance(value, list) and type((*value, 0)[0]) is dict]
    if len(lists) != 1:
        return source
    source.account.afford(json_cost(source.data), source.name, what="its JSON")
    try:
        inner = replace(source, data=orjson.dumps(source.head[lists[0]]))
    except orjson.JSONEncodeError:
        return source
    inner.found[WITHIN] = (lists[0], [name for name in source.head if name != lists[0]])
    return inner


def columns_as_rows(source: Source) -> Source:
    """The rows of an object of columns, each a list or, as pandas writes them, an object by row; else itself.

    Raises:
        FormatError: they take more memory than the file may.
    """
    if source.by_lines or source.data[:4096].lstrip()[:1] != b"{" or not (columns := list(source.head.values())):
        return source
    if all(isinstance(one, dict) and one.keys() == columns[0].keys() for one in columns):
        columns = [list(one.values()) for one in columns]
    sized = all(isinstance(one, list) and len(one) == len(columns[0]) and not is_chat(one) for one in columns)
    if not sized or not columns[0]:
        return source
    source.account.afford(json_cost(source.data), source.name, what="its JSON")
    rows = [dict(zip(source.head, values, strict=True)) for values in zip(*columns, strict=True)]
    try:
        return replace(source, data=orjson.dumps(rows))
    except orjson.JSONEncodeError:
        return source


def note_rows_within(source: Source, notes: Notes) -> None:
    """Say where rows were found, and what stood beside them."""
    if WITHIN in source.found:
        name, others = source.found[WITHIN]
        notes.recognise(f'rows lie under "{name}"')
        if others:
            notes.drop(f'what stands beside "{name}" ({", ".join(others[:NAMED])})')


def table_format(columns: Mapping[str, str]) -> Format:
    """The format of tables whose columns are named: role -> column."""
    return Format(
        name=BY_COLUMNS,
        title="table by named columns",
        extensions=(),
        detect=lambda source: True,
        rollouts=lambda source, notes: read_table(source, columns, notes),
    )


@lru_cache(maxsize=64)
def _by_name(columns: tuple[tuple[str, str], ...]) -> Format:
    """One format for all files with these columns."""

    def rollouts(source: Source, notes: Notes) -> Iterator[Answers | Rollout]:
        if "group" not in dict(columns):
            notes.guess("rows with the same prompt are one group")
        yield from read_table(source, dict(columns), notes, by_name=True)

    title = "table with usual columns"
    return Format(name=BY_NAME, title=title, extensions=(), detect=lambda source: True, rollouts=rollouts)
