"""Methods side by side on one forest: their credit of every step, how alike they rank the steps, where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np

from treecore.analysis.kendall import ranks, tau_b
from treecore.analysis.references import Reach, reach_of
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.outcomes import top_reward
from treecore.core.topology import FloatArray, IntArray
from treecore.errors import MethodError
from treecore.methods.registry import NEUTRAL, Credit, Ends, Method, get_method
from treecore.registry.params import Value

NOISE = 1e-9
"""Share of a method's largest credit below which a number is only rounding."""
RANKS_APART = 0.1
"""Share of the steps by which the places that two methods give a step, ties and all, must lie apart to be listed."""


class Kind(IntEnum):
    """How methods differ about a step, the worst first."""

    AGREE = 0
    SIGNS = 1
    ZERO = 2
    RANK = 3


KINDS = {Kind.SIGNS: "signs differ", Kind.ZERO: "sign against zero", Kind.RANK: "rank differs"}


@dataclass(frozen=True, eq=False)
class Column:
    """One method of a comparison.

    Attributes:
        method, params: what was asked for.
        credit: of one forest; None where the method cannot run.
        lacks: why it cannot, one clause; "" where it can.
        ends: of its colour scale, over its whole batch.
    """

    method: str
    params: Mapping[str, Value]
    credit: Credit | None
    lacks: str = ""
    ends: Ends = NEUTRAL

    @property
    def known(self) -> Method:
        """The method itself."""
        return get_method(self.method)

    @cached_property
    def reach(self) -> Reach:
        """How far around a step it looks."""
        return reach_of(self.known, self.known.defaults | dict(self.params))

    @property
    def scale(self) -> float:
        """Largest `|credit|` of its batch; 1 where it cannot run, and where it gives 0 to all."""
        return max(abs(self.ends.low), abs(self.ends.high)) or 1.0


def column_of(batch: Forests, method: str, settings: Mapping[str, Any]) -> Column:
    """A method on a whole batch; one that cannot run is a column all the same, with what it lacks."""
    try:
        credit = get_method(method).compute(batch, settings)
    except MethodError as error:
        return column_without(method, settings, error)
    return column_with(credit)


def column_with(credit: Credit) -> Column:
    """A method that has run, by the credit of a whole batch."""
    return Column(credit.method, credit.params, credit, ends=credit.ends)


