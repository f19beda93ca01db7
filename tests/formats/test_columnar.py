"""Parquet and Arrow: rows as they were written, and files that are small only until they are read."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from treecore.errors import FormatError
from treecore.formats import columnar, read
from treecore.formats.columnar import column_batches, column_rows, taken
from treecore.formats.limits import MAX_DEPTH, MAX_NAMES
from treecore.formats.parquet import parquet_batches
from treecore.formats.parquet_footer import listed_values, schema_levels
from treecore.formats.source import Source, open_source

ROWS = [
    {"problem": "3*4+2?", "generations": ["14", "15"], "correctness": [True, None], "about": {"a": 1, "b": None}},
    {"problem": "1+1?", "generations": ["2"], "correctness": [None], "about": {"a": None, "b": "x"}},
]
MANY = 1 << 30
"""Values that take no byte in a file."""


def parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def stream(table: pa.Table) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(len(table) // 2, 1))
    return file.getvalue()


def feather(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pyarrow.feather.write_feather(table, file, **{"compression": "uncompressed", **options})
    return file.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(FormatError) as caught:
        read(data, name="some.file")
    assert str(caught.value).startswith("some.file")
    return str(caught.value)


@pytest.mark.parametrize("write", [parquet, stream, feather])
def test_rows_are_the_same_in_each(write: Callable[[pa.Table], bytes]) -> None:
    first, second = column_rows(open_source(write(pa.Table.from_pylist(ROWS)), name="some.file"))
    assert first == {**ROWS[0], "about": {"a": 1}}
    assert second == {**ROWS[1], "about": {"b": "x"}}


def test_a_stream_that_is_still_written_gives_its_rows_so_far() -> None:
    whole = stream(pa.Table.from_pylist(ROWS))
    assert len(list(column_rows(open_source(whole[:-8], name="some.file")))) == 2


@pytest.mark.parametrize("options", [{"compression": "lz4"}, {"compression": "zstd"}])
def test_compressed_batches_are_refused(options: dict[str, str]) -> None:
    data = feather(pa.table({"problem": ["word " * 1000] * 100}), **options)
    with pytest.raises(FormatError, match="compressed batches or dictionaries"):
        next(column_rows(open_source(data, name="some.file")))


def test_dictionaries_are_refused() -> None:
    data = stream(pa.table({"problem": pa.array(["a", "b", "a"]).dictionary_encode()}))
    with pytest.raises(FormatError, match="compressed batches or dictionaries"):
        next(column_rows(open_source(data, name="some.file")))


def test_types_that_are_no_json_are_refused() -> None:
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(FormatError, match="its values are of type sparse_union"):
        list(column_rows(open_source(stream(pa.table({"a": union})), name="some.file")))


@pytest.mark.parametrize("write", [parquet, stream])
def test_columns_are_counted(write: Callable[[pa.Table], bytes]) -> None:
    names = [f"c{number}" for number in range(MAX_NAMES + 1)]
    data = write(pa.table([pa.array([1])] * len(names), names=names))
    with pytest.raises(FormatError, match="1,001 columns, where the limit is 1,000"):
        list(column_rows(open_source(data, name="some.file")))


def nested(levels: int) -> pa.DataType:
    kind = pa.int32()
    for _ in range(levels):
        kind = pa.list_(kind)
    return kind


def test_lists_within_lists_end_somewhere() -> None:
    deep = pa.table({"problem": ["a"], "generations": pa.array([None], nested(MAX_DEPTH - 2))})
    assert list(column_rows(open_source(stream(deep), name="some.file"))) == [{"problem": "a", "generations": None}]


def footer(levels: int) -> bytes:
    """A Parquet file without rows, whose one column is a group of a group and so on."""

    def number(value: int) -> bytes:
        found = b""
        while value > 127:
            found, value = found + bytes([value & 127 | 128]), value >> 7
        return found + bytes([value])

    def element(name: bytes, children: int | None) -> bytes:
        kind = b"\x15\x02\x25\x02" if children is None else b"\x35\x02"
        return kind + b"\x18" + number(len(name)) + name + (b"" if children is None else b"\x15\x02") + b"\0"

    elements = [element(b"schema", 1), *[element(b"g", 1)] * levels, element(b"x", None)]
    schema = b"\x19\xfc" + number(len(elements)) + b"".join(elements)
    meta = b"\x15\x02" + schema + b"\x16\0\x19\x0c\0"
    return b"PAR1" + meta + struct.pack("<I", len(meta)) + b"PAR1"


@pytest.mark.parametrize("levels", [200, 5_000, 100_000])
def test_a_schema_that_is_nested_deep_is_refused(levels: int) -> None:
    assert schema_levels(footer(levels)) == levels + 2
    with pytest.raises(FormatError, match="nested too deep"):
        list(column_rows(open_source(footer(levels), name="some.file")))


def test_levels_of_a_schema_are_those_of_the_deepest_column() -> None:
    table = pa.table({"a": [1], "b": pa.array([None], nested(3)), "c": [{"d": {"e": 1}, "f": 2}], "g": ["h"]})
    assert schema_levels(parquet(table)) == 1 + 2 * 3 + 1


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        (b"\x29" + b"\x19" * 5_000, "nested too deep"),
        (b"\x2c" * 5_000, "nested too deep"),
        (b"\x18\xff\xff\xff\xff\x07", "ends too early"),
        (b"\x16" + b"\xff" * 12, "too many digits"),
        (b"\x1d", "of kind 13"),
        (b"\x19\xfc\xff\xff\xff\xff\x07", "ends too early"),
        (b"\x45\x02\x00", "field 4 of the footer lists no structures"),
        (b"\x49\x15\x02\x00", "field 4 of the footer lists no structures"),
        (b"\x49\x1c\x39\x15\x02\x00\x00", "field 3 of the footer is no number"),
    ],
)
def test_a_footer_that_is_none(meta: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        listed_values(b"PAR1" + meta + struct.pack("<I", len(meta)) + b"PAR1")


def empty_lists() -> pa.Table:
    return pa.table(
        {"problem": ["a"], "generations": pa.ListArray.from_arrays(pa.array([0, MANY], pa.int32()), pa.nulls(MANY))}
    )


def fixed_lists() -> pa.Table:
    return pa.table({"problem": ["a"], "generations": pa.FixedSizeListArray.from_arrays(pa.nulls(MANY), MANY)})


@pytest.mark.parametrize("make", [empty_lists, fixed_lists])
def test_values_that_take_no_byte_are_counted(make: Callable[[], pa.Table]) -> None:
    data = stream(make())
    assert len(data) < 1_000
    assert "would take more than 200 MB" in refusal(data)


def test_rows_that_take_no_byte_are_counted() -> None:
    data = stream(pa.table({"problem": pa.nulls(MANY)}))
    with pytest.raises(FormatError, match=f"{MANY // 2:,} rows would take more"):
        next(column_rows(open_source(data, name="some.file")))


def test_rows_that_are_equal_are_counted_before_they_are_read() -> None:
    n = 500_000
    text = pa.array(["q"]).dictionary_encode().take(pa.array([0] * n, pa.int32())).dictionary_decode()
    data = parquet(pa.table({"step": pa.array([1] * n), "prompt": text, "completion": text, "advantage": [0.0] * n}))
    assert len(data) < 100_000
    assert f"{n:,} rows would take more than 200 MB" in refusal(data)


def table_of(rows: int, **more: Any) -> bytes:
    """Rows that differ and take less than a byte each."""
    answers = ["ABCD"[n * 7919 % 31 % 4] for n in range(rows)]
    prompts = [f"q{n * 100 // rows}" for n in range(rows)]
    columns: dict[str, Any] = {"step": np.zeros(rows), "prompt": prompts, "completion": answers, **more}
    return parquet(pa.table(columns))


def test_rows_of_plain_columns_may_take_less_than_a_byte() -> None:
    data = table_of(150_000, advantage=np.zeros(150_000))
    assert len(data) < 150_000
    assert len(read(data)) == 100


@pytest.mark.parametrize("nested", [True, False])
def test_rows_that_are_not_held_in_plain_columns_are_bounded(nested: bool) -> None:
    n = 101_000
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(n)), 1)
    data = table_of(n, advantage=np.zeros(n), words=lists) if nested else table_of(n, advantages=np.zeros(n))
    assert "more than 100,000 rows in a file of this size; split the file" in refusal(data)


@pytest.mark.parametrize("columns", [1, 8])
def test_values_of_lists_that_are_equal_are_counted_before_they_are_read(columns: int) -> None:
    """One row of 1,500 bytes took 770 MB, and several columns of it together as many times."""
    n = 8_000_000 // columns
    column = pa.ListArray.from_arrays(pa.array([0, n], pa.int32()), pa.nulls(n, pa.int8()))
    names = ["generations", *(f"more {number}" for number in range(columns - 1))]
    data = parquet(pa.table({"problem": ["a"], **dict.fromkeys(names, column)}))
    assert len(data) < 10_000
    assert f"lists of {columns * (n - 1):,} values would take more" in refusal(data)


def test_offsets_that_point_out_of_their_column_are_damage() -> None:
    whole = stream(pa.table({"problem": ["abcdefgh"], "generations": [["x"]]}))
    found = whole.replace(struct.pack("<II", 0, 8), struct.pack("<II", 0, 800_000))
    assert found != whole
    assert "the Arrow file is damaged" in refusal(found)


def test_texts_that_are_equal_take_memory_once_until_they_are_counted() -> None:
    """A file of 7 kB, 25 columns of one long text, took 1.7 GB before any of it was counted."""
    text = "a" * 500_000
    rows = {"problem": [text] * 200, "generations": [[text] * 4] * 200, "about": [{"a": text}] * 200}
    data = parquet(pa.table(rows))
    assert len(data) < 100_000
    before = pa.total_allocated_bytes()
    batch = next(parquet_batches(open_source(data, name="some.file"), 64))
    assert pa.total_allocated_bytes() - before < 8_000_000
    assert sum(taken(column)[1] for column in batch.columns) >= 64 * 6 * len(text)
    assert "rows of it would take more than 200 MB" in refusal(data)


def test_a_table_without_columns_says_so() -> None:
    with pytest.raises(FormatError, match=r"none.parquet: a table without columns; give one with"):
        read(parquet(pa.table({})), name="none.parquet")
    wide = pa.table({f"c{number}": [1] for number in range(1001)})
    with pytest.raises(FormatError, match="1,001 columns, where the limit is 1,000"):
        read(parquet(wide), name="wide.parquet")


def test_what_a_column_takes_is_worked_out_once_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr("treecore.formats.columnar.taken", lambda column: seen.append(len(column)) or taken(column))
    table = pa.table({"a": np.zeros(1500), "b": ["x"] * 1500})
    assert sum(len(batch["a"]) for batch in column_batches(open_source(parquet(table)))) == 1500
    assert seen == [1024, 1024, 476, 476]


def test_a_schema_is_read_once_however_many_formats_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    schema = columnar.parquet_schema

    def counted(source: Source) -> pa.Schema:
        asked.append(source.name)
        return schema(source)

    monkeypatch.setattr(columnar, "parquet_schema", counted)
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), file)
    assert len(read(file.getvalue(), name="rows.parquet")) == 2
    assert asked == ["rows.parquet"]
