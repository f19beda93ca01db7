"""The tree canvas of a view, wired to the selection."""

from __future__ import annotations

from app import state
from app.canvas import EVENT, tree_canvas
from app.canvas.scene import Stage, make_scene
from treecore.credit.registry import Credit
from treecore.forest import Forest


def trees(forest: Forest, credit: Credit | None, *, key: str, height: int, stage: Stage | None = None) -> None:
    """Draw a forest; a click or a key selects a step for every part of the page.

    Args:
        credit: of this forest alone; None while there is none.
        key: of the canvas in its view, which keeps zoom and selection under that name.
    """
    scale = None if credit is None else credit.scale
    scene = make_scene(forest, credit, colour=state.get("colour"), axis=state.get("axis"), scale=scale, stage=stage)
    name = f"canvas_{key}"
    tree_canvas(scene, selected=state.get("node") or None, key=name, height=height, on_select=lambda: take(name))


def take(name: str) -> None:
    """Select what the canvas reports."""
    state.select((state.get(name) or {}).get(EVENT))
