"""How far something is that is read or made beside the page, and the button to break it off."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import redraw
from app.opening.background import Opening
from app.verbatim import verbatim

LOOK_EVERY = 0.4
"""Seconds between two looks at it."""


def how_far(going: Opening, *, key: str, on_cancel: Callable[[], None]) -> None:
    """Draw it.

    Args:
        key: of its place on the page.
    """
    far = "waits until another file of yours is done" if going.waits else f"{going.share:.0%}"
    with st.container(key=key, horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(going.share, verbatim(f"{going.verb} {going.name}: {far}"))
        st.button("Cancel", key=f"cancel_{key}", icon=":material/close:", on_click=redraw.after(on_cancel))
