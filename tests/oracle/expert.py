"""SRL's similarities: difflib called directly, alignments by trying every one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations


def ratio(action: str, expert: str) -> float:
    """Similarity of one step, -1 for a step without an action."""
    return SequenceMatcher(None, action, expert, autojunk=False).ratio() if action else -1.0


def best_alignment(actions: Sequence[str], steps: Sequence[str]) -> float:
    """Largest sum of similarities over all ways to match steps in order."""
    best = 0.0
    for size in range(1, min(len(actions), len(steps)) + 1):
        for chosen in combinations(range(len(actions)), size):
            for partners in combinations(range(len(steps)), size):
                pairs = zip(chosen, partners, strict=True)
                best = max(best, math.fsum(max(ratio(actions[a], steps[b]), 0.0) for a, b in pairs))
    return best
