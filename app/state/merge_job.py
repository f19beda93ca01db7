"""Merging beside the page: shown is what was given until the merged trees are there."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.defaults import MOMENT
from app.opening.background import Opening
from app.opening.merging import merge_all
from app.opening.opened import Opened
from app.serving import permissions
from app.serving.presence import open_page
from app.state.holdings import hold, let_go
from treecore.errors import TreecoreError

MERGED = "merged"


def merged_or_given(given: Opened, rule: str) -> Opened:
    """What is open with shared beginnings merged; as it was given while that is under way, and where it failed."""
    session, key = st.session_state, (given.key, rule)
    if session.get("merged_key") != key:
        drop_merging()
        work = partial(merge_all, given, rule)
        session.merging_job = Opening(given.title, work, open_page(), "Merging", permissions.owner()).start()
        session.merged_key = key
        session.merging_job.wait(MOMENT)
    _settle(given)
    found: Opened | None = session.get(MERGED)
    return found or given


def is_refused(given: Opened, rule: str) -> bool:
    """Whether merging was tried, and failed or was broken off."""
    session = st.session_state
    return session.get("merged_key") == (given.key, rule) and not session.get(MERGED) and merging() is None


def merging() -> Opening | None:
    """What is being merged for this session."""
    found: Opening | None = st.session_state.get("merging_job")
    return found


def cancel_merging() -> None:
    """Break it off; shown stays what was given."""
    if (going := merging()) is not None:
        going.cancel()
        st.session_state.merging_job = None


def drop_merging() -> None:
    """Hold nothing merged any more."""
    cancel_merging()
    let_go(MERGED)
    st.session_state.merged = st.session_state.merged_key = None


def _settle(given: Opened) -> None:
    """Take over what was merged by now, or tell why it cannot be."""
    session, going = st.session_state, merging()
    if going is None or not going.over:
        return
    session.merging_job = None
    error, found = going.error, going.result
    if found is not None:
        try:
            hold(MERGED, found.key, size=found.size, what=given.title)
        except TreecoreError as refused:
            error, found = str(refused), None
    session.merged = found
    if error:
        session.notice = f"Answers are shown unmerged: {error}."
