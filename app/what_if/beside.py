"""Beside the trees: what was changed, what moved, the settings, why; and how a change gets here."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import redraw, state
from app.verbatim import ours, verbatim
from app.view_fields import MAX_FIELD
from app.what_if import NOTE, listen, sampling, show_board
from app.what_if.asking import BOARD, HEARD, KEYS, WHY, copy, start, take, toggle
from app.what_if.outcome import outcome_field
from app.what_if.settings import settings, settings_changed
from app.what_if.words import Board, board, name_of
from treecore.analysis.what_if import WhatIf, what_if
from treecore.core.numerals import counted, signed, whole
from treecore.errors import TreecoreError
from treecore.methods.registry import Credit

OPEN = "what_if"


def is_open() -> bool:
    """Whether the changes stand beside the trees."""
    return state.get_or(OPEN, False) is True


def pill() -> None:
    """The way to the changes and back, with how many there are."""
    number = len(state.changes()) + (len(settings_changed()) if is_open() else 0)
    st.button(
        ours(f"what if {number}" if number else "what if"),
        key="what_if_pill",
        type="primary" if is_open() else "secondary",
        on_click=toggle,
        help="Flip an outcome, prune a branch or change a setting, and see credit move. Nothing is overwritten.",
    )


def settle() -> None:
    """Take up what was sampled since, before anything is drawn."""
    sampling.settle()


def keys() -> None:
    """Hear of the keys by which a forest is changed."""
    listen(heard=int(state.get_or(HEARD, 0)), key=KEYS, on_ask=redraw.after(partial(take, KEYS)))


def found_now() -> WhatIf:
    """The shown forest with its changes, or without any."""
    return state.what_if() or what_if(state.recorded_forest(), ())


def is_changed() -> bool:
    """Whether credit is to be drawn before and after."""
    return bool(state.changes()) or (is_open() and bool(settings_changed()))


def show(after: Credit | None) -> None:
    """The whole column."""
    found = found_now()
    try:
        before = state.credit_before()
    except TreecoreError as error:
        after, before = None, None
        st.info(verbatim(f"{error}."), icon=":material/info:")
    if note := state.get_or(NOTE, ""):
        st.info(verbatim(note), icon=":material/info:")
    if len(str(state.get_or("edit", ""))) > MAX_FIELD:
        st.caption("These changes are too many for the address: a link or a reload comes without them.")
    heard = int(state.get_or(HEARD, 0))
    shown: Board | None = None
    if after is not None and before is not None:
        shown = board(found, before, after, state.changes(), settings_changed())
        show_board(shown, "changes", heard=heard, key=BOARD, on_ask=redraw.after(partial(take, BOARD)))
        if not shown["changes"]:
            nothing_yet()
    outcome_field(state.selected_row())
    settings()
    if shown is not None:
        show_board(shown, "why", heard=heard, key=WHY, on_ask=redraw.after(partial(take, WHY)))
    selected()


def nothing_yet() -> None:
    """No change: what to do, and the flip that would move most."""
    st.markdown(
        "Nothing is changed. Choose an end and press **O** to flip its outcome, or a step and press **X** to prune it."
    )
    try:
        offer = state.offer()
    except TreecoreError:
        return
    if offer is None:
        st.caption("No single flip moves any credit here.")
        return
    forest = state.forest()
    name = name_of(forest, forest.row(offer.node))
    steps, signs = counted(offer.moved, "step"), f", {whole(offer.changed_sign)} of them to the other sign"
    st.button(
        "Flip the outcome that moves most",
        key="what_if_offer",
        type="primary",
        icon=":material/swap_vert:",
        on_click=redraw.after(start),
        args=(offer.node,),
    )
    tried = "" if offer.tried == offer.of else f" Of {whole(offer.of)} ends, {whole(offer.tried)} were tried."
    moves = f"“{name}” moves {steps}{signs if offer.changed_sign else ''}, by up to {signed(offer.largest)}.{tried}"
    st.caption(verbatim(moves))


def selected() -> None:
    """What may be done with the selected step."""
    row, forest = state.selected_row(), state.forest()
    sampling.here(row)
    if row is None or forest.is_prompt[row]:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="what_if_selected"):
        st.button(
            "Duplicate branch",
            key="what_if_copy",
            icon=":material/content_copy:",
            on_click=redraw.after(copy),
            args=(str(forest.node_id[row]),),
        )
        st.caption(verbatim(f"from “{name_of(forest, row)}”"))
