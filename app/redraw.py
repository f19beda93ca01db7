"""What is drawn anew after a callback, where more has changed than the part of the page that its widget stands in.

Streamlit runs the innermost fragment around a widget. What a callback asks for here is run in its place, not after it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec

import streamlit as st
from streamlit.errors import StreamlitAPIException

from app import state
from app.view_registry import VIEWS

VIEW, HEADER = "view", "header_for"
"""The fragment of everything below the header, and where the session holds what the header was drawn for."""
P = ParamSpec("P")


def header_for() -> tuple[str, bool]:
    """What the header shows: the view, and whether the page is for a projector."""
    shown = VIEWS.find(state.get("view"))
    return shown.name, state.get_or("projector", False) is True and not shown.presents_itself


def is_outdated() -> bool:
    """Whether the whole page is to be drawn anew: for another header, or for a link whose file was opened."""
    return bool(state.get_or(HEADER, None) != header_for()) or state.wanted_is_open()


def now() -> None:
    """Draw the view anew, or the whole page where that is outdated; ends the callback that asks for it."""
    if is_outdated():
        st.rerun()
    with suppress(StreamlitAPIException):  # no view was drawn yet, so the whole page is about to be
        st.rerun(VIEW)


def after(do: Callable[P, object]) -> Callable[P, None]:
    """A callback that does this and then draws the view anew."""

    @wraps(do)
    def done(*args: P.args, **kwargs: P.kwargs) -> None:
        do(*args, **kwargs)
        now()

    return done
