"""Tables in no known format as formats of their own: by columns that were named, or whose names leave no doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from treecore.formats.answers import Answers
from treecore.formats.mapped import read_table
from treecore.formats.mapping import certain_columns
from treecore.formats.notes import Notes
from treecore.formats.registry import Format, claims
from treecore.formats.rollout import Rollout
from treecore.formats.rows import is_table, row_keys
from treecore.formats.source import Source
from treecore.formats.unlike import columns_of

BY_NAME, BY_COLUMNS = "usual_table", "table"
"""Names of the formats of tables whose columns are certain by name, and of those whose columns were named."""


def certain(source: Source) -> Format | None:
    """The format that claims the content, else that of a table whose columns are certain by name; None without both."""
    if (claimed := claims(source)) is not None:
        return claimed
    names = row_keys(source) if is_table(source) else columns_of(source)
    columns = certain_columns(names)
    return _by_name(tuple(columns.items())) if columns else None


def table_format(columns: Mapping[str, str]) -> Format:
    """The format of tables whose columns are named: role -> column."""
    return Format(
        name=BY_COLUMNS,
        title="table by named columns",
        extensions=(),
        detect=lambda source: True,
        rollouts=lambda source, notes: read_table(source, columns, notes),
    )


@lru_cache(maxsize=64)
def _by_name(columns: tuple[tuple[str, str], ...]) -> Format:
    """One format for all files with these columns."""

    def rollouts(source: Source, notes: Notes) -> Iterator[Answers | Rollout]:
        for role, name in columns:
            notes.guess(f"column {name!r} is the {role}, by its name")
        if "group" not in dict(columns):
            notes.guess("rows with the same prompt are one group")
        own = Notes()
        yield from read_table(source, dict(columns), own)
        own.recognised.clear()  # what columns are is a guess here
        notes.add(own)

    title = "table with usual columns"
    return Format(name=BY_NAME, title=title, extensions=(), detect=lambda source: True, rollouts=rollouts)
