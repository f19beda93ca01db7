"""Everything below the header: what is chosen in it draws no more than this anew."""

from __future__ import annotations

import streamlit as st

from app import chrome, redraw, state
from app.controls.export_menu import export_ready
from app.defaults import FILM
from app.opening.kept import kept
from app.opening.mapping_form import mapping_form
from app.opening.open_menu import take_dropped
from app.opening.receipt import receipt
from app.opening.scoring import form as scoring_form
from app.rollout import annotation
from app.view_registry import VIEWS


@st.fragment(key=redraw.VIEW)
def body() -> None:
    """What is under way, what came of it, and the view."""
    state.keep()
    if redraw.is_outdated():
        st.rerun()
    state.opened()  # begins to merge, or takes over what was merged; before the notice, which tells what went wrong
    chrome.notice()
    annotation.bar()
    chrome.progress()
    export_ready()
    kept(take_dropped)
    receipt()
    mapping_form()
    scoring_form()
    view = state.get("view")
    if view != FILM:
        state.put({"playing": False})  # a film that was left stands at its frame
    VIEWS.find(view).render()
    state.sync_address()
