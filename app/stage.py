"""The tree canvas of a view, wired to the selection."""

from __future__ import annotations

from app import state
from app.canvas import EVENT, tree_canvas
from app.canvas.scene import Stage, make_scene
from treecore.credit.registry import Credit
from treecore.forest import Forest


def trees(
    forest: Forest, credit: Credit | None, *, key: str, height: int, stage: Stage | None = None, linked: bool = True
) -> None:
    """Draw a forest; a click or a key selects a step for every part of the page.

    Args:
        credit: of this forest alone; None while there is none.
        key: of the canvas in its view, which keeps zoom and selection under that name.
        linked: it is what is open, so that the rest of the page follows; otherwise its selection is its own.
    """
    scale = None if credit is None else credit.scale
    scene = make_scene(forest, credit, colour=state.get("colour"), axis=state.get("axis"), scale=scale, stage=stage)
    name = f"canvas_{key}"
    if linked:
        tree_canvas(scene, selected=state.get("node") or None, key=name, height=height, on_select=lambda: take(name))
    else:
        tree_canvas(scene, selected=reported(name), key=name, height=height)


def take(name: str) -> None:
    """Select what the canvas reports."""
    state.select(reported(name))


def reported(name: str) -> str | None:
    """The step that a canvas last said is selected."""
    return (state.get(name) or {}).get(EVENT)
