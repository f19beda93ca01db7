"""Numbers from an address, which may be anything, as places in a list. Knows no session."""

from __future__ import annotations

from collections.abc import Callable


def place(number: str, length: Callable[[], int]) -> int | None:
    """A number from 1 as an index into so many; None where it is none of them. The first is there in any case."""
    if number == "1":
        return 0
    plain = number.isascii() and number.isdecimal() and not number.startswith("0")
    return int(number) - 1 if plain and len(number) < 9 and int(number) <= length() else None