def column_without(method: str, settings: Mapping[str, Any], error: MethodError) -> Column:
    """A method that cannot run, with what it lacks."""
    return Column(method, dict(settings), None, str(error).removeprefix(f"{method} cannot run: "))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Methods on one forest. `S` steps in the order in which a tree is read, `K` methods.

    Attributes:
        forest: what they judge.
        columns: the methods, those that look widest first.
        rows: `[S]` rows of the forest.
        values: `[S, K]` credit as the method gives it, NaN where none is assigned.
        signs: `[S, K]` -1, 0 or 1; NaN where none is assigned and of methods whose credit is a level.
        best, worst: `[S, K]` place by credit, 1 the highest, and the last place that equal ones share; NaN without.
        kind: `[S]` of `Kind`.
        agreement: `[K, K]` Kendall's tau-b over the steps to which both assign something; NaN where nothing is ranked.
    """

    forest: Forest
    columns: tuple[Column, ...]
    rows: IntArray
    values: FloatArray
    signs: FloatArray
    best: FloatArray
    worst: FloatArray
    kind: IntArray
    agreement: FloatArray

    @cached_property
    def counts(self) -> IntArray:
        """Steps to which each method assigns something. `[K]`"""
        return np.asarray((~np.isnan(self.values)).sum(axis=0))

    @cached_property
    def steps_of_tree(self) -> IntArray:
        """How many steps each tree has. `[M]`"""
        return np.bincount(self.forest.tree[self.rows], minlength=self.forest.n_trees)

    @cached_property
    def n_answers(self) -> int:
        """Trajectories with an outcome."""
        return int((~np.isnan(self.forest.reward)).sum())

    @cached_property
    def top(self) -> float:
        """The full reward."""
        return top_reward(self.forest)

    def count(self, kind: Kind) -> int:
        """Steps about which methods differ in one way."""
        return int((self.kind == kind).sum())


def compare(forest: Forest, columns: Sequence[Column]) -> Comparison:
    """Compare methods on one forest.

    Args:
        columns: with credit of this forest, or of a batch that holds it.
    """
    ordered = sorted((own_part(forest, column) for column in columns), key=lambda column: column.reach)
    order = forest.topology.order
    rows = order[~forest.is_prompt[order]]
    values = np.full((len(rows), len(ordered)), np.nan)
    signs = values.copy()
    for k, column in enumerate(ordered):
        if column.credit is not None:
            values[:, k] = settled(column.credit.credit[rows], column.scale)
            if not column.credit.is_level:
                signs[:, k] = np.sign(values[:, k])
    best, worst = places_of(values)
    agreement = agreements(values)
    kind = kinds_of(signs, apart=ranks_apart(best, worst=worst))
    return Comparison(forest, tuple(ordered), rows, values, signs, best, worst, kind, agreement)


def agreements(values: FloatArray) -> FloatArray:
    """Kendall's tau-b of every two columns of `values [S, K]`. `[K, K]`"""
    found = np.full((values.shape[1], values.shape[1]), np.nan)
    for one, first in enumerate(values.T):
        for other, second in enumerate(values.T[: one + 1]):
            found[one, other] = found[other, one] = tau_b(first, second)
    return found


def own_part(forest: Forest, column: Column) -> Column:
    """The column with the credit of one forest, on the scale of its batch."""
    credit = column.credit
    if credit is None or len(credit.forests) == 1:
        return column
    number = next(number for number, one in enumerate(credit.forests) if one is forest)
    return replace(column, credit=credit.of(number))


def settled(credit: FloatArray, scale: float) -> FloatArray:
    """Credit without what is only rounding: steps that mean the same have the same number."""
    step = NOISE * scale
    return np.round(credit / step) * step


def places_of(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Place of each value in its column from the highest, and the last place that equal ones share. `[S, K]`"""
    best, worst = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    for k, column in enumerate(values.T):
        known = ~np.isnan(column)
        number = ranks(-column[known])
        upto = np.cumsum(np.bincount(number)) if len(number) else number
        worst[known, k] = upto[number]
        best[known, k] = (np.concatenate([[0], upto[:-1]])[number] + 1) if len(number) else []
    return best, worst


def shares(places: FloatArray) -> FloatArray:
    """Places as the share of the steps of their column that stand before them. `[S, K]`"""
    count = (~np.isnan(places)).sum(axis=0)
    return np.asarray((places - 1) / np.maximum(count - 1, 1))


def ranks_apart(best: FloatArray, *, worst: FloatArray) -> FloatArray:
    """Share of the steps between the places that two methods give a step; not above 0 where these overlap. `[S]`"""
    lowest = np.where(np.isnan(best), -np.inf, shares(best)).max(axis=1, initial=-np.inf)
    highest = np.where(np.isnan(worst), np.inf, shares(worst)).min(axis=1, initial=np.inf)
    return np.asarray(lowest - highest)


def kinds_of(signs: FloatArray, *, apart: FloatArray) -> IntArray:
    """How methods differ about each step, by their signs, and by how far `apart [S]` its ranks are. `[S]`"""
    kinds = np.zeros(len(signs), dtype=np.int64)
    kinds[apart >= RANKS_APART] = Kind.RANK
    up, down, none = (signs > 0).any(axis=1), (signs < 0).any(axis=1), (signs == 0).any(axis=1)
    kinds[none & (up | down)] = Kind.ZERO
    kinds[up & down] = Kind.SIGNS
    return kinds
