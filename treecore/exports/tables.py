"""Rows of named values as the content of a file: Parquet, JSON lines, CSV. Knows nothing about forests."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = (".parquet", ".jsonl", ".csv")
BLOCK = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that spreadsheets take for a formula."""

Row = Mapping[str, Any]


def content(rows: Sequence[Row], ending: str, schema: Mapping[str, str]) -> Iterable[bytes]:
    """Rows as the content of a file.

    Args:
        rows: name -> value; text, numbers, booleans, lists of these; None where there is none.
        ending: of `TABLES`.
        schema: name -> type of each column, in order: `text`, `int`, `float`, `bool`, or `list of ` one of them.
    """
    if ending == ".parquet":
        return [parquet(rows, schema)]
    return json_lines(rows, schema) if ending == ".jsonl" else csv_lines(rows, schema)


def parquet(rows: Sequence[Row], schema: Mapping[str, str]) -> bytes:
    """A whole Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [pa.array([_value(row.get(name)) for row in rows], arrow_type(kind)) for name, kind in schema.items()]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=list(schema)), file)
    return file.getvalue()


def arrow_type(kind: str) -> pa.DataType:
    """The type of a column."""
    import pyarrow as pa

    of: dict[str, pa.DataType] = {
        "text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()
    }  # fmt: skip
    inner = kind.removeprefix("list of ")
    if inner == kind:
        return of[kind]
    listed: pa.DataType = pa.list_(of[inner])
    return listed


def json_lines(rows: Iterable[Row], schema: Mapping[str, str]) -> Iterator[bytes]:
    """An object a line; NaN as null."""
    given = iter(rows)
    while block := list(islice(given, BLOCK)):
        yield b"".join(orjson.dumps({name: row.get(name) for name in schema}) + b"\n" for row in block)


def csv_lines(rows: Iterable[Row], schema: Mapping[str, str]) -> Iterator[bytes]:
    """Comma-separated, names first; lists as JSON; texts that spreadsheets would compute get a `'` before them."""
    yield _csv([list(schema)])
    given = iter(rows)
    while block := list(islice(given, BLOCK)):
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
