"""How the number of a step comes about, and how far to trust it: sentences, and equations as LaTeX. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

from treecore.analysis.frames import label
from treecore.core.numerals import counted, plain, short, signed, whole
from treecore.methods.explain import NOISE, Explanation, Line, number
from treecore.methods.registry import Credit, Ends, get_method

WEAK, FAIR = 4, 16
DIGITS = 4
"""Decimals of the result of an equation."""
CLOSE = 1e-4
UNSIGNED = ("value", "baseline", "search")
"""Columns of values, means and bounds, which are no more or less than anything and are written without a sign."""
UNNAMED = "advantage"
"""The name of claims of which a file does not say by which method they are."""


class Equation(NamedTuple):
    """An equation as LaTeX.

    Attributes:
        left, right: as published; worked: the right side with numbers in place of symbols.
        exact: the result as a fraction, "" where it is none; result: as a decimal, or that it is not assigned.
    """

    left: str
    right: str
    worked: str
    exact: str
    result: str


def equation(line: Line, ends: Ends) -> Equation:
    """One equation: general, then with numbers, then the result, with a sign where the credit has one."""
    left, right = line.formula.split(" = ", 1)
    worked = line.numbers.split(" = ", 1)[1]
    sign = "+" if ends.signed and line.column not in UNSIGNED and line.result >= NOISE else ""
    result = r"\text{not assigned}" if math.isnan(line.result) else rf"\mathbf{{{sign}{number(line.result, DIGITS)}}}"
    return Equation(left, right, worked, fraction(line.exact) if line.exact else "", result)


def fraction(text: str) -> str:
    """`-2/3` as LaTeX."""
    top, bottom = text.lstrip("-").split("/")
    return rf"{'-' if text.startswith('-') else ''}\tfrac{{{top}}}{{{bottom}}}"


def which_trajectory(credit: Credit, row: int, explanation: Explanation) -> str:
    """Which of several trajectories through a step the equations about one are worked for; "" where none is."""
    about_leaf = [line for line in explanation.lines if line.row == explanation.leaf and line.row != row]
    if not about_leaf or explanation.n_leaves < 2:
        return ""
    end = label(credit.forests[0], explanation.leaf)
    return f"One of its {whole(explanation.n_leaves)} trajectories, the one that ends in “{end}”, and then the step:"


class Claim(NamedTuple):
    """The file's own number for the credit, whether it names this method for it, and whether ours is the same."""

    value: float
    named: bool
    agrees: bool

    def in_words(self, value: str) -> str:
        """A sentence; `value` is the number as it is written."""
        if self.named:
            return f"the file claims {value}: {'agrees' if self.agrees else 'differs'}"
        return f"the file’s advantage is {value}: {'the same' if self.agrees else 'this method gives another number'}"


def claim(credit: Credit, row: int) -> Claim | None:
    """What the file claims for this step and method, or without a method; None for nothing."""
    for name in (credit.method, UNNAMED):
        claimed = credit.forests[0].claimed.get(name)
        if claimed is not None and not math.isnan(claimed[row]):
            value, computed = float(claimed[row]), float(credit.credit[row])
            agrees = abs(value - computed) <= CLOSE * max(1.0, abs(computed))
            return Claim(value, named=name == credit.method, agrees=agrees)
    return None


def evidence(explanation: Explanation) -> list[str]:
    """Leaves beneath, standard error, and how much that is, in words."""
    n = explanation.evidence
    said = [explanation.evidence_is]
    if n is not None:
        lone = "no standard error from a single leaf" if n == 1 else "no standard error"
        said.append(lone if math.isnan(explanation.stderr) else spread(explanation.stderr))
        said.append("weak evidence" if n < WEAK else "fair evidence" if n < FAIR else "solid evidence")
    return said


def spread(stderr: float) -> str:
    """The standard error in words; there is none where all ended alike."""
    if stderr < NOISE:
        return "all ended alike, so no standard error"
    return f"standard error {plain(stderr)}"


def facts(credit: Credit, row: int) -> list[str]:
    """Further numbers of a step: value, gradient weight, tokens."""
    found = []
    method = get_method(credit.method)
    if "value" in credit.nodes and method.judges_outcomes:
        known = "value" if "value" in method.symbols.values() else "mean outcome beneath"
        found.append(f"{known} {short(float(credit.nodes['value'][row]))}")
    if "gradient_weight" in credit.nodes:
        found.append(f"gradient weight {signed(float(credit.nodes['gradient_weight'][row]))}")
    tokens = int(credit.forests[0].n_model_tokens[row])
    if tokens > 0:
        found.append(counted(tokens, "token"))
    return found
