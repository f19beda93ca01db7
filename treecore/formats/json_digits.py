"""Numbers that a double cannot hold as they were written: too many digits, or too small to be other than 0.

Numbers that programs write from doubles have at most 17 digits, and come out as they went in. Texts are searched for
longer ones in arrays; only where there may be one is the text read number by number. Knows JSON; knows no forests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

CHUNK, OVERLAP = 1 << 17, 64
DIGITS = 18
"""Digits of a number from which on a double may not hold them; 17 always suffice for a double."""
SHORT = 256
"""Characters below which a text is searched faster than an array of them is made."""
RUN = re.compile(rb"[./0-9]{18}")
DOT, ZERO, RANGE = 0x2E, 0x30, 11
TINY = (re.compile(rb"e-0*[3-9][0-9][0-9]"), re.compile(rb"E-0*[3-9][0-9][0-9]"))
TEXT_OR_NUMBER = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?)', re.S)

Path = tuple[str | int, ...]


class Rounded(NamedTuple):
    """Numbers of a text that were rounded: how many, and path and digits of the first."""

    total: int
    path: Path
    number: str


def may_round(text: bytes) -> bool:
    """Whether a text may hold a number of more than 17 digits, or one that becomes 0."""
    return has_long_number(text) or any(tiny.search(text) for tiny in TINY)


def has_long_number(text: bytes) -> bool:
    """Whether 18 digits of a number stand together, a dot among them and zeros before them aside."""
    if len(text) < SHORT and RUN.search(text) is None:
        return False
    codes = np.frombuffer(text, dtype=np.uint8)
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK + OVERLAP]
        run = (chunk - np.uint8(DOT)) <= RANGE
        for step in (1, 2, 4, 8, 2):  # runs of 2, 4, 8, 16 and 18
            run = run[:-step] & run[step:]
        if run.any() and long_among(chunk, run=run):
            return True
    return False


def long_among(codes: np.ndarray[Any, Any], *, run: np.ndarray[Any, Any]) -> bool:
    """Whether one of the runs of digits and dots is a number of 18 digits.

    Args:
        codes: `[n]` characters; run: `[n - 17]` whether 18 digits or dots begin there.
    """
    places = np.flatnonzero(run)
    begin = places[np.diff(places, prepend=-2) > 1]
    window = codes[begin[:, None] + np.arange(DIGITS)]
    dotted = window == DOT
    below_one = (window[:, 0] == ZERO) & dotted[:, 1]
    leading = 2 + (window[:, 2:] != ZERO).argmax(axis=1)
    first = begin + np.where(below_one, leading, dotted.any(axis=1))
    return bool(run[first[first < len(run)]].any())


def rounded_in(text: bytes, lost: Callable[[Path], bool]) -> Rounded | None:
    """The numbers of a JSON text that a double does not hold; None where there are none. Slow.

    Args:
        text: that has parsed.
        lost: whether a whole number at a path is made a double.
    """
    written = text.decode()
    if not any(changes(found.group(1)) for found in TEXT_OR_NUMBER.finditer(written) if found.group(1)):
        return None
    parsed = json.loads(written, parse_float=kept, parse_int=kept)
    found = [one for one in changed(parsed, ()) if not one[1].lstrip("-").isdigit() or lost(one[0])]
    return Rounded(len(found), *found[0]) if found else None


@dataclass(frozen=True)
class ChangedNumber:
    """A number that a double does not hold, as it is written."""

    digits: str


def kept(number: str) -> Any:
    """The digits of a number that changes; anything for another."""
    return ChangedNumber(number) if changes(number) else None


def changes(number: str) -> bool:
    """Whether a double, printed with as many digits, is another number."""
    mantissa, _, _ = number.lower().partition("e")
    digits = mantissa.lstrip("-").replace(".", "").lstrip("0")
    if not digits:
        return False
    value = float(number)
    if value == 0:
        return True
    if len(digits) < DIGITS - 1:
        return False
    return f"{value:.{len(digits) - 1}e}".lstrip("-").partition("e")[0].replace(".", "") != digits


def changed(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Places and digits of numbers that change, in the order of the text."""
    if isinstance(value, ChangedNumber):
        yield path, value.digits
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from changed(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from changed(inner, (*path, number))
