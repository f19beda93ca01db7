"""The pictures of the film as stages of a scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from treecore.analysis.frames import Frame
from treecore.analysis.stages import OUTCOMES, PREDICT
from treecore.core.topology import IntArray
from treecore.views.scene.scene import MAX_BADGE, Stage


def asks(frame: Frame) -> bool:
    """Whether a prediction is asked for at this frame."""
    return frame.stage == PREDICT


def lane_of(shots: Sequence[Frame]) -> IntArray:
    """Characters of the longest badge that each node has in any frame of one film; 0 for none. `[N]`"""
    lane = np.zeros(len(shots[0].visible), dtype=np.int64)
    for shot in shots:
        for row, text in shot.badges.items():
            lane[row] = max(lane[row], len(text))
    return np.minimum(lane, MAX_BADGE)


def stage_of(frame: Frame, lane: IntArray | None = None) -> Stage:
    """A frame as the canvas takes it, with the room that badges of other frames need."""
    marked = np.flatnonzero(frame.highlight)
    whole = len(marked) == int(frame.visible.sum())
    return Stage(
        visible=frame.visible,
        highlight=() if whole else tuple(int(row) for row in marked),
        badges=frame.badges,
        lane=lane,
        outcomes=frame.outcomes,
        filled=frame.fill is not None,
        values=frame.outcomes and frame.stage not in (OUTCOMES, PREDICT),
        fill=frame.fill,
        advantages=frame.fill is not None,
        numbers=frame.fill,
        numbers_title=frame.column,
        marked=() if frame.example is None else frame.example.rows,
    )
