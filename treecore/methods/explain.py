"""A method's formula with the numbers of one step put in. Works for every method: it knows columns, not methods.

A method's `symbols` map LaTeX symbols to references: `name` is a column at the step or trajectory itself,
`leaves:name` lists it over the leaves beneath, `children:name` and `siblings:name` over those steps, `parent:name`
takes it from the step before, `param:name` is a parameter of the method.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from treecore.core.numerals import counted, exact_fraction, whole
from treecore.methods.registry import Credit, get_method

SHOWN = 6
AGREE = NOISE = 1e-9
DECIMALS, TINY, HUGE = 3, 5e-4, 1e7
EMPTY = re.compile(r"n/a|\\varnothing|\}\{0\}")
"""Numbers that cannot be worked: missing ones, sums of nothing, fractions over zero."""

BASES = {"token:confidence": "rests on the model's confidence", "label": "rests on its recorded label"}
"""What a credit rests on that does not rest on outcomes, by what its method needs."""


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
        evidence: how many leaves or continuations the credit rests on, None where it does not rest on outcomes.
        evidence_is: what they are, in words.
        silence: why there is no signal here, one sentence; "" when there is one.
        convention: what the method does where there is nothing to compare with, "" where there is.
    """

    lines: tuple[Line, ...]
    leaf: int
    n_leaves: int
    credit: float
    stderr: float
    evidence: int | None
    evidence_is: str
    silence: str
    convention: str


def explain(credit: Credit, node: int, *, leaf: int | None = None) -> Explanation:
    """Work every equation of the method for `node` (a row of a single forest); all empty roots are the prompt.

    Args:
        credit: of one forest (`Credit.of`).
        leaf: trajectory to work the trajectory equations for; default the first scored leaf beneath.
    """
    method = get_method(credit.method)
    beneath = credit.shape.leaves_under(node)
    scored = beneath[credit.forests.scored[beneath]]
    chosen = int(scored[0] if len(scored) else beneath[0]) if leaf is None else leaf
    lines = []
    for formula in method.formula(credit.params).splitlines():
        column = method.symbols[formula.split(" = ", 1)[0]]
        lines.append(work(credit, formula, node if column in credit.nodes else chosen))
    stderr = credit.nodes["stderr"][node] if "stderr" in credit.nodes else math.nan
    value = float(credit.credit[node])
    return Explanation(
        tuple(lines),
        chosen,
        len(scored),
        value,
        float(stderr),
        *evidence(credit, node, n_scored=len(scored), n_leaves=len(beneath)),
        silence(credit, node),
        method.alone if is_alone(credit, chosen) and math.isfinite(value) else "",
    )


def work(credit: Credit, formula: str, row: int) -> Line:
    """One equation of the credit's method with the numbers of a step, or of a trajectory by its leaf."""
    references = dict(get_method(credit.method).symbols)
    left, right = formula.split(" = ", 1)
    result = float(credit.column(references[left])[row])
    worked = substitute(right, references, credit.seen, int(credit.shape.row[row]))
    numbers = f"{left} = {number(result) if EMPTY.search(worked) else worked}"
    return Line(left, references[left], formula, numbers, row, result, exact_fraction(result))


def evidence(credit: Credit, node: int, *, n_scored: int, n_leaves: int) -> tuple[int | None, str]:
    """What a step's credit rests on: how many, and of what."""
    method = get_method(credit.method)
    if not method.judges_outcomes:
        return None, next((basis for need, basis in BASES.items() if need in method.needs), "rests on its words")
    continued = credit.forests.column("mc_count")[node] if "mc_value" in method.needs_with(credit.params) else math.nan
    if math.isfinite(continued):
        return int(continued), f"{counted(int(continued), 'continuation')} from here"
    beneath = f"{counted(n_leaves, 'leaf', 'leaves')} beneath"
    if n_scored < n_leaves:
        return n_scored, f"{whole(n_scored)} of {beneath} {'has' if n_scored == 1 else 'have'} an outcome"
    return n_scored, beneath


def is_alone(credit: Credit, leaf: int) -> bool:
    """Whether a trajectory has none to be compared with, in its prompt or, where that counts, in its tree."""
    in_tree = credit.leaves.get("tree_size", np.full(leaf + 1, math.nan))[leaf]
    return int(credit.forests.scored.sum()) == 1 or bool(in_tree == 1)


