"""Rows that lie inside an object, under a field of it or one level further down, or that are its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import orjson

from treecore.errors import FormatError
from treecore.formats.limits import json_cost
from treecore.formats.mapping import NEEDED, field_in
from treecore.formats.messages import is_chat
from treecore.formats.notes import Notes
from treecore.formats.source import Source

NAMED, PLACES = 12, 3
"""Fields and places that are named."""
LOOKED_AT = 5
"""Rows of which one has to have the columns that are named."""
WITHIN = "rows within"
"""What `Source.found` calls the place of the rows, and the fields beside it."""
OURS = frozenset({"format", "nodes", "forests"})
"""Fields by which a forest that lacks something is known."""


def fields_of(source: Source) -> Mapping[str, Any]:
    """The fields of a file that is one object; {} for any other."""
    return {} if source.by_lines or source.data[:4096].lstrip()[:1] != b"{" else source.head


def lists_in(fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Place -> list that begins with an object: `a`, and where there is none at all `a.b`, in the order of the file."""
    found = {name: value for name, value in fields.items() if _is_list_of_objects(value)}
    inner = {
        f"{name}.{one}": rows
        for name, value in fields.items()
        if isinstance(value, dict)
        for one, rows in value.items()
    }
    return found or {name: value for name, value in inner.items() if _is_list_of_objects(value)}


def rows_of(source: Source, columns: Mapping[str, str]) -> tuple[Source, dict[str, str]]:
    """The rows that have these columns, of the file or of a list in it, and the columns as they are called there.

    Args:
        columns: role -> column; `a.b` may be column `b` of the rows under `a`.

    Raises:
        FormatError: several lists have them, or they take more memory than the file may.
    """
    fields = fields_of(source)
    if _have([fields], columns):
        return columns_as_rows(source), dict(columns)
    if fields:
        own = {place: _beneath(columns, place=place) for place in lists_in(fields)}
        fits = [place for place, names in own.items() if _have(lists_in(fields)[place], names)]
        meant = [place for place in fits if own[place] != dict(columns)] or fits
        if len(meant) > 1:
            found = f"there are such rows under {' and under '.join(map(repr, meant[:NAMED]))}"
            todo = f"say which: {meant[0]}.{columns[NEEDED[0]]}"
            raise FormatError(found, where=source.name, todo=todo)
        if meant:
            return _rows_at(source, meant[0]), own[meant[0]]
    return source, dict(columns)


def inner_names(fields: Mapping[str, Any]) -> str:
    """What lies one level down, as the end of a clause: fields of objects, and of the rows of lists; "" for nothing."""
    objects = {name: sorted(value) for name, value in fields.items() if isinstance(value, dict) and value}
    rows = {place: sorted(rows[0]) for place, rows in lists_in(fields).items()}
    said = [f"{', '.join(cut[:NAMED])} in {name}" for name, cut in islice(objects.items(), PLACES)]
    said += [f"rows with {', '.join(cut[:NAMED])} under {place}" for place, cut in islice(rows.items(), PLACES)]
    return "".join(f"; {one}" for one in said)


def _beneath(columns: Mapping[str, str], *, place: str) -> dict[str, str]:
    return {role: name.removeprefix(f"{place}.") for role, name in columns.items()}


def _have(rows: Sequence[Any], columns: Mapping[str, str]) -> bool:
    """Whether the columns that are needed are there."""
    wanted = [columns[role] for role in NEEDED if role in columns]
    objects = [row for row in rows[:LOOKED_AT] if isinstance(row, dict)]
    return all(any(name in row or field_in(row, name) is not None for row in objects) for name in wanted)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _rows_at(source: Source, place: str) -> Source:
    """The rows of a place in the object, as a file of their own; the file itself where they are no JSON."""
    source.account.afford(json_cost(source.data), source.name, what="its JSON")
    try:
        inner = replace(source, data=orjson.dumps(lists_in(source.head)[place]))
    except orjson.JSONEncodeError:
        return source
    outer, _, under = place.partition(".") if place not in source.head else (place, "", "")
    beside = [name for name in source.head if name != outer]
    if under:
        beside += [f"{outer}.{name}" for name in source.head[outer] if name != under]
    inner.found[WITHIN] = (place, beside)
    return inner


def rows_within(source: Source) -> Source:
    """The rows of an object in which there is one list of objects alone, as a file of their own; else itself.

    Raises:
        FormatError: they take more memory than the file may.
    """
    lists = [] if source.head.keys() & OURS else [*lists_in(fields_of(source))]
    return _rows_at(source, lists[0]) if len(lists) == 1 else source


def columns_as_rows(source: Source) -> Source:
    """The rows of an object of columns, each a list or, as pandas writes them, an object by row; else itself.

    Raises:
        FormatError: they take more memory than the file may.
    """
    if not (columns := list(fields_of(source).values())):
        return source
    if all(isinstance(one, dict) and one.keys() == columns[0].keys() for one in columns):
        columns = [list(one.values()) for one in columns]
    sized = all(isinstance(one, list) and len(one) == len(columns[0]) and not is_chat(one) for one in columns)
    if not sized or not columns[0]:
        return source
    source.account.afford(json_cost(source.data), source.name, what="its JSON")
    rows = [dict(zip(source.head, values, strict=True)) for values in zip(*columns, strict=True)]
    try:
        return replace(source, data=orjson.dumps(rows))
    except orjson.JSONEncodeError:
        return source


def note_rows_within(source: Source, notes: Notes) -> None:
    """Say where rows were found, and what stood beside them."""
    if WITHIN in source.found:
        name, others = source.found[WITHIN]
        notes.recognise(f'rows lie under "{name}"')
        if others:
            notes.drop(f'what stands beside "{name}" ({", ".join(others[:NAMED])})')
