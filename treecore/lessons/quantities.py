"""Every number of a unit, worked out: a closed set of quantities, which the files of the units ask for by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from treecore.analysis.granularity import granularity
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.lessons.truth import Truth, truth
from treecore.lessons.unit import Number, Row, Unit
from treecore.methods import compute as credit
from treecore.methods.registry import Credit

Quantity = Callable[..., float]
QUANTITIES: dict[str, Quantity] = {}


def quantity(function: Quantity) -> Quantity:
    """Register a quantity under the function's name."""
    QUANTITIES[function.__name__.rstrip("_")] = function
    return function


@dataclass(frozen=True)
class Context:
    """What quantities are worked out from: the sample with its truth, and the values of other numbers so far."""

    truth: Truth
    known: Mapping[str, float]


def numbers_of(unit: Unit, dragged: int | None = None) -> dict[str, float]:
    """All numbers of a unit, in the order in which it lists them.

    Args:
        dragged: the number that can be dragged; where it begins by default.
    """
    known: dict[str, float] = {}
    if unit.drag is not None:
        known[unit.drag.name] = float(unit.drag.at if dragged is None else dragged)
    for name, asked in unit.numbers.items():
        known[name] = value_of(unit, asked, known)
    return known


def value_of(unit: Unit, asked: Number, known: Mapping[str, float]) -> float:
    """One number; an argument such as `$k` stands for another one."""
    given = {name: value for name, value in asked.items() if name not in ("is", "as")}
    for name, value in given.items():
        if isinstance(value, str) and value.startswith("$"):
            given[name] = known[value[1:]]
    return float(QUANTITIES[asked["is"]](Context(truth(unit.sample), known), **given))


@cache
def credit_of(sample: str, method: str, settings: tuple[tuple[str, Any], ...] = (), few: bool = False) -> Credit:
    """What a method says about a sample.

    Args:
        few: with the values of few continuations.
    """
    held = truth(sample)
    return credit([held.with_few if few else held.forest], method, **dict(settings))


def row_credit(unit: Unit, row: Row) -> np.ndarray:
    """Credit of a method of the table. `[N]`, NaN where it assigns none."""
    return credit_of(unit.sample, row.method, tuple(row.settings.items()), row.few).credit


def before(forest: Forest, of: str) -> int:
    """The row before a step."""
    return int(forest.parent[forest.row(of)])


@quantity
def chance(context: Context, *, of: str, when: str = "after") -> float:
    """Share of continuations that end right, `after` a step or `before` it."""
    forest = context.truth.forest
    return float(context.truth.chance[before(forest, of) if when == "before" else forest.row(of)])


@quantity
def change(context: Context, *, of: str) -> float:
    """By how much a step changed the chance."""
    return float(context.truth.change[context.truth.forest.row(of)])


@quantity
def change_error(context: Context, *, of: str) -> float:
    """Standard error of `change`."""
    return float(context.truth.change_error[context.truth.forest.row(of)])


@quantity
def credit_by(
    context: Context, *, of: str, method: str, few: bool = False, settings: Mapping[str, Any] | None = None
) -> float:
    """Credit of a step by a method."""
    forest = context.truth.forest
    given = context.truth.with_few if few else forest
    return float(credit([given], method, **dict(settings or {})).credit[forest.row(of)])


@quantity
def few_chance(context: Context, *, of: str) -> float:
    """Share right of few continuations of a step."""
    return float(context.truth.few[context.truth.forest.row(of)])


@quantity
def few_count(context: Context, *, of: str) -> float:
    """How many few continuations are."""
    return float(context.truth.few_count[context.truth.forest.row(of)])


@quantity
def ends(context: Context, *, of: str = "", right: bool = False) -> float:
    """Scored trajectories through a step, or all of them; only those that are right, if asked."""
    forest = context.truth.forest
    wanted = forest.topology.is_leaf & ~np.isnan(forest.reward)
    wanted &= is_right(forest) if right else True
    if of:
        wanted &= beneath(forest, of)
    return float(wanted.sum())


def beneath(forest: Forest, of: str) -> np.ndarray:
    """Whether each row is a step or comes after it. `[N]`"""
    row = forest.row(of)
    return np.array([row in forest.topology.path(one) for one in range(len(forest))])


@quantity
def recorded(context: Context, *, of: str = "") -> float:
    """Share of recorded trajectories through a step (or of all) that are right."""
    return ends(context, of=of, right=True) / ends(context, of=of)


@quantity
def tokens(context: Context, *, read: bool = False) -> float:
    """Tokens that the model wrote; or that its answers have when each is read alone, if `read`."""
    forest = context.truth.forest
    written = np.maximum(forest.n_model_tokens, 0).astype(float)
    return float(written.sum() if not read else forest.topology.path_sum(written)[forest.topology.is_leaf].sum())


@quantity
def decides(context: Context, *, of: str) -> float:
    """Share of the trajectory that was still open when a step was chosen."""
    return float(granularity(Forests([context.truth.forest])).step[context.truth.forest.row(of)])


@quantity
def spread(context: Context, *, of: str, k: float, when: str = "after") -> float:
    """Standard error of the chance, were it measured with k continuations."""
    p = chance(context, of=of, when=when)
    return math.sqrt(p * (1 - p) / k)


@quantity
def flat(context: Context, *, method: str, n: float, right: float, of: str = "right") -> float:
    """Credit of one of the `right` (or `wrong`) of n separate answers; NaN where there is none."""
    count, good = int(n), int(right)
    reward = np.array([float("nan"), *[1.0] * good, *[0.0] * (count - good)])
    leaf = 1 if of == "right" else count
    if not (good if of == "right" else count - good):
        return float("nan")
    forest = Forest(parent=np.array([-1, *[0] * count]), reward=reward, text=[""] * (count + 1))
    return float(credit([forest], method).credit[leaf])


@quantity
def differ(context: Context, *, a: float, b: float) -> float:
    """One number less another."""
    return a - b


@quantity
def ratio(context: Context, *, a: float, b: float) -> float:
    """One number over another."""
    return a / b


@quantity
def of_trajectory(
    context: Context, *, of: str, method: str, column: str, settings: Mapping[str, Any] | None = None
) -> float:
    """What a method says about a whole trajectory, at its last step."""
    forest = context.truth.forest
    return float(credit([forest], method, **dict(settings or {})).leaves[column][forest.row(of)])
