"""The frame of what stands beside the trees: in a window too narrow for two columns it is a drawer at the foot."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import streamlit as st

from app.component import component

FOLDER = Path(__file__).parent

_drawer = component("drawer", FOLDER)


class DrawerData(TypedDict):
    """Whether there is something to show though no step is selected."""

    asked: bool


def drawer(*, asked: bool, key: str) -> None:
    """Draw the head of the drawer; `app/style.css` makes a drawer of the column that it stands in.

    It opens at a selection and closes by Escape, its button or I; the selection of the page decides, not Python.

    Args:
        asked: open it though no step is selected.
    """
    data: DrawerData = {"asked": asked}
    with st.container(key="drawer"):
        _drawer(key=key, data=data)
