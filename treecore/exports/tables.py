"""Rows of named values as the content of a file: Parquet, JSON lines, CSV. Knows nothing about forests."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = (".parquet", ".jsonl", ".csv")
BLOCK, WEIGHT = 1000, 2_000_000
"""Rows that are written at a time, and characters and list entries after which fewer are."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets take for a formula."""

Row = Mapping[str, Any]


def content(rows: Iterable[Row], ending: str, schema: Mapping[str, str]) -> Iterator[bytes]:
    """Rows as the content of a file, some at a time.

    Args:
        rows: name -> value; text, numbers, booleans, lists of these; None where there is none. Taken once.
        ending: of `TABLES`.
        schema: name -> type of each column, in order: `text`, `int`, `float`, `bool`, or `list of ` one of them; in
            JSON lines also `messages`, objects that need not be alike.
    """
    if ending == ".parquet":
        return parquet(rows, schema)
    return json_lines(rows, schema) if ending == ".jsonl" else csv_lines(rows, schema)


def blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows together, as many as take little memory."""
    block: list[Row] = []
    weight = 0
    for row in rows:
        block.append(row)
        weight += sum(len(value) for value in row.values() if isinstance(value, str | list))
        if len(block) == BLOCK or weight > WEIGHT:
            yield block
            block, weight = [], 0
    if block:
        yield block


def parquet(rows: Iterable[Row], schema: Mapping[str, str]) -> Iterator[bytes]:
    """A Parquet file, a row group for each block."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, types = Taken(), pa.schema([(name, arrow_type(kind)) for name, kind in schema.items()])
    with pq.ParquetWriter(file, types) as writer:
        for block in blocks(rows):
            columns = [pa.array([_value(row.get(field.name)) for row in block], field.type) for field in types]
            writer.write_table(pa.Table.from_arrays(columns, schema=types))
            yield file.take()
    yield file.take()


class Taken(io.BytesIO):
    """A file that is written into, and taken away as it grows."""

    def take(self) -> bytes:
        """What was written since the last time; who writes counts places by itself."""
        held = self.getvalue()
        self.seek(0)
        self.truncate()
        return held


def arrow_type(kind: str) -> pa.DataType:
    """The type of a column."""
    import pyarrow as pa

    of: dict[str, pa.DataType] = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    inner = kind.removeprefix("list of ")
    if inner == kind:
        return of[kind]
    listed: pa.DataType = pa.list_(of[inner])
    return listed


def json_lines(rows: Iterable[Row], schema: Mapping[str, str]) -> Iterator[bytes]:
    """An object a line; NaN as null."""
    for block in blocks(rows):
        yield b"".join(orjson.dumps({name: row.get(name) for name in schema}) + b"\n" for row in block)


def csv_lines(rows: Iterable[Row], schema: Mapping[str, str]) -> Iterator[bytes]:
    """Comma-separated, names first; lists as JSON; texts that spreadsheets would compute get a `'` before them."""
    yield _csv([list(schema)])
    for block in blocks(rows):
        yield _csv([[cell(row.get(name)) for name in schema] for row in block])


def cell(value: Any) -> str | int | float:
    """A value as a cell of CSV; "" where there is none."""
    value = _value(value)
    if value is None:
        return ""
    if isinstance(value, list | tuple | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    found: int | float = value
    return found


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode("utf-8", "surrogatepass")


def _value(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
