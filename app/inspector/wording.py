"""The words of the selected step: as they were written, or on request with their mathematics drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app import state
from app.formulas import MAX_TEXT, has_formula
from app.panel import step_panel
from app.verbatim import mathematics, ours
from treecore.core.numerals import whole
from treecore.views.inspector.cards import NAMES, Words
from treecore.views.inspector.inspection import Inspection, only_words

DRAWN = "mathematics"
HELP = (
    "Draws what stands between `$` or `$$`, in `\\(…\\)` or `\\[…\\]`, and in `\\boxed{…}`. All else stays as it was "
    "written, and so do formulas with commands that have no place here, such as links and definitions."
)


def show(found: Inspection) -> None:
    """Path, words, siblings and numbers of a step; a toggle beneath the words where there is mathematics in them."""
    words = found.words
    if not any(map(has_formula, (words.title, *(part.text for part in words.parts)))):
        panel(found, "panel")
        return
    head = replace(words, decides="", heading="", siblings=(), verdict="")
    draw = bool(state.get_or(DRAWN, False))
    panel(only_words(replace(head, title="", parts=()) if draw else head), "panel")
    if draw:
        drawn(words)
    st.toggle("Render mathematics", key=DRAWN, help=HELP)
    panel(replace(found, words=replace(words, eyebrow="", path=(), title="", parts=())), "panel_rest")


def panel(found: Inspection, key: str) -> None:
    """A step panel in which a click on a step selects it."""
    step_panel(found, key=key, on_pick=partial(take_pick, key))


def take_pick(key: str) -> None:
    """Select the step that was clicked in a panel."""
    state.select((state.get_or(key, None) or {}).get("pick"))


def drawn(words: Words) -> None:
    """Title and parts with their formulas drawn."""
    with st.container(key="mathematics_drawn", gap="small"):
        with st.container(key="mathematics_title"):
            st.markdown(mathematics(words.title))
        for number, part in enumerate(words.parts):
            with st.container(key=f"mathematics_part_{number}", horizontal=True, gap="small"):
                st.caption(ours(NAMES[part.kind]), width=74)
                st.markdown(mathematics(part.text))
    if any(len(part.text) > MAX_TEXT for part in words.parts):
        st.caption(f"The first {whole(MAX_TEXT)} characters; without mathematics all of them are shown.")
