"""A button that leads to another view, with what is to be seen there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import redraw
from app.verbatim import ours


def view_button(label: str, go: Callable[..., object], *args: Any, key: str, **more: Any) -> None:
    """Draw it.

    Args:
        label: in our own words.
        go: puts the view and what it shows in force; called with `args`.
        more: for `st.button`; it is the primary one by default.
    """
    st.button(ours(label), key=key, on_click=redraw.after(go), args=args, **{"type": "primary", **more})
