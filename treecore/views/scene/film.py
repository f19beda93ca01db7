"""The pictures of the film as stages of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from treecore.analysis.frames import Bracket, Frame
from treecore.analysis.stages import OUTCOMES, PREDICT
from treecore.core.topology import IntArray
from treecore.methods.registry import Ends
from treecore.views.scene.formula import formula_of
from treecore.views.scene.scene import MAX_BADGE, Stage


class Lane(NamedTuple):
    """Room that words leave free in every frame of a film.

    Attributes:
        badges: characters of the longest badge that each node has in any frame; 0 for none. `[N]`
        brackets: siblings that are compared in any frame.
    """

    badges: IntArray
    brackets: tuple[Bracket, ...]


def asks(frame: Frame) -> bool:
    """Whether a prediction is asked for at this frame."""
    return frame.stage == PREDICT


def lane_of(shots: Sequence[Frame]) -> Lane:
    """What badges and brackets of one film need."""
    lane = np.zeros(len(shots[0].visible), dtype=np.int64)
    for shot in shots:
        for row, text in shot.badges.items():
            lane[row] = max(lane[row], len(text))
    found = dict.fromkeys(shot.bracket for shot in shots if shot.bracket is not None)
    return Lane(np.minimum(lane, MAX_BADGE), tuple(found))


def stage_of(frame: Frame, lane: Lane | None = None, *, ends: Ends | None = None) -> Stage:
    """A frame as the canvas takes it, with the room that other frames need.

    Args:
        ends: of the colour scale; with them the equation of the frame stands on the picture.
    """
    marked = np.flatnonzero(frame.highlight)
    whole = len(marked) == int(frame.visible.sum())
    brackets = () if lane is None else lane.brackets
    if frame.bracket is not None and frame.bracket not in brackets:
        brackets = (*brackets, frame.bracket)
    return Stage(
        visible=frame.visible,
        highlight=() if whole else tuple(int(row) for row in marked),
        badges=frame.badges,
        lane=None if lane is None else lane.badges,
        outcomes=frame.outcomes,
        filled=frame.fill is not None,
        values=frame.outcomes and frame.stage not in (OUTCOMES, PREDICT),
        fill=frame.fill,
        advantages=frame.fill is not None,
        numbers=frame.fill,
        numbers_title=frame.column,
        marked=() if frame.example is None else frame.example.rows,
        formula=None if frame.example is None or ends is None else formula_of(frame.example, ends),
        brackets=[{"rows": one.rows, "text": one.text} for one in brackets],
        bracket=None if frame.bracket is None else brackets.index(frame.bracket),
        moves=frame.moves,
        weights=frame.weights,
    )
