"""Compare: methods as columns, steps as rows; where they disagree and why; two trees side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from app import chrome, redraw, state
from app.browse import asked_in
from app.compare import beside, table, words
from app.compare.choosing import (
    ASIDE,
    FIELDS,
    MODES,
    SCALES,
    compared_forests,
    leaf_choices,
    method_choices,
    method_menu,
    names,
)
from app.compare.rows import WINDOW, Panel, panel, window_of
from app.compare.sides import shared_words, two_forests, two_methods, two_trajectories
from app.controls.export_menu import changed_mark
from app.controls.view_button import view_button
from app.inspector import selected_step
from app.opening.merge_menu import merge_menu
from app.opening.open_menu import open_menu
from app.opening.opened import Opened
from app.verbatim import ours, verbatim
from app.view_keys import KeyGroup
from app.view_registry import view
from treecore.analysis.compare import Column, Comparison, column_with, column_without, compare
from treecore.analysis.disagreements import Entry, entries
from treecore.analysis.frames import label
from treecore.bidi import visible
from treecore.core.numerals import counted
from treecore.errors import MethodError
from treecore.methods import get_method

NAME = "compare"
TABLE, CHANNEL, HEARD = "compare_table", "compare_channel", "compare_heard"
KEYS = KeyGroup("The table", (("↑ ↓", "step"), ("← →", "method"), ("D", "next disagreement")))
CENTRE = "compare_centre"
"""The step around which the browser was given rows."""


class Found(NamedTuple):
    """Methods on one forest, and where they disagree."""

    comparison: Comparison
    listed: list[Entry]


@view(title="Compare", fields=FIELDS, keys=(KEYS,))
def render() -> None:
    """The table on the left; a click in it reruns only what stands beside it."""
    left, right = st.columns([0.69, 0.31], gap="medium")
    with left:
        chrome.title()
        bar()
        found = compared(state.opened(), state.forest_number())
        draw(found)
    with right, st.container(key="side"):
        aside()


def bar() -> None:
    """One row: what is open, methods, the colour scale, what is shown."""
    with st.container(key="controls", horizontal=True, vertical_alignment="center", gap="small"):
        open_menu()
        merge_menu()
        method_menu()
        SCALES.row()
        MODES.row()


def compared(of: Opened, number: int) -> Found:
    """The chosen methods on one forest of what is open, kept until methods or parameters change."""
    asked = tuple((name, tuple(state.settings(name).items())) for name in names())
    found: Found = of.kept.get((NAME, number, asked), lambda: made(of, number))
    return found


def made(of: Opened, number: int) -> Found:
    """The comparison, worked out."""
    comparison = compare(of.forests[number], [column(of, name) for name in names()])
    return Found(comparison, entries(comparison))


def column(of: Opened, method: str) -> Column:
    """A method on all that is open; one that cannot run says why."""
    try:
        return column_with(state.credit_by(method, of))
    except MethodError as error:
        return column_without(method, state.settings(method), error)


def said(found: Found) -> dict[str, str]:
    """The chosen step and method; the first disagreement where nobody chose."""
    comparison = found.comparison
    node, method = str(state.get("node") or ""), str(state.get("method"))
    if not node and len(comparison.rows):
        first = found.listed[0].first if found.listed else 0
        node = str(comparison.forest.node_id[comparison.rows[first]])
    shown = [one.method for one in comparison.columns]
    return {"node": node, "method": method if method in shown else next(iter(shown), "")}


def place(found: Found, node: str) -> int:
    """Place of a step among the rows, 0 where it has none."""
    rows, forest = found.comparison.rows, found.comparison.forest
    if not state.has_node(node):
        return 0
    return next(iter(np.flatnonzero(rows == forest.row(node)).tolist()), 0)


def draw(found: Found) -> None:
    """The table or tables."""
    chosen = said(found)
    centre = place(found, chosen["node"])
    state.put({CENTRE: centre})
    panels = panels_of(found, centre)
    signed = [head["high"] for one in panels for head in one["heads"] if head["signed"] and not head["lacks"]]
    limit = max(signed, default=1.0) if state.field(SCALES.key) == "one" else None
    table(panels, chosen, limit=limit, key=TABLE)


def panels_of(found: Found, centre: int) -> list[Panel]:
    """What is shown side by side."""
    comparison, mode = found.comparison, state.field(MODES.key)
    if mode == "methods":
        left, right = method_choices(comparison)
        return two_methods(comparison, found.listed, left=left, right=right, centre=centre)
    if mode == "forests" and (pair := compared_forests()) is not None:
        other = compared(pair.of, pair.number)
        return two_forests(comparison, found.listed, other=other.comparison, titles=pair.titles, centre=centre)
    if mode == "paths":
        left, right = leaf_choices(comparison.forest)
        st.caption(verbatim(shared_words(comparison.forest, left=left, right=right)))
        return two_trajectories(comparison, left=left, right=right)
    return [panel(comparison, found.listed, centre=centre)]


@st.fragment
def aside() -> None:
    """Where methods disagree, or the arithmetic of the chosen cell; hears what is chosen in the table."""
    state.keep()
    found = compared(state.opened(), state.forest_number())
    chosen = said(found)
    ASIDE.pills(label_visibility="collapsed")
    shows_why = state.field(ASIDE.key) == "why"
    beside(
        words.beside(found.comparison, found.listed),
        chosen,
        is_open=shows_why,
        heard=int(state.get_or(HEARD, 0)),
        key=CHANNEL,
        on_ask=take,
    )
    if not shows_why:
        arithmetic(found, chosen)
    with st.container(horizontal=True, gap="small", key="compare_buttons"):
        view_button("Open in Explore", open_in_explore, chosen, key="compare_open")
        st.download_button(
            "Table as CSV",
            lambda: words.as_csv(found.comparison),
            mime="text/csv",
            on_click="ignore",
            file_name=f"comparison{changed_mark([found.comparison.forest])}.csv",
            key="compare_csv",
        )
    state.sync_address()


def arithmetic(found: Found, chosen: dict[str, str]) -> None:
    """The formula of the chosen method with the numbers of the chosen step."""
    forest = found.comparison.forest
    one = next((one for one in found.comparison.columns if one.method == chosen["method"]), None)
    if one is None or not state.has_node(chosen["node"]):
        st.caption("Click a cell: its formula with the numbers of its step appears here.")
        return
    row = forest.row(chosen["node"])
    st.markdown(ours(f"##### {one.known.title}"))
    st.caption(ours(get_method(one.method).summary.splitlines()[0]))
    if one.credit is None:
        st.info(verbatim(f"{one.known.title} cannot run: {one.lacks}."), icon=":material/info:")
        return
    st.text(visible(label(forest, row)))
    selected_step.arithmetic(one.credit, row, key="compare_number")
    scored = one.credit.forests.scored[one.credit.shape.leaves_under(row)].sum()
    st.caption(verbatim(counted(int(scored), "scored leaf beneath", "scored leaves beneath")))


def open_in_explore(chosen: dict[str, str]) -> None:
    """Show the chosen step in Explore, by the chosen method."""
    state.select(chosen["node"])
    state.put({"view": "explore", "method": chosen["method"]})


def take() -> None:
    """Take over what was chosen in the table: a step, a method, or steps that the browser does not hold."""
    asked = asked_in(state.get(CHANNEL))
    if asked is None:
        return
    found = compared(state.opened(), state.forest_number())
    state.put({HEARD: asked.number})
    node = asked.said.get("node", "")
    if state.has_node(node):
        state.select(node)
    if asked.said.get("method", "") in [one.method for one in found.comparison.columns]:
        state.put({"method": asked.said["method"]})
    if asked.open:
        state.put({ASIDE.key: "number"})
    seek(found, asked.said.get("seek", ""))
    centre, total = place(found, said(found)["node"]), len(found.comparison.rows)
    first = window_of(int(state.get_or(CENTRE, centre)), total=total)
    if not first <= centre < max(1, first + WINDOW):
        redraw.now()


def seek(found: Found, wanted: str) -> None:
    """Select the step at a place (`to:12`), or the first of the next disagreement behind it (`next:12`)."""
    how, _, text = wanted.partition(":")
    total = len(found.comparison.rows)
    if how not in ("to", "next") or not (text.isascii() and text.isdecimal() and len(text) < 10):
        return
    at = int(text)
    if how == "next":
        later = sorted(one.first for one in found.listed)
        at = next((first for first in later if first > at), later[0] if later else total)
    if at < total:
        state.select(str(found.comparison.forest.node_id[found.comparison.rows[at]]))
