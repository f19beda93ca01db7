"""Tables that lie in columns, Parquet and Arrow, as rows of plain values within limits. Knows no rollouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from treecore.errors import FormatError
from treecore.formats.arrow import KIND as ARROW
from treecore.formats.arrow import arrow_batches, arrow_schema, is_arrow
from treecore.formats.limits import CELL, MAX_DEPTH, MAX_NAMES, TEXT, VALUE
from treecore.formats.parquet import KIND as PARQUET
from treecore.formats.parquet import is_parquet, parquet_batches, parquet_schema
from treecore.formats.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "schema"
"""Where a source keeps its columns: every format asks for them before one claims the file."""
FLAT_ROWS, ROWS = 1024, 64
"""Rows that are plain values at once where no column holds lists or objects, and else: a single row may be large."""


def is_columnar(data: bytes) -> bool:
    """Whether this is a Parquet or Arrow file."""
    return is_parquet(data) or is_arrow(data)


def column_names(source: Source) -> list[str]:
    """Names of the columns.

    Raises:
        FormatError: it is damaged, or has too many, or one that is nested too deep or of a type without text.
    """
    return list(_schema(source).names)


def column_keys(source: Source) -> frozenset[str]:
    """The same without order; empty where the file is damaged."""
    with suppress(FormatError):
        return frozenset(column_names(source))
    return frozenset()


def column_kinds(source: Source) -> dict[str, str]:
    """Name of a column -> `list`, `object`, `text`, `bool`, `number`, or "" for another; empty where it is damaged."""
    import pyarrow as pa

    kinds: dict[str, Callable[[pa.DataType], bool]] = {
        "list": _is_list,
        "object": pa.types.is_struct,
        "text": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "bool": pa.types.is_boolean,
        "number": lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind),
    }
    with suppress(FormatError):
        return {
            column.name: next((name for name, fits in kinds.items() if fits(column.type)), "")
            for column in _schema(source)
        }
    return {}


def column_rows(source: Source) -> Iterator[dict[str, Any]]:
    """Rows as plain JSON values: times and bytes as text, nulls kept, but for those inside objects, where a column
    has the fields of all rows.

    Raises:
        FormatError: it is damaged, or would grow to more than a file may.
    """
    with _damage_named(source):
        for batch, _ in _batches(source):
            for row in batch.to_pylist():
                yield {name: _plain(value) for name, value in row.items()}


def column_batches(source: Source) -> Iterator[dict[str, list[Any]]]:
    """The same rows by columns, some rows at once, to be held together: name -> values, nulls kept.

    Raises:
        FormatError: as `column_rows`, and where all rows together would take more than the file may.
    """
    held = 0
    with _damage_named(source):
        for batch, counts in _batches(source, by_columns=True):
            held += sum(map(_held, batch.columns, counts))
            source.account.afford(held, source.name, what="its rows")
            yield {name: _values(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}


def _batches(source: Source, *, by_columns: bool = False) -> Iterator[tuple[pa.RecordBatch, list[Taken]]]:
    """Rows, as many at once as may be made plain values, and what each column of them takes.

    Errors as of pyarrow, and as `column_rows`.
    """
    is_flat = not any(map(_is_nested, _schema(source).types))
    batches = arrow_batches if is_arrow(source.data) else parquet_batches
    for batch in batches(source, FLAT_ROWS if is_flat else ROWS, of_columns=by_columns and is_flat):
        counts = list(map(taken, batch.columns))
        values, size = sum(one.values for one in counts), sum(one.size for one in counts)
        source.account.afford(max(4 * size, VALUE * values), source.name, what="rows of it")
        yield batch, counts


def _values(column: Any) -> list[Any]:
    """Plain values of a column of pyarrow; texts that a dictionary has once are one object."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind) and len(column.dictionary) <= len(column):
        words = _values(column.dictionary)
        return [None if place is None else words[place] for place in _values(column.indices)]
    if pa.types.is_dictionary(kind):
        return _values(column.dictionary_decode())
    number = _is_number(kind)
    if pa.types.is_string(kind) or (number and not column.null_count):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    return [*column.to_pylist()] if number else list(map(_plain, column.to_pylist()))


def _held(column: Any, count: Taken) -> int:
    """Bytes that `_values` of a column take, and what is made of them.

    Args:
        count: what is `taken` by it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind) and len(column.dictionary) <= len(column):
        words = TEXT * len(column.dictionary) + (pc.sum(pc.binary_length(column.dictionary)).as_py() or 0)
        return CELL * len(column) + words
    return CELL * count.values + (count.size if _is_nested(kind) or not _is_number(kind) else 0)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _is_nested(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


class Taken(NamedTuple):
    """Values of a column of pyarrow, nulls and those of its lists included, and bytes of them as plain values.

    Some take no byte in a file, and equal texts of a dictionary take theirs once.
    """

    values: int
    size: int


def taken(array: Any) -> Taken:
    """What a column of pyarrow takes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values, size, waiting = 0, 0, [array]
    while waiting:
        one = waiting.pop()
        values += len(one)
        if _is_list(one.type):
            waiting.append(one.flatten())
        elif pa.types.is_struct(one.type):
            waiting += one.flatten()
        elif pa.types.is_map(one.type):
            waiting += [one.keys, one.items]
        elif pa.types.is_dictionary(one.type):
            size += pc.sum(pc.take(pc.binary_length(one.dictionary), one.indices)).as_py() or 0
        else:
            size += one.nbytes
    return Taken(values, size)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _schema(source: Source) -> pa.Schema:
    """Names and types of the columns.

    Raises:
        FormatError: it is damaged, or has too many columns, or one that is nested too deep or of a type without text.
    """
    schema: pa.Schema | None = source.found.get(SCHEMA)
    if schema is not None:
        return schema
    with _damage_named(source):
        schema = arrow_schema(source) if is_arrow(source.data) else parquet_schema(source)
        if (count := len(schema.names)) > MAX_NAMES:
            raise FormatError(f"{count:,} columns, where the limit is {MAX_NAMES:,}", where=source.name)
        for column in schema:
            _check(column.type, f"{source.name}, column {column.name}")
        source.found[SCHEMA] = schema
        return schema


def _check(kind: pa.DataType, where: str) -> None:
    """Refuse types that are nested too deep, and those whose values may be larger than what stands in the file."""
    import pyarrow as pa

    waiting = [(kind, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise FormatError("its values are nested too deep", where=where, todo="flatten them")
        if pa.types.is_nested(one) and not (_is_list(one) or pa.types.is_struct(one) or pa.types.is_map(one)):
            raise FormatError(f"its values are of type {str(one)[:40]}", where=where, todo="write lists and objects")
        waiting += [(one.field(n).type, depth + 1) for n in range(one.num_fields)]


@contextmanager
def _damage_named(source: Source) -> Iterator[None]:
    """What pyarrow raises meanwhile, as our own error."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        kind = ARROW if is_arrow(source.data) else PARQUET
        reason = str(error).split("\n", 1)[0][:200]
        raise FormatError(f"the {kind} file is damaged ({reason})", where=source.name, todo="copy it again") from None


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
