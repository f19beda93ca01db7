"""How fast files of other tools are read, against their containers' own parsers on the same bytes."""

from __future__ import annotations

import csv
import io
import os
import tracemalloc
from collections.abc import Callable
from typing import Any

import orjson

from treecore.bench.measure import best_of, machine
from treecore.bench.reading_files import MADE
from treecore.formats import read_with_report
from treecore.formats.archive import ZIP_MAGIC, archive
from treecore.formats.parquet import is_parquet
from treecore.formats.rows import is_table
from treecore.formats.source import Source, open_source

GOAL, MEMORY_GOAL = 3.0, 4.0
"""Times the CPU seconds of the parser alone; times the decompressed size in memory."""
PARSERS = {
    "orjson": "orjson.loads of every line, or of the whole document",
    "pyarrow": "the whole table, as Python rows",
    "csv": "Python's csv.reader",
    "orjson, twice": "orjson.loads of every line, and of what texts in it hold as JSON",
    "members, orjson": "every member unpacked, and orjson.loads of it",
}
OnProgress = Callable[[str, int, int], None]


def bench_read(
    made: dict[str, bytes] | None = None, *, rows: int, repeats: int = 10, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """All figures, JSON-ready.

    Args:
        made: name -> content of a file, in place of those that are made up.
        rows: of each made-up file.
        repeats: runs of each side; the least counts.
        on_progress: hears what is done, and how much of how much.
    """
    tell = on_progress or (lambda what, done, total: None)
    host = machine()
    files = made if made is not None else {name: make(rows) for name, make in MADE.items()}
    cases = []
    for number, (name, content) in enumerate(files.items()):
        tell(name, number, len(files))
        cases.append(case(name, content, repeats))
    return {
        "bench": "read",
        "machine": host | {"load_after": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None},
        "peers": PARSERS,
        "goals": {"times_parser": GOAL, "times_memory": MEMORY_GOAL},
        "cases": cases,
    }


def case(name: str, content: bytes, repeats: int) -> dict[str, Any]:
    """One file read by us and by its parser."""
    source = open_source(content, name=name)
    own = best_of(lambda: read_with_report(content, name=name), repeats)
    peer, how = parser(source)
    plain = best_of(peer, repeats)
    tracemalloc.start()
    report = read_with_report(content, name=name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "file": name,
        "format": report.format,
        "parser": how,
        "megabytes": len(content) / 1e6,
        "forests": len(report.forests),
        "steps": report.n_nodes,
        "seconds": own.wall,
        "bytes_per_second": len(content) / own.wall,
        "parser_seconds": plain.wall,
        "times_parser": own.cpu / plain.cpu,
        "times_memory": peak / decompressed(source),
    }


def parser(source: Source) -> tuple[Callable[[], Any], str]:
    """The container's own parser, and its name."""
    data = bytes(source.data)
    if is_parquet(data):
        import pyarrow.parquet as pq

        return lambda: pq.read_table(io.BytesIO(data)).to_pylist(), "pyarrow"
    if data.startswith(ZIP_MAGIC):
        return lambda: members(data), "members, orjson"
    if not is_table(source):
        return lambda: list(csv.reader(io.StringIO(data.decode(), newline=""))), "csv"
    texts = [bytes(text.data) for text in source.texts()]
    if source.head.get("attributes"):
        return lambda: [within(orjson.loads(text)) for text in texts], "orjson, twice"
    return lambda: [orjson.loads(text) for text in texts], "orjson"


def within(span: dict[str, Any]) -> list[Any]:
    """The JSON that attributes of a span hold as text, parsed."""
    return [orjson.loads(text) for text in span["attributes"].values() if text[:1] == "["]


def members(data: bytes) -> list[Any]:
    """Every member of an archive, parsed."""
    box = archive(data, "archive")
    return [orjson.loads(box.fetch(name)) for name in box.names]


def decompressed(source: Source) -> int:
    """Bytes of the content without any compression, about."""
    data = bytes(source.data)
    if is_parquet(data):
        import pyarrow.parquet as pq

        found = pq.ParquetFile(io.BytesIO(data)).metadata
        return max(sum(found.row_group(number).total_byte_size for number in range(found.num_row_groups)), len(data))
    if data.startswith(ZIP_MAGIC):
        box = archive(data, "archive")
        return sum(len(box.fetch(name)) for name in box.names)
    return len(data)
