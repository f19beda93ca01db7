"""Tables whose columns are to be named, or were: what they are, and the first rows. Knows no session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from treecore.errors import TreecoreError
from treecore.formats.folder import folder_of, folder_on_disk
from treecore.formats.mapping import certain_columns, preview
from treecore.formats.nested_rows import rows_within
from treecore.formats.rows import is_table
from treecore.formats.source import open_source, read_path
from treecore.formats.tables import BY_NAME, certain
from treecore.formats.unlike import columns_of

Given = bytes | Path | Mapping[str, bytes]
"""The content of a file, a path of this machine, or contents of several files by name."""
MAX_COLUMNS, MAX_LOOKED_AT = 200, 20
"""Columns of a table that can be chosen from; and files of which one is looked for that is a table."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A table in no known format, or several files of which one is such a table: opened once its columns are named.

    Attributes:
        name: of the file, or of all files; given: the file, or all.
        found: what it is, in words.
        columns: their names, of several files those of the first table; `a.b` is field `b` of what is in column `a`.
        rows: the first rows.
        named: role -> column, as the table is open or as it was opened last; {} where nobody said.
    """

    name: str
    given: Given
    found: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]] = field(repr=False)
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        if isinstance(self.given, Path):
            return 0
        return len(self.given) if isinstance(self.given, bytes) else sum(map(len, self.given.values()))


class UnmappedError(TreecoreError):
    """A table whose columns have to be named; `draft` is what is known of it."""

    def __init__(self, found: str, draft: Draft) -> None:
        super().__init__(found)
        self.draft = draft


def draft_of(given: Given, *, name: str, found: str) -> Draft | None:
    """What is given as a table, or the first table of several files; None where there is none but in known formats."""
    if isinstance(given, bytes):
        return table_in(given, name=name, found=found)
    folder = folder_on_disk(given, read_path) if isinstance(given, Path) else folder_of(given, name)
    for member in folder.names[:MAX_LOOKED_AT]:
        if (table := table_in(folder.fetch(member), name=member, found=found)) is not None:
            return replace(table, name=name, given=given, found=f"{found}. These are the columns of {member}")
    return None


def table_in(content: bytes, *, name: str, found: str) -> Draft | None:
    """What a file is as a table; None where it is in a known format, or no table."""
    try:
        source = open_source(content, name=name)
        claimed = certain(source)
        if (claimed is not None and claimed.name != BY_NAME) or not (is_table(source) or columns_of(source)):
            return None
        rows = preview(rows_within(source))
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


def table_of(given: Given, name: str, columns: Mapping[str, str] | None) -> Draft | None:
    """What was opened, as it was before its columns were named; None where there is no table in it.

    Args:
        columns: as they were named; None where their names left no doubt.
    """
    found = "This is how it is open now" if columns else "Its columns were guessed by their names"
    if (draft := draft_of(given, name=name, found=found)) is None:
        return None
    return replace(draft, named=columns or certain_columns(draft.columns))
