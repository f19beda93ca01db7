"""Parquet files, opened by pyarrow within limits. Knows nothing about rows of plain values."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from treecore.errors import FormatError
from treecore.formats.limits import MAX_BYTES, MAX_DEPTH, SMALL_FILE, limit
from treecore.formats.parquet_footer import listed_values, schema_levels
from treecore.formats.source import Source

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
KIND = "Parquet"
ROWS_READ = 1024
"""Rows that are read from a file at once, in which equal texts are one."""
LEVELS = 2
"""Elements of a schema for a list in a list."""
LISTED, LISTED_BY_SMALL = 4, 40
"""Bytes to count for a value of a list. All of a small file may be in one row, and then a value takes 40 while pyarrow
reads it, however often it is repeated in the file; of a large file the rows are read a few at a time."""


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


def parquet_batches(source: Source, at_once: int, *, of_columns: bool = False) -> Iterator[pa.RecordBatch]:
    """All rows, at most so many at once; texts as dictionaries, in which equal ones take memory once, as in the file.

    Args:
        of_columns: as of `Account.afford_rows`.

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
    source.account.afford_rows(file.metadata.num_rows, source.name, of_columns=of_columns)
    values = listed_values(source.data)
    each = LISTED if len(source.data) >= SMALL_FILE else LISTED_BY_SMALL
    source.account.afford(each * values, source.name, what=f"lists of {values:,} values")
    leaves = [file.schema.column(number) for number in range(len(file.schema))]
    texts = [leaf.path for leaf in leaves if leaf.logical_type.type == "STRING"]
    for batch in _opened(source, texts).iter_batches(batch_size=ROWS_READ):
        yield from (batch.slice(start, at_once) for start in range(0, len(batch), at_once))


def _opened(source: Source, as_dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    if schema_levels(source.data) > LEVELS * MAX_DEPTH:
        raise FormatError("its values are nested too deep", where=source.name, todo="flatten them")
    return pq.ParquetFile(io.BytesIO(source.data), read_dictionary=list(as_dictionaries))
