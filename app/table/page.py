"""Explore, read as a table: which steps, in which order, and the page of them. A row selects its step everywhere."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import state
from app.browse import asked_in
from app.controls import dimming
from app.controls.export_menu import changed_mark
from app.stage import FIND, MAX_FIND
from app.table import steps_table
from app.table.words import PAGE, Copied, Page, page_of, pages_of
from app.tokens.page import is_table
from app.view_fields import Field
from app.view_keys import KeyGroup
from app.what_if import beside as changes
from treecore.analysis.what_if import shift
from treecore.core.edit import changes_of
from treecore.core.forest import Forest
from treecore.core.topology import IntArray
from treecore.errors import TreecoreError
from treecore.methods.registry import Credit
from treecore.views.scene.changed import drawn_credit
from treecore.views.step_filters import FOLLOWED
from treecore.views.step_table import SORTS, Before, StepTable

SORT, NUMBER = "explore:sort", "explore:page"
CHANNEL, HEARD, COPY, MADE = "steps_table", "steps_table_heard", "steps_table_copy", "steps_table_made"
USUAL = "place"
MAX_COPIED = 20_000_000
"""Bytes that go to the clipboard."""
FIELDS: tuple[Field | str, ...] = (
    Field("sort", USUAL, allowed=lambda: {*SORTS, *(f"-{name}" for name in SORTS)}),
    Field("page", 0, there=lambda number: not is_table() or 0 < int(number) <= pages_now()),
    Field("find"),
)
"""What the address carries of it; page 0 is the one of the selected step."""
KEYS = KeyGroup(
    "Read as a table",
    (("↑ ↓", "step"), ("PgUp PgDn", "page"), ("Home End", "first, last of the page"), ("/", "find words")),
)


@st.fragment
def reader(credit: Credit | None) -> None:
    """The table with its search and its files; another order or page reruns only this.

    Args:
        credit: of the shown forest; None where no method can run on it.
    """
    state.keep()
    made = table_of(credit)
    rows = chosen_rows(made, credit)
    heard = int(state.get_or(HEARD, 0))
    node = str(state.get("node"))
    steps_table(page(made, rows), node=node, copied=copied(made, rows, heard), heard=heard, key=CHANNEL, on_ask=take)
    st.download_button(
        "Save as CSV",
        lambda: made.csv(rows),
        mime="text/csv",
        on_click="ignore",
        file_name=f"steps{changed_mark([state.forest()])}.csv",
        key="steps_csv",
        icon=":material/download:",
        disabled=not len(rows),
    )
    state.sync_address()


def table_of(credit: Credit | None) -> StepTable:
    """The steps of the shown forest, as long as it and its credit stay the same.

    Raises:
        TreecoreError: the method cannot run on the forest as it was recorded.
    """
    of = (state.forest(), credit, state.credit_before() if credit is not None and changes.is_changed() else None)
    held: tuple[tuple[object, ...], StepTable] | None = state.get_or(MADE, None)
    if held is None or any(one is not other for one, other in zip(held[0], of, strict=True)):
        held = of, made_of(*of[:2], before=of[2])
        state.put({MADE: held})
    return held[1]


def made_of(forest: Forest, credit: Credit | None, *, before: Credit | None) -> StepTable:
    """The table; of a changed forest with what was pruned, and with credit as it was `before`."""
    if credit is None or before is None:
        return StepTable(forest, credit)
    found = changes.found_now()
    was = Before(shift(found, before, credit).was, found.pruned, changes_of(found.changed))
    return StepTable(found.drawn, drawn_credit(found, credit), was)


def chosen_rows(made: StepTable, credit: Credit | None) -> IntArray:
    """The steps of the filter in force that have the words looked for, sorted."""
    lit: IntArray | None
    if dimming.chosen() == FOLLOWED:
        selected = selected_row(made)
        lit = np.empty(0, dtype=np.int64) if selected is None else made.forest.topology.path(selected)
    else:
        lit = dimming.lit_rows(credit) if made.before is None else dimming.drawn_rows(credit)
    rows = made.rows if lit is None else made.rows[np.isin(made.rows, lit)]
    sort = str(state.field(SORT))
    return made.sorted(made.found(rows, find()), sort.removeprefix("-"), down=sort.startswith("-"))


def pages_now() -> int:
    """How many pages there are, also where no method can run."""
    try:
        credit = state.credit()
    except TreecoreError:
        credit = None
    return pages_of(chosen_rows(table_of(credit), credit))


def selected_row(made: StepTable) -> int | None:
    """Row of the selected step, which may be a pruned one; None when none is."""
    node = str(state.get("node"))
    return made.forest.row(node) if node and state.has(made.forest, node) else None


def find() -> str:
    """The words looked for."""
    return str(state.field(FIND))[:MAX_FIND].strip()


def page(made: StepTable, rows: IntArray) -> Page:
    """The page that was asked for, the last one where there are fewer by now, or that of the selected step."""
    number, selected = min(int(state.field(NUMBER)), pages_of(rows)), selected_row(made)
    state.put({NUMBER: max(number, 0)})
    if number < 1:
        at = np.flatnonzero(rows == (-1 if selected is None else selected))
        number = 1 + int(at[0]) // PAGE if len(at) else 1
    name = dimming.chosen()
    return page_of(
        made,
        rows,
        number=number,
        sort=str(state.field(SORT)),
        find=find(),
        only="" if name == dimming.ALL else dimming.TITLES[name],
        follows=name == FOLLOWED,
    )


def copied(made: StepTable, rows: IntArray, heard: int) -> Copied | None:
    """The listed steps for the clipboard, once for each time that was asked."""
    if state.get_or(COPY, 0) != heard or not heard:
        return None
    state.put({COPY: 0})
    data = made.csv(rows)
    if len(data) > MAX_COPIED:
        return {"number": heard, "text": "", "refused": "Too much for the clipboard: save it as a file instead."}
    return {"number": heard, "text": data.decode("utf-8", "replace"), "refused": ""}


def take() -> None:
    """Take over what was asked for in the browser: an order, a page, words, the page of a step, or a copy."""
    asked = asked_in(state.get(CHANNEL))
    if asked is None or asked.number <= int(state.get_or(HEARD, 0)):
        return
    state.put({HEARD: asked.number})
    said = asked.said
    if said.get("sort", USUAL) in {*SORTS, *(f"-{name}" for name in SORTS)}:
        state.put({SORT: said.get("sort", USUAL)})
    if "find" in said:
        state.put({FIND: said["find"][:MAX_FIND]})
    text = said.get("page", "")
    state.put({NUMBER: int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0})
    if said.get("copy"):
        state.put({COPY: asked.number})
