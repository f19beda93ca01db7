"""The ways on that were drawn at each place of a branch, by siblings that shared its tokens, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import whole
from treecore.core.outcomes import is_right
from treecore.core.states import shape_of, states_of

MAX_SIBLINGS = 200
"""Siblings that are looked at; a fork with more is no list that a person reads."""


class Way(NamedTuple):
    """One of the tokens that were drawn at a place.

    Attributes:
        text: of the token.
        rows: of the steps that go on with it, in the order of the forest.
    """

    text: str
    rows: tuple[int, ...]


def siblings_of(forest: Forest, row: int) -> list[int]:
    """Rows of the steps taken from where `row` was taken, itself among them; of all trees where that is the prompt."""
    batch = Forests(forest)
    found = shape_of(states_of(batch), len(forest)).siblings(row)
    steps = [one for one in found.tolist() if one >= 0 and not forest.is_prompt[one]]
    return steps[:MAX_SIBLINGS] if row in steps[:MAX_SIBLINGS] else [row]


def ways(own: Sequence[str], others: Mapping[int, Sequence[str]], row: int) -> list[list[Way]]:
    """The ways on at each token of a step, empty where all who came here went the same way.

    Args:
        own: `[K]` tokens of the step.
        others: row -> tokens of each of its siblings, itself among them.
        row: of the step.

    Returns:
        `[K]` ways, the step's own among them.
    """
    alike = [one for one in others if others[one]]
    found: list[list[Way]] = []
    for place, token in enumerate(own):
        here = [one for one in alike if len(others[one]) > place]
        texts = dict.fromkeys(others[one][place] for one in here)
        taken = [Way(text, tuple(one for one in here if others[one][place] == text)) for text in texts]
        found.append(taken if len(taken) > 1 else [])
        alike = [one for one in here if others[one][place] == token]
        if alike == [row]:
            break
    return [*found, *([] for _ in range(len(own) - len(found)))]


def outcome(forest: Forest, rows: Sequence[int]) -> tuple[str, bool | None]:
    """How the trajectories beneath some steps ended, `1 of 3 right`, and whether any is right; None for no outcome."""
    leaves = np.concatenate([forest.topology.leaves_under(row) for row in rows])
    scored = leaves[~np.isnan(forest.reward[leaves])]
    if not len(scored):
        return "no outcome", None
    n_right = int(is_right(forest)[scored].sum())
    return f"{whole(n_right)} of {whole(len(scored))} right", n_right > 0
