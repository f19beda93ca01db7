"""The words of a step beside the tree: path, step, siblings. A Streamlit component; text is shown as text only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from treecore.bidi import visible
from treecore.views.inspector.cards import NAMES, Words
from treecore.views.sources import script, style

FOLDER = Path(__file__).parent

_mount = st.components.v2.component(
    "treecore.step_panel",
    js=script(FOLDER / "panel.js"),
    css=style(FOLDER / "panel.css"),
)


def shown(value: Any, name: str = "") -> Any:
    """The same with direction controls visible in all words; the ids that clicks send back stay as they are."""
    if isinstance(value, str):
        return value if name in ("id", "node") else visible(value)
    if isinstance(value, dict):
        return {key: shown(one, key) for key, one in value.items()}
    return [shown(one) for one in value] if isinstance(value, list | tuple) else value


def step_panel(words: Words, *, key: str, on_pick: Callable[[], None]) -> str | None:
    """Draw the panel; returns the id of a step that was clicked in this run, unchecked."""
    result = _mount(
        data={**shown(asdict(words)), "names": NAMES, "id": visible(words.node)}, key=key, on_pick_change=on_pick
    )
    picked: Any = result.get("pick")
    return str(picked) if picked is not None else None
