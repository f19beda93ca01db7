"""A whole table of any container, by its columns. Knows nothing about rollouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from treecore.formats.characters import opening_brackets
from treecore.formats.columnar import column_batches, is_columnar
from treecore.formats.field_table import MANY, FieldTable, of_rows
from treecore.formats.limits import CELL, OBJECT, TEXT, Account, json_cost, object_cost
from treecore.formats.rows import Row, csv_rows, rows, rows_in
from treecore.formats.source import Block, Document, Source

CROWDED = 10
"""Times its text that JSON takes as plain objects where it is nearly nothing but lists, objects and short numbers."""
LONG = 64
"""Bytes of text for each value inside of others from which on it takes less than that, whatever the values are."""
CONTAINERS = frozenset({list, dict})


def field_table(source: Source) -> FieldTable:
    """All rows of JSON lines, a JSON list, Parquet or Arrow.

    Raises:
        FormatError: as `treecore.formats.rows.rows`.
    """
    if is_columnar(source.data):
        return _of_columns(source)
    return _of_lines(source) if source.by_lines else _of_rows(list(rows(source)), source.account)


def held_rows(source: Source) -> list[Row]:
    """The same as rows. Errors as there."""
    table = field_table(source)
    found = _as_rows(table.columns) if table.columns else table.rows
    return [Row(fields, table.where(number)) for number, fields in enumerate(found)]


def csv_table(source: Source) -> FieldTable:
    """All rows of CSV; every value is text. Errors as `rows.csv_rows`."""
    found: list[Row] = []
    cells = 0
    for row in csv_rows(source):
        found.append(row)
        cells += len(row.fields)
        source.account.afford_cells(len(found), source.name, cells=cells, beside=OBJECT * len(found))
    return _of_rows(found, source.account)


def _of_columns(source: Source) -> FieldTable:
    columns: dict[str, list[Any]] = {}
    for batch in column_batches(source):
        for name, values in batch.items():
            columns.setdefault(name, []).extend(values)
    size = len(next(iter(columns.values()), ()))
    return FieldTable(
        size,
        tuple(columns),
        lambda row: f"{source.name}, row {row + 1}",
        uniform=True,
        account=source.account,
        columns=columns,
    )


def _of_rows(found: list[Row], account: Account) -> FieldTable:
    return of_rows([row.fields for row in found], lambda row: found[row].where, account)


def _of_lines(source: Source) -> FieldTable:
    """JSON lines with an object each, or a list of them; by columns as long as all rows have the same fields."""
    lines: list[int] = []
    listed: dict[int, str] = {}
    columns: dict[str, list[Any]] | None = {}
    found: list[dict[str, Any]] = []
    names: set[str] = set()
    cells = nested = 0
    for block in source.blocks():
        given, numbers = block.values, block.lines
        if not set(map(type, given)) <= {dict}:
            pairs = [
                (row, line)
                for value, line in zip(given, numbers, strict=True)
                for row in rows_in(Document(value, f"{source.name}, line {line}"))
            ]
            listed |= {len(lines) + place: row.where for place, (row, _) in enumerate(pairs)}
            given, numbers = [row.fields for row, _ in pairs], [line for _, line in pairs]
        lines += numbers
        cells += sum(map(len, given))
        nested += _nested(block, given)
        if columns is not None and not _appended(columns, given):
            found, columns = _as_rows(columns), None
        if columns is None:
            found += given
            names.update(chain.from_iterable(given))
            beside = nested + OBJECT * len(found) + (TEXT * cells if len(names) > MANY else 0)
        else:
            beside = max(nested - CELL * cells, 0)
        source.account.afford_cells(len(lines), source.name, cells=cells, beside=beside)

    def where(row: int) -> str:
        return listed.get(row) or f"{source.name}, line {lines[row]}"

    if columns is None:
        return of_rows(found, where, source.account)
    return FieldTable(len(lines), tuple(columns), where, uniform=True, account=source.account, columns=columns)


def _nested(block: Block, rows: Sequence[dict[str, Any]]) -> int:
    """Bytes of lists and objects among the values of these rows, where they may be many for their text; else 0."""
    inside = _containers(chain.from_iterable(map(dict.values, rows)))
    if not inside or _few_within(inside, len(block.text) // LONG):
        return 0
    text, brackets, most = block.text, opening_brackets(block.text), CROWDED * len(block.text)
    if brackets <= len(block.values) or json_cost(text, brackets=brackets) <= most or json_cost(text) <= most:
        return 0
    return sum(object_cost(value, name=TEXT) for value in inside)


def _few_within(values: list[Any], most: int) -> bool:
    """Whether lists and objects hold no more values than that, at any depth: long texts are not searched then."""
    while values:
        most -= sum(map(len, values))
        if most < 0:
            return False
        values = _containers(chain.from_iterable(one.values() if type(one) is dict else one for one in values))
    return True


def _containers(values: Iterable[Any]) -> list[Any]:
    """The lists and objects among values, most of which are neither."""
    given = list(values)
    return [] if CONTAINERS.isdisjoint(map(type, given)) else [one for one in given if type(one) in CONTAINERS]


def _appended(columns: dict[str, list[Any]], rows: Sequence[dict[str, Any]]) -> bool:
    """Append rows to columns; False, and nothing is done, where one has other fields than all before, or none."""
    shapes = set(map(tuple, rows))
    if columns:
        shapes.add(tuple(columns))
    if len(shapes) != 1 or () in shapes:
        return not shapes
    for name in shapes.pop():
        columns.setdefault(name, []).extend(map(itemgetter(name), rows))
    return True


def _as_rows(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
