"""Which steps a filter is about. The canvas dims the others and removes none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from treecore.analysis.compare import Kind, column_with, compare
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.topology import BoolArray
from treecore.methods.registry import Credit

FOLLOWED = "path"
"""The filter that follows the selection, which the browser knows."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What filters look at.

    Attributes:
        forest: of which steps are chosen.
        credit: of this forest alone; None where the method cannot run.
        other: credit of the same forest by another method; None for none.
        share: of the largest `|credit|` that a step must reach to be strong, 0 to 1.
    """

    forest: Forest
    credit: Credit | None = None
    other: Credit | None = None
    share: float = 0.5

    @property
    def least(self) -> float:
        """The `|credit|` that a step must reach to be strong; NaN without credit."""
        return (
            np.nan if self.credit is None else self.share * max(abs(self.credit.ends.low), abs(self.credit.ends.high))
        )


def right(asked: Asked) -> BoolArray:
    """Steps of trajectories that end right. `[N]`"""
    return leads_to(asked.forest, is_right(asked.forest))


def wrong(asked: Asked) -> BoolArray:
    """Steps of trajectories whose outcome is known and not right. `[N]`"""
    forest = asked.forest
    return leads_to(forest, ~np.isnan(forest.reward) & ~is_right(forest))


def failed(asked: Asked) -> BoolArray:
    """Steps at which the model, the server or the task failed, and the way to them. `[N]`"""
    forest = asked.forest
    return np.asarray(forest.topology.subtree_count(forest.status == Status.FAILED) > 0)


def forks(asked: Asked) -> BoolArray:
    """Steps with more than one way on. `[N]`"""
    return np.asarray(asked.forest.topology.n_children > 1)


def strong(asked: Asked) -> BoolArray:
    """Steps whose credit is far from zero: `|credit|` of `least` or more, and not 0. `[N]`"""
    if asked.credit is None:
        return np.zeros(len(asked.forest), dtype=bool)
    size = np.abs(asked.credit.credit)
    return (size >= asked.least) & (size > 0)


def apart(asked: Asked) -> BoolArray:
    """Steps on whose sign the two methods differ, plus against minus. `[N]`"""
    found = np.zeros(len(asked.forest), dtype=bool)
    if asked.credit is not None and asked.other is not None:
        compared = compare(asked.forest, [column_with(asked.credit), column_with(asked.other)])
        found[compared.rows] = compared.kind == Kind.SIGNS
    return found


def leads_to(forest: Forest, ends: BoolArray) -> BoolArray:
    """Steps with one of these ends under them. `[N]`"""
    return np.asarray(forest.topology.leaf_count(ends) > 0)


FILTERS: dict[str, Callable[[Asked], BoolArray]] = {
    "right": right,
    "wrong": wrong,
    "failed": failed,
    "forks": forks,
    "strong": strong,
    "apart": apart,
}
