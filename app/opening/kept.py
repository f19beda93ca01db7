"""Files that come without the menu: dropped on the page, or kept in this browser since they were uploaded."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import state
from app.defaults import SHORT
from app.opening.upload_field import upload_field
from app.signals import Found, KeptFilesData, found_in, kept_files
from app.verbatim import verbatim
from treecore.core.numerals import plain

CHANNEL, UPLOAD, FOUND, AGAIN, FORGET = "kept_files", "kept_upload", "kept_found", "kept_again", "kept_forget"


def kept(on_upload: Callable[[str], None]) -> None:
    """The way to the browser's storage, the offer to open what a link names, and the field that takes what is dropped.

    Args:
        on_upload: takes the key of the field in which an upload has arrived.
    """
    given = state.as_given()
    wanted = state.wanted_file()
    own = not given.sample and given.report is not None
    data: KeptFilesData = {
        "key": given.key[:SHORT] if own else "",
        "name": given.title if own else "",
        "wanted": wanted,
        "again": int(state.get_or(AGAIN, 0)),
        "forget": str(state.get_or(FORGET, "")),
    }
    with st.container(key="kept"):
        kept_files(data, key=CHANNEL, on_found=take)
        upload_field("Dropped on the page", on_upload, key=UPLOAD)
    found: Found | None = state.get_or(FOUND, None)
    if found is not None and found.key == wanted:
        offer(found)


def take() -> None:
    """Hear of a file that the browser keeps."""
    state.put({FOUND: found_in(state.get(CHANNEL))})


def offer(found: Found) -> None:
    """One click opens it as if it were uploaded once more."""
    with st.container(key="kept_offer", horizontal=True, vertical_alignment="center", gap="small"):
        size = f"{plain(max(found.size / 1e6, 0.01), 2)} MB"
        st.markdown(
            f"**Open {verbatim(found.name)} again?** {verbatim(f'This browser kept it ({size}).')}", width="content"
        )
        st.button("Open it", key="kept_open", type="primary", on_click=again)
        st.button("Forget it", key="kept_drop", on_click=forget, args=(found.key,))


def again() -> None:
    """Ask the browser for the file."""
    state.put({AGAIN: int(state.get_or(AGAIN, 0)) + 1})


def forget(key: str) -> None:
    """Let the browser forget a file, and hold its link no more."""
    state.put({FORGET: key, FOUND: None})
    if state.wanted_file() == key:
        state.drop_link()
