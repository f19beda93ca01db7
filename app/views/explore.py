"""Explore: the trees, what forks decide, where the tokens went, and the numbers of the selected step."""

from __future__ import annotations

import streamlit as st

from app import charts, chrome, controls, inspector, stage, state
from treecore.errors import TreecoreError

HEIGHT = 560


@st.fragment
def render() -> None:
    """The whole view; a click reruns only this."""
    left, right = st.columns([0.69, 0.31], gap="medium")
    with left:
        chrome.title()
        controls.bar()
        try:
            credit = state.credit()
        except TreecoreError as error:
            st.info(chrome.escape(f"{error}. Choose another method, or open data that has it."), icon=":material/info:")
            stage.trees(state.forest(), None, key="explore", height=HEIGHT)
            return
        stage.trees(state.forest(), credit, key="explore", height=HEIGHT)
        charts.pair(credit)
    with right, st.container(key="side"):
        row = state.selected_row()
        if row is None:
            inspector.empty(credit)
        else:
            inspector.step(credit, row)
    state.sync_address()
