"""A whole table of any container, by its columns. Knows nothing about rollouts."""

from __future__ import annotations

from typing import Any

from treecore.formats.columnar import column_batches, is_columnar
from treecore.formats.field_table import FieldTable, of_rows
from treecore.formats.limits import Account
from treecore.formats.rows import Row, csv_rows, rows, rows_in
from treecore.formats.source import Document, Source


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
    found = table.rows or [
        dict(zip(table.names, values, strict=True)) for values in zip(*table.columns.values(), strict=True)
    ]
    return [Row(fields, table.where(number)) for number, fields in enumerate(found)]


def csv_table(source: Source) -> FieldTable:
    """All rows of CSV; every value is text. Errors as `rows.csv_rows`."""
    found: list[Row] = []
    cells = 0
    for row in csv_rows(source):
        found.append(row)
        cells += len(row.fields)
        source.account.afford_cells(len(found), source.name, cells=cells)
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
    """JSON lines with an object each, or a list of them."""
    found: list[dict[str, Any]] = []
    lines: list[int] = []
    listed: dict[int, str] = {}
    cells = crowded = 0
    for block in source.blocks():
        start = len(found)
        if set(map(type, block.values)) <= {dict}:
            found += block.values
            lines += block.lines
        else:
            for value, line in zip(block.values, block.lines, strict=True):
                for row in rows_in(Document(value, f"{source.name}, line {line}")):
                    listed[len(found)] = row.where
                    found.append(row.fields)
                    lines.append(line)
        cells += sum(map(len, found[start:]))
        crowded += block.crowded
        source.account.afford_cells(len(found), source.name, cells=cells, beside=crowded)
    return of_rows(found, lambda row: listed.get(row) or f"{source.name}, line {lines[row]}", source.account)
