"""A method's formula with the numbers of one step put in. Works for every method: it knows columns, not methods.

A method's `symbols` map LaTeX symbols to references: `name` is a column at the step or trajectory itself,
`leaves:name` lists it over the leaves beneath, `children:name` and `siblings:name` over those steps, `parent:name`
takes it from the step before, `param:name` is a parameter of the method.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from treecore.credit.registry import Credit, get_method

SHOWN = 6
AGREE = NOISE = 1e-9


@dataclass(frozen=True)
class Line:
    """One equation of a method, worked for one step.

    Attributes:
        symbol: LaTeX left side; column: the column it stands for.
        formula: LaTeX equation as published; numbers: the same with numbers in place of symbols.
        row: the node it was worked for (a leaf, for equations about trajectories).
        result: value of the left side, NaN when not assigned; exact: as a fraction, or "".
    """

    symbol: str
    column: str
    formula: str
    numbers: str
    row: int
    result: float
    exact: str


@dataclass(frozen=True)
class Explanation:
    """Everything the app says about one step's credit.

    Attributes:
        lines: worked equations in order; those about a trajectory are worked for `leaf`.
        n_leaves: scored leaves beneath; stderr: standard error of the credit, NaN when it cannot be estimated.
        silence: why there is no signal here, one sentence; "" when there is one.
    """

    lines: tuple[Line, ...]
    leaf: int
    n_leaves: int
    credit: float
    stderr: float
    silence: str


def explain(credit: Credit, node: int, *, leaf: int | None = None) -> Explanation:
    """Work every equation of the method for `node` (a row of a single forest).

    Args:
        credit: of one forest (`Credit.of`).
        leaf: trajectory to work the trajectory equations for; default the first scored leaf beneath.
    """
    method = get_method(credit.method)
    forest = credit.forests[0]
    beneath = forest.topology.leaves_under(node)
    scored = beneath[~np.isnan(forest.reward[beneath])]
    chosen = int(scored[0] if len(scored) else beneath[0]) if leaf is None else leaf
    references = dict(method.symbols)
    lines = []
    for formula in method.formula(credit.params).splitlines():
        left, right = formula.split(" = ", 1)
        column = references[left]
        row = node if column in credit.nodes else chosen
        result = float(credit.column(column)[row])
        numbers = f"{left} = {substitute(right, references, credit, row)}"
        lines.append(Line(left, column, formula, numbers, row, result, exact_fraction(result)))
    stderr = credit.nodes["stderr"][node] if "stderr" in credit.nodes else math.nan
    value = float(credit.credit[node])
    return Explanation(tuple(lines), chosen, len(scored), value, float(stderr), silence(credit, node))


def silence(credit: Credit, node: int) -> str:
    """Why a step carries no signal, in one sentence; "" when it carries some."""
    forest = credit.forests[0]
    topology = forest.topology
    judged = "reward" in get_method(credit.method).needs_with(credit.params)
    siblings = topology.siblings(node)
    value = float(credit.credit[node])
    if math.isnan(value):
        if judged and np.isnan(forest.reward[topology.leaves_under(node)]).all():
            return "No signal: no trajectory through this step has an outcome yet."
        if topology.parent[node] < 0:
            return "No signal is assigned to the prompt: nothing was chosen here."
        alone = "; it has no sibling to compare with" if len(siblings) < 2 else ""
        return f"No signal is assigned to this step{alone}."
    rewards = forest.reward[~np.isnan(forest.reward)]
    if judged and abs(value) < NOISE and len(rewards) > 1 and np.ptp(rewards) == 0:
        return "No signal: every trajectory of this prompt ended alike, so there is nothing to compare."
    values = credit.credit[siblings]
    if len(siblings) > 1 and np.isfinite(values).all() and np.ptp(values) < AGREE:
        return "All siblings have the same credit: the choice between them made no difference."
    return ""


def substitute(right: str, references: dict[str, str], credit: Credit, row: int) -> str:
    """LaTeX `right` with every symbol replaced by its number at `row`."""
    symbols = sorted(references, key=len, reverse=True)
    pattern = "|".join(re.escape(symbol) + (r"(?![A-Za-z])" if symbol[-1].isalpha() else "") for symbol in symbols)

    def replacement(match: re.Match[str]) -> str:
        text = look_up(references[match.group(0)], credit, row)
        after_operator = right[: match.start()].rstrip().endswith(("+", "-", "}"))
        return f"({text})" if text.startswith("-") and after_operator else text

    return re.sub(pattern, replacement, right)


def look_up(reference: str, credit: Credit, row: int) -> str:
    """One reference as LaTeX: a number, or a bracketed sum."""
    scope, _, name = reference.rpartition(":")
    topology = credit.forests[0].topology
    if scope == "param":
        return number(float(credit.params[name]))
    values = credit.column(name)
    if scope == "":
        return number(values[row])
    if scope == "parent":
        above = int(topology.parent[row])
        return number(values[above]) if above >= 0 else "0"
    rows = {"leaves": topology.leaves_under, "children": topology.children, "siblings": topology.siblings}[scope](row)
    return sum_of([float(value) for value in values[rows] if not math.isnan(value)])


def sum_of(values: Sequence[float]) -> str:
    """`(1 + 0 - 0.5)`, the middle of long sums as dots."""
    if not values:
        return r"\varnothing"
    dots = len(values) > SHOWN
    shown = [*values[: SHOWN - 2], *values[-1:]] if dots else values
    text = number(shown[0])
    for position, value in enumerate(shown[1:], start=1):
        if dots and position == len(shown) - 1:
            text += r" + \cdots"
        text += f" - {number(-value)}" if value < 0 else f" + {number(value)}"
    return f"({text})"


def number(value: float) -> str:
    """A number as LaTeX: whole numbers plain, others with three decimals, tiny ones as powers of ten."""
    if math.isnan(value):
        return r"\text{n/a}"
    if NOISE < abs(value) < 5e-4:
        mantissa, exponent = f"{value:.0e}".split("e")
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def exact_fraction(value: float) -> str:
    """`2/3` when `value` is a fraction with a denominator from 2 to 999, else ""."""
    if not math.isfinite(value):
        return ""
    fraction = Fraction(value).limit_denominator(999)
    if fraction.denominator == 1 or abs(float(fraction) - value) > 1e-12:
        return ""
    return f"{fraction.numerator}/{fraction.denominator}"
