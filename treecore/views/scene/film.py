"""The pictures of the film as stages of a scene."""

from __future__ import annotations

import numpy as np

from treecore.analysis.frames import Frame
from treecore.analysis.stages import PREDICT
from treecore.views.scene.scene import Stage


def asks(frame: Frame) -> bool:
    """Whether a prediction is asked for at this frame."""
    return frame.stage == PREDICT


def stage_of(frame: Frame) -> Stage:
    """A frame as the canvas takes it."""
    marked = np.flatnonzero(frame.highlight)
    whole = len(marked) == int(frame.visible.sum())
    return Stage(
        visible=frame.visible,
        highlight=() if whole else tuple(int(row) for row in marked),
        badges=frame.badges,
        outcomes=frame.outcomes,
        filled=frame.fill is not None,
        values=frame.outcomes and not asks(frame),
        fill=frame.fill,
        advantages=frame.fill is not None,
        numbers=frame.fill,
        numbers_title=frame.column,
        marked=() if frame.example is None else frame.example.rows,
    )
