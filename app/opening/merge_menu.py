"""The switch that merges what separate answers have in common, and the rule by which they are compared."""

from __future__ import annotations

import streamlit as st

from app import redraw, state
from app.opening.merging import AUTO, is_flat, rules, shared
from app.verbatim import ours, verbatim


def merge_menu() -> None:
    """Drawn where no step has two continuations; nothing else can be merged."""
    given = state.as_given()
    if not is_flat(given):
        return
    with st.popover("Merge", icon=":material/merge:", width="content"):
        merging = state.get("merging") is True
        st.toggle(
            "Merge shared beginnings",
            merging,
            key=state.in_menu("merging", merging),
            on_change=redraw.after(turned),
            args=("merging",),
            help="Answers that begin alike share the steps of their beginning. The file stays as it is.",
        )
        known = list(rules(given))
        if state.get("merge_by") not in known:
            state.put({"merge_by": AUTO})
        rule = state.get("merge_by")
        st.selectbox(
            "Compare answers by",
            known,
            index=known.index(rule),
            key=state.in_menu("merge_by", rule, among=tuple(known)),
            format_func=lambda name: ours(name.replace("_", " ")),
            on_change=redraw.after(turned),
            args=("merge_by",),
            disabled=not merging,
        )
        if said := shared(state.forest()):
            st.caption(verbatim(f"{said}."))


def turned(name: str) -> None:
    """Merge, or no longer, and begin the film anew, which has other frames; a selected step stays where its id does."""
    state.take_from_menu(name)
    state.drop_merging()
    state.put({"frame": 0})
