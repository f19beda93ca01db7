"""What parsers pass in silence: names that are written twice in one object, whole numbers that they would round.

Names are counted in the text and in what was parsed from it; only where the counts differ is the text looked at
one object after the other. Knows JSON; knows nothing about forests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

CHUNK = 1 << 17
SHORT = 256
"""Characters below which a text is looked at one name after the other."""
QUOTE, COLON, BACKSLASH, SPACE = 0x22, 0x3A, 0x5C, 0x20
LONG_NUMBER = re.compile(rb"[0-9]{19}")
TEXT_AND_COLON = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?', re.S)
BEFORE_TEXT = np.zeros(256, dtype=bool)
"""What may stand before the quote that begins a text."""
BEFORE_TEXT[[*range(SPACE + 1), *b"{[,:"]] = True
WHOLE_MIN, WHOLE_MAX = -(2**63), 2**64 - 1


class Flaw(NamedTuple):
    """Where in a value something stands that would be lost: JSON path below the value, and what it is."""

    path: tuple[str | int, ...]
    found: str
    twice: bool

    @property
    def todo(self) -> str:
        """What to do about it."""
        return "write it once" if self.twice else "write it as text"


def names_written(text: bytes | memoryview) -> int:
    """How many names of fields a JSON text has, at any depth, those written twice counted twice."""
    if len(text) < SHORT:
        return names_one_by_one(text)
    codes = np.frombuffer(text, dtype=np.uint8)
    total = 0
    for start in range(0, len(codes), CHUNK):
        low = max(start - 3, 0)
        chunk = codes[low : start + CHUNK]
        colon = chunk == COLON
        colon[: start - low] = False
        quoted = np.flatnonzero(colon[1:] & (chunk[:-1] == QUOTE))
        before = chunk[quoted - 1]
        if np.count_nonzero(BEFORE_TEXT[before]) or (len(quoted) and quoted[0] == 0):
            return names_one_by_one(text)
        total += len(quoted)
        escaped = quoted[before == BACKSLASH]
        many = chunk[escaped - 2] == BACKSLASH
        total -= len(escaped) - int(np.count_nonzero(many))
        for place in escaped[many].tolist():
            total -= not ends_text(codes, low + place)
        for place in np.flatnonzero(colon[1:] & (chunk[:-1] <= SPACE)).tolist():
            quote = before_blanks(codes, low + place)
            if quote >= 0 and codes[quote] == QUOTE and (quote == 0 or BEFORE_TEXT[codes[quote - 1]]):
                return names_one_by_one(text)
            total += ends_text(codes, quote)
    return total


def names_one_by_one(text: bytes | memoryview) -> int:
    """The same, of texts that begin with a colon, or names that end like what stands before a text."""
    return sum(found.group(1) is not None for found in TEXT_AND_COLON.finditer(text))


def before_blanks(codes: np.ndarray[Any, Any], place: int) -> int:
    """The last place at or before `place` that is no blank, -1 when there is none."""
    while place >= 0 and codes[place] <= SPACE:
        place -= 1
    return place


def ends_text(codes: np.ndarray[Any, Any], place: int) -> bool:
    """Whether the character at `place` is a quote that ends a text: an even number of backslashes stands before."""
    if place < 0 or codes[place] != QUOTE:
        return False
    first = place
    while first > 0 and codes[first - 1] == BACKSLASH:
        first -= 1
    return (place - first) % 2 == 0


def names_parsed(value: Any) -> int:
    """How many names of fields plain data has, at any depth."""
    total, stack = 0, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            total += len(item)
            stack.extend(inner for inner in item.values() if isinstance(inner, dict | list))
        elif isinstance(item, list):
            stack.extend(inner for inner in item if isinstance(inner, dict | list))
    return total


@dataclass(frozen=True)
class Fields:
    """An object as its fields in order, those written twice included."""

    pairs: list[tuple[str, Any]]


def flaws_in(text: bytes | memoryview) -> list[Flaw]:
    """Names that are written twice, and whole numbers beyond 64 bits, in the order of the text. Slow."""
    try:
        parsed = json.loads(bytes(text), object_pairs_hook=Fields, parse_int=whole_number)
        return list(flaws(parsed, ()))
    except (ValueError, RecursionError):
        return []


@dataclass(frozen=True)
class LongNumber:
    """A whole number beyond 64 bits, as it is written."""

    digits: str


def whole_number(digits: str) -> int | LongNumber:
    """A whole number that fits 64 bits, or its digits."""
    if len(digits) > 20:
        return LongNumber(digits)
    return value if WHOLE_MIN <= (value := int(digits)) <= WHOLE_MAX else LongNumber(digits)


def flaws(value: Any, path: tuple[str | int, ...]) -> Iterator[Flaw]:
    """Flaws of a value that was parsed into `Fields`, in the order of the text."""
    if isinstance(value, Fields):
        seen = set()
        for name, inner in value.pairs:
            if name in seen:
                yield Flaw(path, f"the field {json.dumps(name, ensure_ascii=False)[:60]} is written twice", True)
            seen.add(name)
            yield from flaws(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from flaws(inner, (*path, number))
    elif isinstance(value, LongNumber):
        digits = value.digits if len(value.digits) <= 30 else f"{value.digits[:24]}..."
        yield Flaw(path, f"the whole number {digits} has more than 64 bits", False)


def may_be_rounded(text: bytes | memoryview) -> bool:
    """Whether a text may hold a whole number beyond 64 bits."""
    return len(text) >= 19 and LONG_NUMBER.search(text) is not None
