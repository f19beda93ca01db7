"""A prediction to make before the credit is shown: which of the siblings gets the blame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from treecore.analysis.frames import MAX_PHRASE, phrase
from treecore.core.forest import Forest
from treecore.core.numerals import NOISE, counted
from treecore.core.topology import IntArray
from treecore.methods.registry import Credit, get_method
from treecore.views.labels import cut, distinct_labels

MAX_BRANCHES = 4
"""Branches of a fork that a question may ask about."""


@dataclass(frozen=True)
class Question:
    """A prediction to make before the reveal: which of the siblings gets the blame.

    Attributes:
        fork: row of the fork asked about.
        rows: its steps; choices: what they are called, then "both" and "neither" (or "more than one" and "none").
        answer: the right choice.
    """

    fork: int
    rows: tuple[int, ...]
    choices: tuple[str, ...]
    answer: str

    def branch_of(self, forest: Forest, row: int) -> str | None:
        """What the branch is called that a node is on; None for nodes before the fork and beside it."""
        on = set(forest.topology.path(row).tolist())
        return next((name for name, step in zip(self.choices, self.rows, strict=False) if step in on), None)


def question(credit: Credit, *, most: int = MAX_BRANCHES) -> Question | None:
    """A question about the fork whose steps differ most in credit; None when no fork has a signal from outcomes."""
    if not get_method(credit.method).judges_outcomes:
        return None
    forest = credit.forests[0]
    best, gap = -1, NOISE
    for fork in credit.shape.forks:
        children = credit.shape.steps_from(fork)
        values = credit.credit[children]
        if len(children) <= most and np.isfinite(values).all() and np.ptp(values) > gap:
            best, gap = int(fork), float(np.ptp(values))
    if best < 0:
        return None
    children = credit.shape.steps_from(best)
    several, none = ("both", "neither") if len(children) == 2 else ("more than one", "none")
    names = called(forest, children, (several, none))
    blamed = [name for name, row in zip(names, children, strict=True) if credit.credit[row] < 0]
    answer = none if not blamed else several if len(blamed) > 1 else blamed[0]
    return Question(best, tuple(int(row) for row in children), (*names, several, none), answer)


def why_none(credit: Credit, *, most: int = MAX_BRANCHES) -> str:
    """Why `question` asks nothing, in one sentence."""
    if not get_method(credit.method).judges_outcomes:
        return "There is nothing to predict: this method rests on something else than how the branches end."
    forks = [credit.credit[credit.shape.steps_from(fork)] for fork in credit.shape.forks]
    if not forks:
        return "There is nothing to predict: no step has a sibling, so no branches can be told apart."
    known = [values for values in forks if np.isfinite(values).all()]
    if not known:
        return "There is nothing to predict: at no fork does this method give a number to every branch."
    if all(float(np.ptp(values)) <= NOISE for values in known):
        return "There is nothing to predict: at every fork this method gives all branches the same credit."
    return (
        "There is nothing to predict: every fork where the credit differs has more than "
        f"{counted(most, 'branch', 'branches')}."
    )


def called(forest: Forest, rows: IntArray, others: tuple[str, ...]) -> list[str]:
    """Branches by the words that tell them apart, each once; with a number where words are equal, or are others'."""
    words = [cut(name, MAX_PHRASE) for name in distinct_labels([phrase(forest, int(row)) for row in rows])]
    taken = Counter([*words, *others])
    names = [
        word if word and taken[word] == 1 else f"{word}, branch {i + 1}" if word else f"branch {i + 1}"
        for i, word in enumerate(words)
    ]
    return (
        names if len({*names, *others}) == len(names) + len(others) else [f"branch {i + 1}" for i in range(len(words))]
    )
