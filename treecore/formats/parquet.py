"""Parquet files, opened by pyarrow within limits. Knows nothing about rows of plain values."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from treecore.errors import FormatError
from treecore.formats.limits import MAX_BYTES, MAX_DEPTH, limit
from treecore.formats.parquet_footer import most_values, schema_levels
from treecore.formats.source import Source

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
KIND = "Parquet"
ROWS = 64
"""Rows that are taken from a file at once: few, since one may be large and a column of equal texts is stored once."""
LEVELS = 2
"""Elements of a schema for a list in a list."""
LEVEL = 8
"""Bytes that a value takes at least while it is read, however often it is repeated in the file."""


def is_parquet(data: bytes) -> bool:
    """Whether this is a Parquet file."""
    return data[:4] == MAGIC


def parquet_schema(source: Source) -> pa.Schema:
    """Names and types of the columns.

    Raises:
        FormatError: it is nested too deep.
        pyarrow.ArrowException, OSError, ValueError: it is damaged.
    """
    return _opened(source).schema_arrow


def parquet_batches(source: Source) -> Iterator[pa.RecordBatch]:
    """All rows, a few at once.

    Raises:
        FormatError: it is nested too deep, or would grow to more than a file may.
        pyarrow.ArrowException, OSError, ValueError: it is damaged.
    """
    file = _opened(source)
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    grown, most = sum(group.total_byte_size for group in groups), limit("TREECORE_MAX_BYTES", MAX_BYTES)
    if grown > most:
        raise FormatError(
            f"{grown:,} bytes once decompressed, where the limit is {most:,}",
            where=source.name,
            todo="split the file, or raise the limit by setting TREECORE_MAX_BYTES",
        )
    source.account.grow(grown)
    source.account.afford_rows(file.metadata.num_rows, source.name)
    values = most_values(source.data)
    source.account.afford(LEVEL * values, source.name, what=f"a column of {values:,} values")
    yield from file.iter_batches(batch_size=ROWS)


def _opened(source: Source) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    if schema_levels(source.data) > LEVELS * MAX_DEPTH:
        raise FormatError("its values are nested too deep", where=source.name, todo="flatten them")
    return pq.ParquetFile(io.BytesIO(source.data))
