"""The one outcome that credit hangs on most: every flip is made and computed. Guesses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from treecore.analysis.what_if import shift, steps_in_both, what_if
from treecore.core.batch import Forests
from treecore.core.changes import Flip
from treecore.core.numerals import NOISE
from treecore.core.topology import IntArray
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.registry.params import Value

WORK, MIN_FORKS = 200_000, 4
"""Steps that may be computed anew in all, and flips that are tried however large the batch is."""


class Offer(NamedTuple):
    """A flip, and what it does.

    Attributes:
        node: id of the leaf, as text.
        moved: steps whose credit becomes another; changed_sign: of these, those whose sign does.
        largest: the largest of the shifts, with its sign.
        tried: flips that were computed; of: leaves that have an outcome.
    """

    node: str
    moved: int
    changed_sign: int
    largest: float
    tried: int
    of: int


def best_flip(forests: Forests, number: int, method: str, params: Mapping[str, Value]) -> Offer | None:
    """The flip of one outcome of forest `number` that moves the credit of its steps most, all shifts added up.

    Of very many flips as many are tried as `WORK` allows, evenly spread. None where no flip moves anything.

    Args:
        forests: the batch that the method compares in.

    Raises:
        MethodError: the method cannot run on the batch.
    """
    forest, before = forests[number], compute(forests, method, **params).of(number)
    leaves = forest.leaves[~np.isnan(forest.reward[forest.leaves])]
    tried = spread(leaves, max(MIN_FORKS, WORK // len(forests.parent)))
    best, most = None, 0.0
    for leaf in tried.tolist():
        name = str(forest.node_id[leaf])
        found = what_if(forest, (Flip(name),))
        batch = Forests([found.changed if place == number else one for place, one in enumerate(forests)])
        try:
            shifts = shift(found, before, compute(batch, method, **params).of(number))
        except MethodError:
            continue
        steps = steps_in_both(found)
        sizes = np.nan_to_num(shifts.size[steps])
        total = float(np.abs(sizes).sum())
        if total > most + NOISE * (1 + most):
            most, largest = total, float(sizes[np.argmax(np.abs(sizes))])
            moved, signs = (int((marks & steps).sum()) for marks in (shifts.moved, shifts.changed_sign))
            best = Offer(name, moved, signs, largest, len(tried), len(leaves))
    return best


def spread(rows: IntArray, most: int) -> IntArray:
    """At most so many of the rows, from the first to the last."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
