"""What was given to open, read: a file, several, a folder; a table in no known format becomes a draft. No session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.opening.background import Tell
from app.opening.opened import Opened, Shelf
from treecore.core.batch import Forests
from treecore.errors import FormatError, TreecoreError
from treecore.formats import read_with_report
from treecore.formats.mapping import preview
from treecore.formats.rows import is_table
from treecore.formats.source import open_source, read_path
from treecore.formats.tables import BY_NAME, certain
from treecore.formats.unlike import columns_of

Given = bytes | Path | Mapping[str, bytes]
"""The content of a file, a path of this machine, or contents of several files by name."""
MAX_COLUMNS = 200
"""Columns of a table that can be chosen from."""
SHELF = Shelf()


@dataclass(frozen=True, eq=False)
class Draft:
    """A table in no known format, which can be opened once its columns are named.

    Attributes:
        name: of the file; given: the file.
        found: what it is, in words.
        columns: their names; `a.b` is field `b` of the objects in column `a`.
        rows: the first rows.
    """

    name: str
    given: bytes
    found: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]] = field(repr=False)


class UnmappedError(TreecoreError):
    """A table whose columns have to be named; `draft` is what is known of it."""

    def __init__(self, found: str, draft: Draft) -> None:
        super().__init__(found)
        self.draft = draft


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
        if (
            columns
            or not isinstance(content, bytes)
            or (draft := draft_of(content, name=name, found=error.found)) is None
        ):
            raise
        raise UnmappedError(str(error), draft) from None
    batch = Forests(report.forests)
    if not key[0]:
        key = (hashlib.sha256("".join(forest.digest for forest in batch).encode()).hexdigest(), key[1])
    fresh = Opened(key[0], forests=batch, report=report, size=report.memory, **{"title": name, **more})
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


def draft_of(content: bytes, *, name: str, found: str) -> Draft | None:
    """What a file is as a table; None where it is in a known format, or no table."""
    try:
        source = open_source(content, name=name)
        claimed = certain(source)
        if (claimed is not None and claimed.name != BY_NAME) or not (is_table(source) or columns_of(source)):
            return None
        rows = preview(source)
    except (TreecoreError, RecursionError):
        return None
    names = column_names(rows)
    return Draft(name, content, found, names, rows) if len(names) > 1 and not is_ours(rows[0]) else None


def is_ours(first: Mapping[str, Any]) -> bool:
    """Whether a row is a damaged forest of our own rather than a row of a table."""
    return bool({"format", "nodes", "forests"} & set(first))


def column_names(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Columns of a table and, after them, fields of the objects in them."""
    names, inner = dict[str, None](), dict[str, None]()
    for row in rows:
        names.update(dict.fromkeys(row))
        for name, value in row.items():
            if isinstance(value, dict):
                inner.update(dict.fromkeys(f"{name}.{one}" for one in value))
    return tuple(list({**names, **inner})[:MAX_COLUMNS])
