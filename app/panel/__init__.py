"""The words of a step beside the tree: path, step, siblings. A Streamlit component; text is shown as text only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from treecore.views.inspector.cards import NAMES, Words, as_data
from treecore.views.sources import script, style

FOLDER = Path(__file__).parent

_mount = st.components.v2.component(
    "treecore.step_panel",
    js=script(FOLDER / "panel.js"),
    css=style(FOLDER / "panel.css"),
)


_group = st.components.v2.component(
    "treecore.group",
    js=script(FOLDER / "group.js"),
    css=style(FOLDER / "group.css"),
    isolate_styles=True,
)


def group_panel(*, key: str) -> None:
    """Draw what the canvas says of steps that it shows as one; nothing while a single step is selected."""
    with st.container(key="group"):
        _group(key=key, data=None)


def step_panel(words: Words, *, key: str, on_pick: Callable[[], None]) -> str | None:
    """Draw the panel; returns the id of a step that was clicked in this run, unchecked."""
    result = _mount(data={**as_data(words), "names": NAMES}, key=key, on_pick_change=on_pick)
    picked: Any = result.get("pick")
    return str(picked) if picked is not None else None
