"""A table of any container as plain rows: JSON lines, a JSON list, Parquet, CSV. Knows nothing about rollouts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from treecore.core.numerals import counted
from treecore.errors import FormatError
from treecore.formats.columnar import column_keys, column_kinds, column_rows, is_columnar
from treecore.formats.limits import MAX_FIELDS, MAX_NAMES
from treecore.formats.source import Document, Source
from treecore.formats.wide import wide_error

MAX_FIELD = 50_000_000
"""Characters of one field of a CSV file."""


KINDS: Mapping[type, str] = {list: "list", dict: "object", str: "text", bool: "bool", int: "number", float: "number"}


class Row(NamedTuple):
    """One row of a table.

    Attributes:
        fields: name -> plain JSON value; absent fields are absent.
        where: file and line, for messages.
    """

    fields: dict[str, Any]
    where: str


def row_keys(source: Source) -> frozenset[str]:
    """Names of the fields of the first row, or of the one object that the file is; empty where there are none.

    Never raises; nothing but the first row is parsed where that is possible.
    """
    if is_columnar(source.data):
        return column_keys(source)
    if source.fields:
        return frozenset(source.fields)
    return frozenset(source.head)


def is_table(source: Source) -> bool:
    """Whether `rows` reads it; what else is text may be CSV."""
    return is_columnar(source.data) or source.data[:4096].lstrip()[:1] in (b"{", b"[")


def row_kinds(source: Source) -> Mapping[str, str]:
    """`row_keys` -> what the first row has there: `list`, `object`, `text`, `bool`, `number`, "" for another."""
    if is_columnar(source.data):
        return column_kinds(source)
    return {name: KINDS.get(type(value), "") for name, value in source.head.items()}


def rows(source: Source) -> Iterator[Row]:
    """All rows of a file.

    Raises:
        FormatError: the file is damaged, a row is no object, or more than the file may take.
    """
    if is_columnar(source.data):
        for number, fields in enumerate(column_rows(source), start=1):
            yield Row(fields, f"{source.name}, row {number}")
        return
    for document in source.documents():
        yield from rows_in(document)


def rows_in(document: Document) -> Iterator[Row]:
    """The row that a JSON value is, or those of a list.

    Raises:
        FormatError: one is no object.
    """
    if isinstance(document.value, list):
        for number, value in enumerate(document.value):
            place = f"{document.where}, $[{number}]"
            yield Row(_object(value, place), place)
    else:
        yield Row(_object(document.value, document.where), document.where)


def separator_of(line: str) -> str:
    """What stands between the columns that a line names: the most frequent of comma, tab, semicolon and bar."""
    return max(",\t;|", key=line.count)


def csv_rows(source: Source) -> Iterator[Row]:
    """All rows of a CSV or TSV file whose first line names the columns; every value is text, absent where empty.

    Raises:
        FormatError: no names, two columns of one name, a row that is longer than the first.
    """
    first = source.data[: source.data.find(b"\n") + 1 or None].decode("utf-8", errors="replace")
    text = io.TextIOWrapper(io.BytesIO(source.data), encoding="utf-8", errors="replace", newline="")
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(text, delimiter=separator_of(first))
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(names) > MAX_NAMES:
            found = f"{counted(len(names), 'column')}, where the limit is {MAX_NAMES:,}"
            raise FormatError(found, where=f"{source.name}, line 1", todo="leave out those that do not matter")
        if not any(names) or len(set(names)) < len(names):
            raise FormatError(
                "the first line does not name the columns, each by a name of its own", where=f"{source.name}, line 1"
            )
        for values in reader:
            place = f"{source.name}, line {reader.line_num}"
            if len(values) > len(names):
                raise FormatError(
                    f"{counted(len(values), 'value')} for {counted(len(names), 'column')}",
                    where=place,
                    todo="quote commas",
                )
            yield Row({name: value for name, value in zip(names, values, strict=False) if value != ""}, place)
    except csv.Error as error:
        raise FormatError(f"not CSV ({error})", where=f"{source.name}, line {reader.line_num}") from None


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError("a row is no object", where=where, todo="give rows with named fields")
    if len(value) > MAX_FIELDS:
        raise wide_error("a row", where=where)
    return value


def as_number(value: Any) -> float | None:
    """A field that should be a number: numbers and booleans, None for null and NaN.

    Raises:
        ValueError: it is something else.
    """
    if value is None or value != value:
        return None
    if isinstance(value, bool | int | float):
        return float(value)
    raise ValueError("no number")


def as_text(value: Any) -> str:
    """A field that should be text; other plain values as JSON writes them, "" for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def rest_of(fields: Mapping[str, Any], taken: frozenset[str] | set[str]) -> dict[str, Any]:
    """What a reader did not use of a row: kept as it came."""
    return {name: value for name, value in fields.items() if name not in taken and value is not None}
