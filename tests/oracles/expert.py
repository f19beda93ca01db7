"""SRL's similarities: difflib called directly, step by step, and alignments by trying every one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations

from oracles.nodes import NAN, Node, Walk
from treecore.methods.expert import action_of


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


def srl(walk: Walk) -> list[float]:
    """Credit of every step: likeness to the step of the same number on the way to the best right leaf."""
    experts: list[list[str]] = []
    for group in walk.by_forest:
        right = [node for node in group if node.row in walk.right]
        best = min(right, key=lambda leaf: (-leaf.reward, walk.born[leaf.row]), default=None)
        experts.append([action_of(walk.texts[step.row]) for step in best.path()[1:]] if best else [])

    def credit(node: Node) -> float:
        depth, expert = node.depth, experts[node.forest]
        return ratio(action_of(walk.texts[node.row]), expert[depth - 1]) if 0 < depth <= len(expert) else NAN

    return [credit(node) for node in walk.nodes]
