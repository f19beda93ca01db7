"""Which outcomes count as right. One rule for pictures, words and counts."""

from __future__ import annotations

import numpy as np

from treecore.forest import Forest
from treecore.topology import BoolArray

FULL = 1.0


def top_reward(forest: Forest) -> float:
    """The full reward: 1, or the largest reward seen where a task's scale goes beyond it."""
    known = forest.reward[~np.isnan(forest.reward)]
    return max(FULL, float(known.max())) if len(known) else FULL


def is_right(forest: Forest) -> BoolArray:
    """Leaves that earn the full reward. `[N]`"""
    return forest.reward >= top_reward(forest) - 1e-9
