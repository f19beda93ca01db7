"""Two forests of one prompt: where what the policy says first differs."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.step_text import split_step


class Divergence(NamedTuple):
    """Where two forests part.

    Attributes:
        step: of the trajectories, from 1; 0 where they hold the same steps.
        first, second: words of the steps that only one of them has there, the most frequent first, with how many
            trajectories go through each.
    """

    step: int
    first: list[tuple[str, int]]
    second: list[tuple[str, int]]


def divergence(one: Forest, other: Forest) -> Divergence:
    """The first step at which the steps of one forest are not those of the other, whatever came before them."""
    levels = _levels(one), _levels(other)
    for step in range(max(map(len, levels))):
        first, second = (level[step] if step < len(level) else Counter[str]() for level in levels)
        if set(first) != set(second):
            only = [
                [pair for pair in a.most_common() if pair[0] not in b] for a, b in ((first, second), (second, first))
            ]
            return Divergence(step + 1, *only)
    return Divergence(0, [], [])


def answers(forest: Forest) -> list[tuple[str, int, bool]]:
    """Last steps in words, how often each is there, and whether it is right; the most frequent first."""
    right = is_right(forest)
    found: Counter[tuple[str, bool]] = Counter()
    for leaf in np.flatnonzero(forest.topology.is_leaf).tolist():
        found[(split_step(forest.text[leaf]).label, bool(right[leaf]))] += 1
    return [(text, n, good) for (text, good), n in found.most_common()]


def _levels(forest: Forest) -> list[Counter[str]]:
    """For each step of the trajectories, the words there and how many leaves lie beneath."""
    leaves = forest.topology.is_leaf.astype(np.int64)
    for row in range(len(forest) - 1, -1, -1):
        if (parent := int(forest.parent[row])) >= 0:
            leaves[parent] += leaves[row]
    depth = forest.topology.depth - (1 if len(forest.prompts) else 0)
    found: list[Counter[str]] = [Counter() for _ in range(int(depth.max()) + 1)]
    for row in np.flatnonzero(~forest.is_prompt).tolist():
        found[int(depth[row])][forest.text[row]] += int(leaves[row])
    return found
