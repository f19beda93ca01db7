"""The tree canvas as a Streamlit component: typed Python face of `js/` and `canvas.css`. Knows no session state.

Script, style and the two parts of a scene are sent once a session and then named by their stamps; `loader.js`, which
Streamlit sends with every run, keeps them in the browser and asks for what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import streamlit as st

from treecore.core.outcomes import outcome_share
from treecore.views.scene.part import Part
from treecore.views.scene.scene import Axis, Colour, Scene, Stage, make_scene
from treecore.views.scene.types import SceneHead, SceneReader
from treecore.views.sources import script

__all__ = ["Axis", "Colour", "Scene", "Stage", "make_scene", "outcome_share", "tree_canvas"]

FOLDER = Path(__file__).parent


def component_script() -> str:
    """`js/main.js` and all that it imports as one module, the colours of all pictures among it."""
    return script(FOLDER / "js" / "main.js")


SCRIPT = Part.of(component_script().encode())
STYLE = Part.of((FOLDER / "canvas.css").read_bytes())

_mount = st.components.v2.component("treecore.tree_canvas", js=script(FOLDER / "loader.js"), isolate_styles=True)


def tree_canvas(
    scene: Scene,
    *,
    key: str,
    held: set[str],
    height: int = 0,
    linked: bool = True,
    reader: SceneReader | None = None,
    on_need: Callable[[], None] | None = None,
) -> None:
    """Draw `scene`.

    Zoom, folds and selection live in the browser, by `key` and forest: new colours or numbers leave them alone, and
    so does a forest that has grown.

    Args:
        scene: from `make_scene`.
        key: Streamlit key.
        held: stamps of the parts that this session's browser has; those sent now are added.
        height: of canvas and legend, in pixels; 0 follows the window and the forest.
        linked: show the selection of the page and choose for it (`app.signals.selection`); else have one of its own.
        reader: what the page knows that is folded and looked for, None where the browser alone keeps that; with it a
            phone shows one trajectory at a time as a list.
        on_need: called before a rerun that the browser asks for because it lacks parts; empty `held` there.
    """
    _mount(
        key=key,
        data=payload(scene, key=key, held=held, height=height, linked=linked, reader=reader),
        on_need_change=on_need or held.clear,
    )


def payload(
    scene: Scene,
    *,
    key: str,
    held: set[str],
    height: int,
    linked: bool = True,
    reader: SceneReader | None = None,
) -> bytes:
    """One JSON line (stamps of the parts, `sent` with the bytes of those that follow), then the bodies one by one."""
    parts = (SCRIPT, STYLE, scene.forest, scene.look)
    fresh = {part.stamp: part.body for part in parts if part.stamp not in held}
    held.update(fresh)
    head: SceneHead = {
        "script": SCRIPT.stamp,
        "style": STYLE.stamp,
        "forest": scene.forest.stamp,
        "look": scene.look.stamp,
        "key": key,
        "height": height,
        "linked": linked,
        "listable": reader is not None,
        "reader": reader,
        "sent": [(stamp, len(body)) for stamp, body in fresh.items()],
    }
    return b"".join([orjson.dumps(head), b"\n", *fresh.values()])
