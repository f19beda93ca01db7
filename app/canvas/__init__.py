"""The tree canvas as a Streamlit component: typed Python face of `js/` and `canvas.css`. Knows no session state.

The scene is sent as bytes after one line of small values, so that the browser reads it again only when it changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import streamlit as st

from app.canvas.scene import Axis, Colour, Scene, Stage, make_scene, outcome_share

__all__ = ["EVENT", "Axis", "Colour", "Scene", "Stage", "make_scene", "outcome_share", "selection_in", "tree_canvas"]

EVENT = "selected"
"""Name of the component's one state value: the id of the selected node, as text."""

SCRIPTS = ("geometry", "growth", "palette", "nodes", "words", "motion", "chrome", "walk", "interaction", "main")


def component_script() -> str:
    """All scripts as one module, in the order in which they build on each other."""
    folder = Path(__file__).parent / "js"
    return "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


_mount = st.components.v2.component(
    "treecore.tree_canvas",
    css=(Path(__file__).parent / "canvas.css").read_text(encoding="utf-8"),
    js=component_script(),
)


def tree_canvas(
    scene: Scene,
    *,
    selected: str | None = None,
    key: str,
    height: int = 640,
    on_select: Callable[[], None] | None = None,
) -> str | None:
    """Draw `scene` and return the id of the node selected in the browser, None when that is not a node of it.

    Zoom, folds and selection live in the browser, by `key` and forest: new colours or numbers leave them alone, and
    so does a forest that has grown; what is selected is reported again where growing has changed its id.

    Args:
        scene: from `make_scene`.
        selected: id of the node to show as selected, None for none: what `on_select` stored. A click shows at once
            and stays while this lags behind it.
        key: Streamlit key; the state is `session_state[key][EVENT]`.
        height: of canvas and legend, in pixels.
        on_select: called before the rerun that follows a new selection.
    """
    result = _mount(
        key=key,
        data=payload(scene, selected=selected, key=key, height=height),
        on_selected_change=on_select or _ignore,
    )
    return selection_in(scene, result.get(EVENT))


def payload(scene: Scene, *, selected: str | None, key: str, height: int) -> bytes:
    """One JSON line (`selected`, `key`, `height`, `stamp` of the scene), then the scene as JSON."""
    body = orjson.dumps(scene)
    stamp = hashlib.blake2b(body, digest_size=12).hexdigest()
    head = {"selected": selection_in(scene, selected), "key": key, "height": height, "stamp": stamp}
    return orjson.dumps(head) + b"\n" + body


def selection_in(scene: Scene, value: Any) -> str | None:
    """`value` when it is the id of a node of the scene, None otherwise: browsers may hold ids of another forest."""
    return value if isinstance(value, str) and value in scene["id"] else None


def _ignore() -> None:
    """Keeps the state name known to Streamlit when nobody listens."""
