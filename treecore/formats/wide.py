"""Objects of more fields than a row or a step may have, found by their text before anything is made of it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import msgspec

from treecore.formats.characters import occurrences
from treecore.formats.limits import MAX_FIELDS, LimitError

NARROW = 6 * MAX_FIELDS
"""Bytes below which an object has no more different fields: each takes a name in quotes, a colon, a value, a comma."""
STRETCH = NARROW // 2
BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")
"""Between two objects of a list; also inside texts and inner lists."""


class Name:
    """Stands for any name of a field."""


NAME = Name()


class Names:
    """Counts the names of one object, and ends its reading where they are too many."""

    def __init__(self) -> None:
        self.left = MAX_FIELDS

    def __call__(self, kind: type[Any], name: Any) -> Name:
        self.left -= 1
        if self.left < 0:
            raise ValueError("too many names")
        return NAME


def wide_error(what: str, *, where: str) -> LimitError:
    """The error for a row or a step with too many fields.

    Args:
        what: it is, "a row".
    """
    found = f"{what} has more than {MAX_FIELDS:,} fields"
    return LimitError(found, where=where, todo="keep the fields that matter, or put them into lists")


def is_wide(text: bytes | memoryview) -> bool:
    """Whether a text begins an object with too many fields; what is inside the fields is not looked at."""
    if len(text) < NARROW:
        return False
    names = Names()
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        msgspec.json.Decoder(dict[Name, msgspec.Raw], dec_hook=names).decode(text)
    return names.left < 0


def check_width(text: memoryview, where: str, *, what: str = "a row") -> None:
    """Refuse an object, or one of a list, with too many fields. One of a list that holds lists of objects itself may
    pass: whoever parses it counts again.

    Args:
        text: JSON, of a list the whole; what: each is.

    Raises:
        FormatError: one has too many.
    """
    if len(text) < NARROW or occurrences(text, b'"') <= 2 * MAX_FIELDS:
        return
    if bytes(text[:1]) == b"{":
        if is_wide(text):
            raise wide_error(what, where=where)
        return
    start, end = bytes(text[:NARROW]).find(b"{"), len(text)
    while 0 <= start < end - NARROW:
        found = BETWEEN.search(text, start + STRETCH)
        cut = found.start() + 1 if found else end
        if cut - start >= NARROW:
            begins = [one.end() for one in BETWEEN.finditer(text, start, start + STRETCH)]
            if is_wide(text[begins[-1] if begins else start : cut]):
                raise wide_error(f"{what} or an object in it", where=where)
        start = found.end() if found else end
