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
from treecore.formats.mapped import read_table
from treecore.formats.mapping import certain_columns
from treecore.formats.nested_rows import note_rows_within, rows_of
from treecore.formats.notes import Notes
from treecore.formats.registry import Format, claims
from treecore.formats.rollout import Rollout
from treecore.formats.rows import is_table, row_keys
from treecore.formats.source import Source
from treecore.formats.unlike import columns_of

BY_NAME, BY_COLUMNS = "usual_table", "table"
"""Names of the formats of tables whose columns are certain by name, and of those whose columns were named."""

NEXT = 3
"""Rows after the first that are looked at."""


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


def table_format(columns: Mapping[str, str]) -> Format:
    """The format of tables whose columns are named: role -> column."""
    return Format(
        name=BY_COLUMNS,
        title="table by named columns",
        extensions=(),
        detect=lambda source: True,
        rollouts=lambda source, notes: read_within(source, columns, notes),
    )


def read_within(source: Source, columns: Mapping[str, str], notes: Notes) -> Iterator[Answers | Rollout]:
    """The rollouts of a table, or of the rows in an object that have these columns. Errors as `read_table`."""
    inner, own = rows_of(source, columns)
    yield from read_table(inner, own, notes)
    note_rows_within(inner, notes)


@lru_cache(maxsize=64)
def _by_name(columns: tuple[tuple[str, str], ...]) -> Format:
    """One format for all files with these columns."""

    def rollouts(source: Source, notes: Notes) -> Iterator[Answers | Rollout]:
        if "group" not in dict(columns):
            notes.guess("rows with the same prompt are one group")
        yield from read_table(source, dict(columns), notes, by_name=True)

    title = "table with usual columns"
    return Format(name=BY_NAME, title=title, extensions=(), detect=lambda source: True, rollouts=rollouts)
