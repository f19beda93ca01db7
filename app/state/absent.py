"""A link to a file that is not open: it is held until the file is opened, so that it then shows what it names."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from app.defaults import SHORT
from app.opening.reading import digest
from app.state.current import as_given


def hold_link() -> None:
    """Keep the link of the address bar for when its file is open."""
    st.session_state.absent = st.query_params.to_dict()
    st.session_state.absent_shown = None


def _linked(name: str) -> str:
    """A field of the held link, "" where it has none or none is held."""
    link: dict[str, str] = st.session_state.get("absent") or {}
    return link.get(name, "")


def wanted_file() -> str:
    """The beginning of the key of the file that a held link names, "" for none."""
    return _linked("file")[:SHORT]


def wanted_columns(given: bytes) -> dict[str, str] | None:
    """What the held link says of the columns of the table that it names, where this is that table."""
    columns = dict(parse_qsl(_linked("map")))
    return columns if columns and digest(given, columns)[:SHORT] == wanted_file() else None


def drop_link() -> None:
    """Hold the link no more."""
    st.session_state.absent = None


def wanted_is_open() -> bool:
    """Whether the file of a held link is open by now, so that the page is to show what the link names."""
    wanted = wanted_file()
    return bool(wanted) and as_given().key[:SHORT] == wanted


def is_back() -> bool:
    """Whether the file of a held link has just been opened; its link then stands in the address bar again."""
    if not wanted_is_open():
        return False
    st.query_params.from_dict(st.session_state.absent)
    st.session_state.absent = None
    return True


def is_held(address: dict[str, str]) -> bool:
    """Whether nothing was done since a link was held, so that the address bar is to show it still."""
    session = st.session_state
    if not wanted_file() or session.absent_shown == {}:
        return False
    if session.absent_shown is None:
        session.absent_shown = address
    if session.absent_shown != address:
        session.absent_shown = {}
    return bool(session.absent_shown == address)
