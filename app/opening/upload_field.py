"""A field that takes files, and is empty again once they were taken: Streamlit would add the next ones to them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import redraw, state
from app.verbatim import ours, verbatim


def upload_field(
    label: str, on_upload: Callable[[str], None], *, key: str, folder: bool = False, about: str = ""
) -> None:
    """Draw it.

    Args:
        on_upload: takes the name under which the session holds what was given.
        key: of its place.
        folder: whole folders are taken.
        about: what stands behind the question mark.
    """
    count = f"{key}_taken"
    name = f"{int(state.get_or(count, 0))}-{key}"

    def taken() -> None:
        on_upload(name)
        state.put({count: int(state.get_or(count, 0)) + 1})
        redraw.now()

    with st.container(key=key):
        st.file_uploader(
            ours(label),
            accept_multiple_files="directory" if folder else True,
            key=name,
            on_change=taken,
            help=verbatim(about) or None,
        )
