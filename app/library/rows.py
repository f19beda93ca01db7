"""Forests of rows of a library: read beside the page for a look at them, and opened in other views."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from app import state
from app.library.folders import Run
from app.opening.background import Tell
from app.opening.opened import Opened
from app.state.side_job import Asked, SideJob
from treecore.core.forest import Forest
from treecore.core.prefixes import merge_chains
from treecore.core.rooted import with_roots
from treecore.errors import FormatError, TreecoreError
from treecore.library.filters import Filters
from treecore.library.opening import open_forests, stamp
from treecore.library.overview import Row, passing, place_of
from treecore.views.labels import cut, question

PLACE = re.compile(r"(\d{1,9})@(.+)", re.S)
MAX_ROWS, MAX_TOGETHER = 2, 1000
"""Forests that a button of a row opens, and the one for all rows."""
TITLE, NAME = 400, 60
"""Characters of a prompt as the title of what is open, and while it is read."""


def row_of(run: Run, place: str) -> Row | None:
    """The row that the address or the browser names; None where there is none."""
    found = PLACE.fullmatch(place)
    return place_of(run.index, found[2], int(found[1])) if found else None


def place_in_words(row: Row) -> str:
    """A row as the address holds it."""
    return f"{row.columns['number']}@{row.columns['file']}"


def name_of(row: Row) -> str:
    """The question of a row, else its id."""
    return question(row.columns["prompt"]) or str(row.columns["id"])


def looked_at(job: SideJob, run: Run, row: Row) -> Asked:
    """The forest of a row, read beside the page; read anew once its file was indexed anew.

    Raises:
        FormatError: there is no index.
    """
    key = (run.key, place_in_words(row), stamp(run.index, row.columns["file"]))
    return job.ask(key, cut(name_of(row), NAME), partial(read, run, row))


def read(run: Run, row: Row, tell: Tell) -> Opened:
    """The forest of a row, separate answers as the tree of their common beginnings. Touches no session.

    Raises:
        FormatError: its file has changed since it was read.
    """
    forests = [merged(forest) for forest in forests_of(run, [row], tell)]
    return state.opened_forests(forests, cut(name_of(row), TITLE))


def forests_of(run: Run, rows: Sequence[Row], tell: Tell = lambda done, total: None) -> list[Forest]:
    """The forests of rows as their files have them.

    Raises:
        FormatError: a file has changed since it was read.
    """
    places = [(str(row.columns["file"]), int(row.columns["number"])) for row in rows]
    return open_forests(run.path, run.index, places, tell)


def merged(forest: Forest) -> Forest:
    """Separate answers as the tree of their common beginnings, below the prompt."""
    return with_roots(merge_chains(forest))


def open_in(run: Run, places: Sequence[str], then: Mapping[str, Any]) -> None:
    """Begin to open forests of rows, the last of them shown; a row that is no more leaves a notice. Only from
    callbacks.

    Args:
        then: what the session is to hold once they are open.
    """
    for job in (state.LOOKING, state.PARTNER):
        job.drop()  # a visitor's files take turns
    try:
        begin_rows(run, places, then)
    except TreecoreError as error:
        state.put({"notice": f"{error}."})


def open_in_explore(run: Run, places: Sequence[str]) -> None:
    """Open forests of rows in Explore. Only from callbacks."""
    open_in(run, places, {"view": "explore"})


def compare(run: Run, places: Sequence[str]) -> None:
    """The same as two tables side by side. Only from callbacks."""
    open_in(run, places, {"view": "compare", "compare:show": "forests"})


def begin_rows(run: Run, places: Sequence[str], then: Mapping[str, Any] | None = None) -> None:
    """Begin to open forests of rows, as far as there are such rows.

    Args:
        then: what the session is to hold once they are open, beside the last of them as the one that is shown.

    Raises:
        FormatError: there is no index.
    """
    rows = [row for place in places[:MAX_ROWS] if (row := row_of(run, place)) is not None]
    if not rows:
        return
    last = len(rows) - 1
    shown = {} if then is None else {**then, "forest": last, "turned": last}
    state.open_made(partial(rows_opened, run, rows), cut(name_of(rows[0]), NAME), then=shown)


def rows_opened(run: Run, rows: Sequence[Row], tell: Tell) -> Opened:
    """Forests of rows as something that is open. Touches no session.

    Raises:
        FormatError: a file has changed since it was read.
    """
    origin = ":".join(["library", run.key, "|".join(map(place_in_words, rows))])
    return state.opened_forests(forests_of(run, rows, tell), cut(name_of(rows[0]), TITLE), origin=origin)


def open_all(run: Run, filters: Filters, view: str) -> None:
    """Begin to open all forests that pass the filters, in a view of what is open. Only from callbacks."""
    begin_all(run, filters)
    state.put({"view": view})


def begin_all(run: Run, filters: Filters) -> None:
    """Begin to open all forests that pass the filters, in the order of the table."""
    filters = replace(filters, page=0, pair=None)
    state.open_made(partial(passing_forests, run, filters), run.name)


def passing_forests(run: Run, filters: Filters, tell: Tell) -> Opened:
    """All forests that pass the filters, read. Touches no session.

    Raises:
        FormatError: a file has changed since it was read, or nothing passes.
    """
    places = passing(run.index, filters, most=MAX_TOGETHER)
    if not places:
        raise FormatError("no forest passes these filters", where=run.name, todo="take one away")
    forests = open_forests(run.path, run.index, places, tell)
    origin = f"library:{run.key}:?{urlencode(filters.said)}"
    return state.opened_forests(forests, run.name, origin=origin)
