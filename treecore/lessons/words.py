"""Sentences of a unit with its numbers put in, as pieces: text, words of the glossary, numbers that can be dragged."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from typing import NotRequired, TypedDict

from treecore.core.numerals import of_hundred, percent, plain, signed, whole
from treecore.lessons.glossary import linked
from treecore.lessons.quantities import numbers_of
from treecore.lessons.unit import Unit

PLACE = re.compile(r"\{(\w+)\}")
CLAIM = re.compile(r"(\S+) (<|>|<=|>=|==|!=) (\S+)")
ORDER = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
ROUND = 9
"""Decimals up to which numbers of a claim are compared."""
SIGNED = ("change", "credit_by", "differ", "flat")
"""Quantities that are written with a sign where a unit does not say how."""


class Piece(TypedDict):
    """A part of a sentence; `term` where it is a word of the glossary, `drag` where it is the number that can be."""

    text: str
    term: NotRequired[str]
    drag: NotRequired[bool]


def written(unit: Unit, name: str, value: float) -> str:
    """A number as the unit wants it: `of 100`, `percent`, `count`, `tenths`, `signed`, or plain; "nothing" for NaN."""
    if unit.drag is not None and name == unit.drag.name:
        return whole(round(value))
    asked = unit.numbers[name]
    if math.isnan(value):
        return "nothing"
    match asked.get("as", "signed" if asked["is"] in SIGNED else "plain"):
        case "of 100":
            return of_hundred(value, few="fewer")
        case "percent":
            return percent(value)
        case "tenths":
            return plain(value, 1)
        case "count":
            return whole(round(value))
        case "signed":
            return signed(value)
        case _:
            return plain(value)


def pieces(unit: Unit, template: str, known: Mapping[str, float]) -> list[Piece]:
    """A paragraph in pieces.

    Raises:
        KeyError: it names a number that the unit does not have.
    """
    found: list[Piece] = []
    for place, part in enumerate(PLACE.split(template)):
        if place % 2:
            piece: Piece = {"text": written(unit, part, known[part])}
            if unit.drag is not None and part == unit.drag.name:
                piece["drag"] = True
            found.append(piece)
        else:
            found += [{"text": text, "term": term} if term else {"text": text} for text, term in linked(part)]
    return found


def paragraph(unit: Unit, text: str) -> list[list[Piece]]:
    """A paragraph at every value of the number that can be dragged, in its order; once where none can."""
    if unit.drag is None or f"{{{unit.drag.name}}}" not in text:
        return [pieces(unit, text, numbers_of(unit))]
    return [pieces(unit, text, numbers_of(unit, value)) for value in unit.drag.values]


def sentence(unit: Unit, text: str) -> str:
    """A paragraph with its numbers, as text alone."""
    return "".join(piece["text"] for piece in pieces(unit, text, numbers_of(unit)))


def holds(claim: str, known: Mapping[str, float]) -> bool:
    """Whether a claim such as `after < before` or `k == 0` is true of the numbers.

    Raises:
        ValueError: it is no comparison of two numbers; KeyError: it names one that there is not.
    """
    found = CLAIM.fullmatch(claim)
    if found is None:
        raise ValueError(f"no comparison: {claim}")
    one, sign, other = found.groups()
    return bool(ORDER[sign](round(number(one, known), ROUND), round(number(other, known), ROUND)))


def number(text: str, known: Mapping[str, float]) -> float:
    """A number by its name, or as it is written."""
    try:
        return float(text)
    except ValueError:
        return known[text]
