"""The button that copies the address of what is shown. A Streamlit component; nothing is sent anywhere."""

from __future__ import annotations

from pathlib import Path

from app.component import component

FOLDER = Path(__file__).parent

_copy = component("copy_link", FOLDER)


def copy_link(*, key: str) -> None:
    """Draw the button; it says so once the address is on the clipboard, and shows the address where none is allowed."""
    _copy(key=key, width="content")
