"""Every number of a unit, worked out: a closed set of quantities, which the files of the units ask for by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from treecore.analysis.granularity import granularity
from treecore.analysis.label_route import lengths, route, spacing
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.prefixes import merge
from treecore.core.states import states_of
from treecore.core.topology import FloatArray, IntArray
from treecore.lessons.truth import Truth, truth
from treecore.lessons.unit import Number, Row, Unit, row_of
from treecore.methods import compute as credit
from treecore.methods.registry import Credit

Quantity = Callable[..., float]
QUANTITIES: dict[str, Quantity] = {}


def quantity(function: Quantity) -> Quantity:
    """Register a quantity under the function's name."""
    QUANTITIES[function.__name__] = function
    return function


@dataclass(frozen=True)
class Context:
    """What quantities are worked out from: a unit, and its sample with the truth."""

    unit: Unit
    truth: Truth


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
    """One number; an argument such as `$k` stands for another one, and in settings of a method for a whole one."""
    given = {name: value for name, value in asked.items() if name not in ("is", "as")}
    for name, value in given.items():
        if isinstance(value, str) and value.startswith("$"):
            given[name] = known[value[1:]]
        elif isinstance(value, Mapping):
            given[name] = {at: int(known[one[1:]]) if str(one).startswith("$") else one for at, one in value.items()}
    return float(QUANTITIES[asked["is"]](Context(unit, truth(unit.sample)), **given))


@cache
def credit_of(sample: str, row: Row) -> Credit:
    """What a method of a table says about a sample, or about the tree that it folds into."""
    held = truth(sample)
    forest = folded(held.forest)[0] if row.folded else held.with_few if row.few else held.forest
    return credit([forest], row.method, **dict(row.settings))


def row_credit(unit: Unit, row: Row) -> FloatArray:
    """Credit of a method of the table. `[N]`, NaN where it assigns none."""
    found = credit_of(unit.sample, row).credit
    return found[folded(truth(unit.sample).forest)[1]] if row.folded else found


def folded(forest: Forest) -> tuple[Forest, IntArray]:
    """The tree of common beginnings, and for every step its row there: where the same words have been said. `[N]`"""
    tree = merge(forest)
    place = {words: row for row, words in enumerate(said(tree))}
    return tree, np.array([place[words] for words in said(forest)])


def said(forest: Forest) -> list[str]:
    """All that was written and answered up to each step. `[N]`"""
    found: list[str] = []
    for row, parent in enumerate(forest.parent.tolist()):
        found.append((found[parent] if parent >= 0 else "") + forest.text[row] + forest.observation[row])
    return found


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
def credit_by(context: Context, *, of: str, **row: Any) -> float:
    """Credit of a step by a method, given as in the table of a unit."""
    return float(row_credit(context.unit, row_of(row))[context.truth.forest.row(of)])


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
    rows = forest.topology.leaves_under(forest.row(of)) if of else forest.leaves
    wanted = is_right(forest) if right else ~np.isnan(forest.reward)
    return float(wanted[rows].sum())


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
def spread(context: Context, *, of: str, k: float) -> float:
    """Standard error of the chance after a step, were it measured with k continuations."""
    p = chance(context, of=of)
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


@quantity
def forks_after(context: Context, *, of: str) -> float:
    """Forks at a step and after it."""
    forest = context.truth.forest
    return float(forest.topology.is_fork[forest.topology.subtree(forest.row(of))].sum())


@quantity
def alike(context: Context, *, of: str, right: bool = False) -> float:
    """Trajectories that say the same up to a step, word by word; only those that are right, if asked."""
    forest = context.truth.forest
    begins, wanted = said(forest)[forest.row(of)], is_right(forest)
    return float(sum(said(forest)[leaf].startswith(begins) and (wanted[leaf] or not right) for leaf in forest.leaves))


@quantity
def labels(context: Context, *, every: float, method: str, what: str = "labels") -> float:
    """Of a label every so many tokens: how many `labels` are needed, how many forks share one (`merged`), what part of
    the signal of a method is `lost`; or how many labels it takes to have one for every branch of a fork (`at_forks`).
    """
    held = credit_of(context.unit.sample, Row(method))
    found = spacing(lengths(held), int(every))
    known = {"labels": found.labels, "merged": found.merged, "lost": found.lost}
    return float(route(held).children if what == "at_forks" else known[what])


@quantity
def forks(context: Context) -> float:
    """Forks that a method sees which takes all roots of a prompt for one."""
    return float(Forests([context.truth.forest]).shape(states_of).topology.is_fork.sum())


@quantity
def children(context: Context, *, of: str) -> float:
    """Branches that begin at a step."""
    forest = context.truth.forest
    return float((forest.parent == forest.row(of)).sum())


@quantity
def affordable(context: Context) -> float:
    """Separate answers of the mean length that the written tokens would pay for."""
    return tokens(context) * ends(context) / tokens(context, read=True)
