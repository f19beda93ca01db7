"""What was given to open, read: a file, several, a folder; a table in no known format becomes a draft. No session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.opening.background import Tell
from app.opening.draft import Given, UnmappedError, draft_of, table_of
from app.opening.opened import Opened, Shelf
from treecore.core.batch import Forests
from treecore.core.rooted import rooted
from treecore.errors import FormatError
from treecore.formats import read_with_report
from treecore.formats.source import read_path
from treecore.formats.tables import BY_COLUMNS, BY_NAME

SHELF = Shelf()


def read(
    given: Given, name: str, tell: Tell | None = None, *, columns: Mapping[str, str] | None = None, **more: Any
) -> Opened:
    """What is given, opened; the same object for all who have it open.

    Args:
        columns: of a table, what its columns are.
        more: further fields of `Opened`.

    Raises:
        UnmappedError: a table in no known format, and no columns are named.
        TreecoreError: it cannot be read.
    """
    content = read_path(str(given), name) if isinstance(given, Path) and not given.is_dir() else given
    key = (digest(content, columns or {}), more.get("title", name))
    if key[0] and (known := SHELF.find(key)) is not None:
        return known
    whole = given if isinstance(given, Path) and given.is_file() else content
    try:
        report = read_with_report(whole, name=name, columns=columns, on_progress=tell)
    except FormatError as error:
        if columns or (draft := draft_of(content, name=name, found=error.found)) is None:
            raise
        raise UnmappedError(str(error), draft) from None
    batch = rooted(Forests(report.forests))
    if not key[0]:
        key = (hashlib.sha256("".join(forest.digest for forest in batch).encode()).hexdigest(), key[1])
    table = None
    if report.format in (BY_NAME, BY_COLUMNS):
        table = table_of(content, name, columns)
    size = report.memory + (table.size if table else 0)
    fresh = Opened(key[0], forests=batch, report=report, table=table, size=size, **{"title": name, **more})
    return SHELF.put(key, fresh)


def digest(content: Given, columns: Mapping[str, str]) -> str:
    """One hash of all that is given; "" for a folder of this machine, which may change."""
    if isinstance(content, Path):
        return ""
    whole = hashlib.sha256(content if isinstance(content, bytes) else b"")
    for name, data in sorted(content.items()) if isinstance(content, Mapping) else ():
        whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode(errors="surrogateescape"))
    if columns:
        whole.update(repr(sorted(columns.items())).encode(errors="surrogateescape"))
    return whole.hexdigest()
