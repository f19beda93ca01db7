"""Rows of Parquet files, read by pyarrow within limits. Knows nothing about rollouts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from treecore.errors import FormatError
from treecore.formats.limits import MAX_BYTES, MAX_NAMES, limit
from treecore.formats.source import Source

if TYPE_CHECKING:
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
ROWS = 64
"""Rows that are taken from a file at once: few, since one may be large and a column of equal texts is stored once."""


def is_parquet(data: bytes) -> bool:
    """Whether this is a Parquet file."""
    return data[:4] == MAGIC


def parquet_keys(source: Source) -> frozenset[str]:
    """Names of the columns; empty where the file is damaged."""
    with suppress(FormatError):
        return frozenset(_opened(source).schema_arrow.names)
    return frozenset()


def parquet_kinds(source: Source) -> dict[str, str]:
    """Name of a column -> `list`, `object`, `text`, `bool`, `number`, or "" for another; empty where it is damaged."""
    import pyarrow as pa

    kinds: dict[str, Callable[[pa.DataType], bool]] = {
        "list": lambda kind: (
            pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
        ),
        "object": pa.types.is_struct,
        "text": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "bool": pa.types.is_boolean,
        "number": lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind),
    }
    with suppress(FormatError):
        return {
            column.name: next((name for name, fits in kinds.items() if fits(column.type)), "")
            for column in _opened(source).schema_arrow
        }
    return {}


def parquet_rows(source: Source) -> Iterator[dict[str, Any]]:
    """Rows as plain JSON values: times and bytes as text, nulls kept, but for those inside objects, where a column
    has the fields of all rows.

    Raises:
        FormatError: it is damaged, or would grow to more than a file may.
    """
    import pyarrow as pa

    file = _opened(source)
    grown = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
    most = limit("TREECORE_MAX_BYTES", MAX_BYTES)
    if grown > most:
        raise FormatError(
            f"{grown:,} bytes once decompressed, where the limit is {most:,}",
            where=source.name,
            todo="split the file, or raise the limit by setting TREECORE_MAX_BYTES",
        )
    source.account.grow(grown)
    try:
        for batch in file.iter_batches(batch_size=ROWS):
            source.account.afford(4 * batch.nbytes, source.name, "rows of it")
            for row in batch.to_pylist():
                yield {name: _plain(value) for name, value in row.items()}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(source, error) from None


def _opened(source: Source) -> pq.ParquetFile:
    """The file, its schema read.

    Raises:
        FormatError: it is damaged, or has too many columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(source.data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(source, error) from None
    if (count := len(file.schema_arrow.names)) > MAX_NAMES:
        raise FormatError(f"{count:,} columns, where the limit is {MAX_NAMES:,}", where=source.name)
    return file


def _damaged(source: Source, error: Exception) -> FormatError:
    reason = str(error).split("\n", 1)[0][:200]
    return FormatError(f"the Parquet file is damaged ({reason})", where=source.name, todo="copy it again")


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
