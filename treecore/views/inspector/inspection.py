"""Everything an inspector says about one step, in one piece, for the panel of the app and of pages without Python."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import orjson

from treecore.bidi import all_visible
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import get_method
from treecore.methods.explain import Line, explain
from treecore.methods.registry import Credit, Ends
from treecore.views.inspector import numbers
from treecore.views.inspector.cards import Words, as_data
from treecore.views.inspector.mathml import Mark, mathml
from treecore.views.inspector.recorded import recorded
from treecore.views.inspector.words import words_of
from treecore.views.scene.part import encodable

LATEX = re.compile(r"\\[a-zA-Z]+|[{}\s]")
MAX_BESIDE = 30
"""Characters of worked numbers beside which the result still fits."""
TRUST = (
    "The standard error says how far the credit would move with other leaves or continuations, baselines held fixed. "
    f"Fewer than {numbers.WEAK} of them count as weak evidence, fewer than {numbers.FAIR} as fair."
)


@dataclass(frozen=True)
class Inspection:
    """What is said of a step; empty strings and tuples are left out.

    Attributes:
        words: path, text, siblings.
        credit: the number, as text.
        silence: why there is none, or what the method does with nothing to compare.
        about: which trajectory the equations are worked for.
        equations: MathML of the rows of each: as published, with numbers, the result where it does not fit there.
        claim: what the file says instead; disputed: for this very method it claims another number.
        trust: sentences on evidence and on what was recorded; hint: what the first of them means by evidence.
        source: of the method.
    """

    words: Words
    credit: str
    silence: str
    about: str
    equations: tuple[tuple[Mark, ...], ...]
    claim: str
    disputed: bool
    trust: tuple[str, ...]
    hint: str
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
        return only_words(words_of(credit, row), tuple(noted))
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
        disputed=claimed is not None and claimed.named and not claimed.agrees,
        trust=(" · ".join(numbers.evidence(found)), *([" · ".join(facts)] if facts else []), *noted),
        hint="" if found.evidence is None else TRUST,
        source=str(get_method(credit.method).citation),
    )


def only_words(words: Words, trust: tuple[str, ...] = ()) -> Inspection:
    """What is said of a step without a method."""
    return Inspection(words, "", "", "", (), "", disputed=False, trust=trust, hint="", source="")


def only_arithmetic(found: Inspection) -> Inspection:
    """Of what is said of a step, how its number comes about."""
    return replace(found, words=Words(found.words.node), credit="", trust=(), hint="", source="")


def equation_rows(line: Line, ends: Ends) -> tuple[Mark, ...]:
    """The rows of an equation: as published, with numbers, and the result, beneath them where they are long."""
    left, right, worked, exact, result = numbers.equation(line, ends)
    end = f"= {exact} = {result}" if exact else f"= {result}"
    is_long = len(LATEX.sub("", worked)) > MAX_BESIDE
    rows = (f"= {worked}", end) if is_long else (f"= {worked} {end}",)
    return mathml(f"{left} = {right}"), *map(mathml, rows)


def readable(found: Inspection) -> dict[str, Any]:
    """What is said of a step as JSON takes it: direction controls visible, no surrogates, which no encoder takes."""
    said = {field.name: getattr(found, field.name) for field in fields(found)}
    shown = {**all_visible(said, but={"words"}), "words": as_data(found.words)}
    try:
        orjson.dumps(shown)
    except TypeError:
        return dict(_mended(shown))
    return shown


def _mended(value: Any) -> Any:
    if isinstance(value, dict):
        return {encodable(name): _mended(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(one) for one in value]
    return encodable(value) if isinstance(value, str) else value
