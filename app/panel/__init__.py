"""What stands beside the tree: words and numbers of a step, and what is said of steps drawn as one; as text only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import resident
from app.component import component
from treecore.views.inspector.cards import NAMES
from treecore.views.inspector.inspection import Inspection, readable

FOLDER = Path(__file__).parent

_mount = resident.component("step_panel")
_group = component("group", FOLDER)


def group_panel(*, key: str) -> None:
    """Draw what the canvas says of steps that it shows as one; nothing while a single step is selected."""
    with st.container(key="group"):
        _group(key=key, data=None)


def step_panel(found: Inspection, *, key: str, on_pick: Callable[[], None] | None = None) -> None:
    """Draw the panel.

    Args:
        on_pick: called before the rerun that a click on a step brings; `pick` of `session_state[key]` is its id then,
            unchecked.
    """
    numbers = readable(found)
    words = numbers.pop("words")
    _mount(data={**words, "names": NAMES, "numbers": numbers}, key=key, on_pick_change=on_pick or (lambda: None))
