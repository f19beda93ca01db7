"""The tree canvas of a view, wired to the selection."""

from __future__ import annotations

import streamlit as st

from app import state
from app.canvas import tree_canvas
from app.canvas.scene import Stage, make_scene
from treecore.credit.registry import Credit


def trees(credit: Credit, *, key: str, height: int, stage: Stage | None = None) -> None:
    """Draw the shown forest; a click or a key selects a step for every part of the page."""
    forest = credit.forests[0]
    scene = make_scene(
        forest, credit, colour=state.get("colour"), axis=state.get("axis"), scale=credit.scale, stage=stage
    )
    name = f"canvas_{key}"
    tree_canvas(scene, selected=state.get("node") or None, key=name, height=height, on_select=lambda: take(name))


def take(name: str) -> None:
    """Select what the canvas reports."""
    state.select((st.session_state.get(name) or {}).get("selected"))
