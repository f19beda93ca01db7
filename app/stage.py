"""The tree canvas of a view, and the selection that it shares with the rest of the page."""

from __future__ import annotations

from collections.abc import Callable

from app import state
from app.canvas import tree_canvas
from app.signals import choice_in, selection
from treecore.analysis.what_if import WhatIf
from treecore.core.forest import Forest
from treecore.methods.registry import Credit, Ends
from treecore.views.scene.changed import change_of, drawn_credit
from treecore.views.scene.scene import Scene, Stage, make_scene
from treecore.views.scene.types import SceneReader

CHANNEL, HEARD, FIND, MAX_FIND = "selection", "selection_heard", "explore:find", 200
"""Where the session holds choices, the last one heard and the words looked for; and characters of these."""


def trees(
    forest: Forest,
    credit: Credit | None,
    *,
    key: str,
    height: int = 0,
    stage: Stage | None = None,
    linked: bool = True,
    listable: bool = False,
) -> None:
    """Draw a forest.

    Args:
        credit: of this forest alone; None while there is none.
        key: of the canvas in its view, which keeps zoom and selection under that name.
        height: in pixels; 0 follows the window.
        linked: it is what is open, so that a click selects a step for every part of the page; otherwise its selection
            is its own.
        listable: on a phone show one trajectory at a time.
    """
    ends = None if credit is None else credit.ends
    scene = make_scene(forest, credit, colour=state.get("colour"), axis=state.get("axis"), ends=ends, stage=stage)
    canvas(scene, key=key, height=height, linked=linked, listable=listable)


def changed_trees(found: WhatIf, before: Credit, after: Credit, *, key: str, stage: Stage | None = None) -> None:
    """Draw a changed forest, with ghosts of what it was.

    Args:
        before, after: credit of the recorded and of the changed forest.
        key: of the canvas in its view.
    """
    scene = make_scene(
        found.drawn,
        drawn_credit(found, after),
        colour=state.get("colour"),
        axis=state.get("axis"),
        ends=wider(before.ends, after.ends),
        stage=stage,
        change=change_of(found, before, after, state.changes()),
    )
    canvas(scene, key=key, listable=True)


def canvas(scene: Scene, *, key: str, height: int = 0, linked: bool = True, listable: bool = False) -> None:
    """Draw a scene; what is folded and looked for in what is open is that of the address."""
    tree_canvas(
        scene,
        key=f"canvas_{key}",
        held=state.held(),
        height=height,
        linked=linked,
        reader=reader() if linked and listable else None,
    )


def reader() -> SceneReader:
    """What is folded in what is open, and the words looked for."""
    return {
        "of": state.folds_of(),
        "folds": state.folds(),
        "find": str(state.field(FIND)),
        "heard": int(state.get_or(HEARD, 0)),
    }


def wider(one: Ends, other: Ends) -> Ends:
    """A scale for both."""
    return Ends(min(one.low, other.low), max(one.high, other.high), one.signed and other.signed)


def share_selection(then: Callable[[], None] | None = None) -> None:
    """Tell canvases what is selected, and hear of what is chosen there; put it where a choice is to rerun.

    Args:
        then: called after a choice was taken, before the rerun.
    """
    heard = int(state.get_or(HEARD, 0))
    selection(state.get("node") or None, heard=heard, key=CHANNEL, on_choose=lambda: take(then))


def take(then: Callable[[], None] | None = None) -> None:
    """Select what was chosen in the browser."""
    choice = choice_in(state.get(CHANNEL))
    if choice is None:
        return
    state.put({HEARD: choice.number})
    state.select(choice.node_id)
    if choice.folds is not None and choice.of is not None:
        state.take_folds(choice.folds, of=choice.of)
    if choice.find is not None:
        state.put({FIND: choice.find[:MAX_FIND].strip()})
    if then is not None:
        then()
