"""The button that copies the address of what is shown. A Streamlit component; nothing is sent anywhere."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from treecore.views.sources import script, style

FOLDER = Path(__file__).parent

_copy = st.components.v2.component(
    "treecore.copy_link", js=script(FOLDER / "copy_link.js"), css=style(FOLDER / "copy_link.css")
)


def copy_link(*, key: str) -> None:
    """Draw the button; it says so once the address is on the clipboard, and shows the address where none is allowed."""
    _copy(key=key, width="content")