def silence(credit: Credit, node: int) -> str:
    """Why a step carries no signal, in one sentence; "" when it carries some."""
    forests, shape = credit.forests, credit.shape
    method = get_method(credit.method)
    judged = "reward" in method.needs_with(credit.params)
    siblings = shape.siblings(node)
    value = float(credit.credit[node])
    if math.isnan(value):
        if judged and not forests.scored[shape.leaves_under(node)].any():
            return "No signal: no trajectory through this step has an outcome yet."
        if forests.is_prompt[node]:
            return "No signal is assigned to the prompt: nothing was chosen here."
        if is_alone(credit, node) and judged and method.alone:
            return method.alone
        compares = any(reference.startswith("siblings:") for reference in method.symbols.values())
        alone = "; it has no sibling to compare with" if compares and len(siblings) < 2 else ""
        return f"No signal is assigned to this step{alone}."
    rewards = forests.reward[forests.scored]
    if judged and abs(value) < NOISE and len(rewards) > 1 and np.ptp(rewards) == 0:
        return "No signal: every trajectory of this prompt ended alike, so there is nothing to compare."
    values = credit.credit[siblings]
    if len(siblings) > 1 and np.isfinite(values).all() and np.ptp(values) < AGREE:
        fared = credit.nodes.get("value", values)[siblings] if "value" in credit.nodes else values
        if method.judges_outcomes and np.ptp(np.nan_to_num(fared)) > AGREE:
            return "All siblings have the same credit, though they fared differently: the method makes no difference."
        return "All siblings have the same credit: the choice between them made no difference."
    return ""


def substitute(right: str, references: dict[str, str], credit: Credit, row: int) -> str:
    """LaTeX `right` with every symbol replaced by its number at `row`."""
    names = {match for match in re.findall(pattern_of(references), right) if match in references}
    found = {name: look_up(references[name], credit, row) for name in names}
    digits = enough_decimals([value for value in found.values() if isinstance(value, float)])
    texts = {
        name: number(value, digits) if isinstance(value, float) else sum_of(value, digits)
        for name, value in found.items()
    }
    return fill(right, texts)


def pattern_of(symbols: Iterable[str]) -> str:
    """A regular expression that finds symbols in LaTeX, the longest first, and words, which hold none."""
    longest = sorted(symbols, key=len, reverse=True)
    found = "|".join(re.escape(symbol) + (r"(?![A-Za-z])" if symbol[-1].isalpha() else "") for symbol in longest)
    return rf"\\text\{{[^}}]*\}}|{found}" if found else r"\\text\{[^}]*\}"


def fill(right: str, texts: Mapping[str, str], *, commands: Mapping[str, str] | None = None) -> str:
    """LaTeX with `symbol -> text` put in, as the argument of `symbol -> command` where there is one."""

    def replacement(match: re.Match[str]) -> str:
        symbol = match.group(0)
        if symbol not in texts:
            return symbol
        after_operator = right[: match.start()].rstrip().endswith(("+", "-", "}", r"\cdot"))
        text = f"({texts[symbol]})" if texts[symbol].startswith("-") and after_operator else texts[symbol]
        return f"{commands[symbol]}{{{text}}}" if commands and symbol in commands else text

    return re.sub(pattern_of(texts), replacement, right)


def enough_decimals(values: Sequence[float]) -> int:
    """Decimals with which the numbers of one equation still tell their differences within about 2 %."""
    known = sorted({0.0, *(value for value in values if math.isfinite(value) and abs(value) >= TINY)})
    gaps = [high - low for low, high in pairwise(known) if high - low > NOISE]
    return max(DECIMALS, *(math.ceil(1.7 - math.log10(gap)) for gap in gaps)) if gaps else DECIMALS


def look_up(reference: str, credit: Credit, row: int) -> float | list[float]:
    """What one reference stands for: a number, or the terms of a sum."""
    scope, _, name = reference.rpartition(":")
    topology = credit.forests.topology
    if scope == "param":
        return float(credit.params[name])
    values = credit.column(name)
    if scope == "":
        return float(values[row])
    if scope == "parent":
        above = int(topology.parent[row])
        return float(values[above]) if above >= 0 else 0.0
    rows = {"leaves": topology.leaves_under, "children": topology.children, "siblings": topology.siblings}[scope](row)
    return [float(value) for value in values[rows] if not math.isnan(value)]


def sum_of(values: Sequence[float], digits: int) -> str:
    """`(1 + 0 - 0.5)`, the middle of long sums as dots."""
    if not values:
        return r"\varnothing"
    dots = len(values) > SHOWN
    shown = [*values[: SHOWN - 2], *values[-1:]] if dots else values
    text = number(shown[0], digits)
    for position, value in enumerate(shown[1:], start=1):
        if dots and position == len(shown) - 1:
            text += r" + \cdots"
        text += f" - {number(-value, digits)}" if value < 0 else f" + {number(value, digits)}"
    return f"({text})"


def number(value: float, digits: int = DECIMALS) -> str:
    """A number as LaTeX: whole numbers plain, others with `digits` decimals, tiny and huge ones as powers of ten."""
    if math.isnan(value):
        return r"\text{n/a}"
    if NOISE < abs(value) < TINY or abs(value) >= HUGE:
        mantissa, exponent = f"{value:.2e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
