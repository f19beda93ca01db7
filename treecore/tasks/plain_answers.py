"""Answers that need no computer algebra: bare numbers, compared exactly, and plain words, compared as text.

An algebra system takes `1 1/2` for a product and `east` for one of four letters. Knows no verifier.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from treecore.tasks.numbers import clear_number

LONGEST = 1000
ROUNDING = Fraction(1, 10_000)
"""Share of a number by which another may differ and still be it, rounded; that is not decided here."""
_COMMAND = re.compile(r"\\(?:[dtc]?frac|times|cdot|[,;:! ])")
_EXPONENT = re.compile(r"(?<=\d)[eE](?=[-+]?\d)|(?<=\d)\s?[xX]\s?(?=10(?:\^|\*\*))")
_BARE = re.compile(r"[\d\s.,'’/^{}$+\-−–×·*⁰¹²³⁴⁵⁶⁷⁸⁹⁻¼-¾⅐-⅞]*")
_PROSE = re.compile(r"(?<![^\W_])[^\W\d_]{2,}(?![^\W_])")
_FUNCTION = re.compile(
    r"(?:arc|a)?(?:sin|cos|tan|cot|sec|csc)h?|sqrt|log|ln|exp|pi|inf|infty|infinity|oo|mod|gcd|lcm|min|max|det|lim",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mbox|boxed)\s*\{([^{}]*)\}")
_FORMULA = re.compile(r"\$([^$]+)\$|\\\((.*?)\\\)|\\\[(.*?)\\\]", re.DOTALL)
_WORDS = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?(?: [^\W\d_]{2,}(?:['’][^\W\d_]+)?)*")
_SOUNDED = re.compile(r"[aeiouà-ÿ]|[\u0400-\U0010ffff]")


def bare_number(text: str) -> Fraction | None:
    """The number that `text` is, without a unit, a per cent sign or a variable beside it; None if it is none."""
    if len(text) > LONGEST or not _BARE.fullmatch(_EXPONENT.sub("", _COMMAND.sub("", text))):
        return None
    return clear_number(text)


def said_number(text: str) -> Fraction | None:
    """The one number of an output: bare, or in a sentence of words; None if it holds another or a formula."""
    if len(text) > LONGEST:
        return None
    words = [one for one in _PROSE.findall(text) if one.lower() not in ("frac", "times", "cdot")]
    if any(_FUNCTION.fullmatch(one) for one in words):
        return None
    rest = _PROSE.sub(lambda one: one[0] if text[: one.start()].endswith("\\") else "", text)
    return clear_number(text) if bare_number(rest.replace(":", "")) is not None else None


def plain_words(text: str) -> str | None:
    """An expected answer that is words, as they are compared; None if it may be mathematics.

    Words have two letters or more, one of them a vowel, and are no names of functions: `xy` may be a product.
    """
    words = squeezed(text)
    if len(words) > LONGEST or not _WORDS.fullmatch(words):
        return None
    sound = all(_SOUNDED.search(one) and not _FUNCTION.fullmatch(one) for one in words.split())
    return words if sound else None


def said_words(text: str) -> str:
    """What an output says, as words are compared: its last formula between marks, else all of it."""
    text = text[-LONGEST:]
    marked = _FORMULA.findall(text)
    return squeezed("".join(marked[-1]) if marked else text)


def squeezed(text: str) -> str:
    """Without marks and a full stop; capital letters and runs of spaces do not count."""
    text = _WRAPPED.sub(r" \1 ", text).replace("\\ ", " ")
    return unicodedata.normalize("NFC", " ".join(text.casefold().replace("$", " ").replace("*", " ").split())).rstrip(
        " ."
    )
