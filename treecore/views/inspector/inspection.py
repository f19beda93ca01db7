"""Everything an inspector says about one step, in one piece, for pages without Python behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import get_method
from treecore.methods.explain import Line, explain
from treecore.methods.registry import Credit, Ends
from treecore.views.inspector import numbers
from treecore.views.inspector.cards import Words
from treecore.views.inspector.mathml import Mark, mathml
from treecore.views.inspector.recorded import recorded
from treecore.views.inspector.words import words_of


@dataclass(frozen=True)
class Inspection:
    """What is said of a step; empty strings and tuples are left out.

    Attributes:
        words: path, text, siblings.
        credit: the number, as text.
        silence: why there is none, or what the method does with nothing to compare.
        about: which trajectory the equations are worked for.
        equations: MathML of the rows of each: as published, with numbers, the result.
        claim: what the file says instead.
        trust: sentences on evidence and on what was recorded.
        source: of the method.
    """

    words: Words
    credit: str
    silence: str
    about: str
    equations: tuple[tuple[Mark, ...], ...]
    claim: str
    trust: tuple[str, ...]
    source: str


def without_method(forest: Forest) -> Credit:
    """A credit that assigns nothing, for words alone."""
    return Credit(Forests(forest), {"credit": np.full(len(forest), np.nan)})


def inspect(credit: Credit, row: int) -> Inspection:
    """All about one step of a single forest (`Credit.of`); of a credit without a method, its words alone."""
    forest = credit.forests[0]
    bias = str(forest.sampler.get("bias") or "")
    noted = [*recorded(forest, row), *([f"Values here are biased: {bias}"] if bias else [])]
    if not credit.method:
        return Inspection(words_of(credit, row), "", "", "", (), "", tuple(noted), "")
    found, words = explain(credit, row), credit.ends.words
    claimed = numbers.claim(credit, row)
    facts = numbers.facts(credit, row)
    return Inspection(
        words=words_of(credit, row),
        credit="not assigned" if math.isnan(found.credit) else words(found.credit),
        silence=found.silence or found.convention,
        about=numbers.which_trajectory(credit, row, found),
        equations=tuple(equation_rows(line, credit.ends) for line in found.lines),
        claim="" if claimed is None else claimed.in_words(words(claimed.value)),
        trust=(" · ".join(numbers.evidence(found)), *([" · ".join(facts)] if facts else []), *noted),
        source=str(get_method(credit.method).citation),
    )


def equation_rows(line: Line, ends: Ends) -> tuple[Mark, ...]:
    """The rows of an equation: as published, with numbers, the result where the numbers do not say it."""
    left, right, worked, exact, result = numbers.equation(line, ends)
    end = f"= {exact} = {result}" if exact else f"= {result}"
    return mathml(f"{left} = {right}"), mathml(f"= {worked}"), mathml(end)
