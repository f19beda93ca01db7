"""Text of models and files made safe for a terminal. Knows nothing of commands."""

from __future__ import annotations


def clean(text: str, limit: int = 2000) -> str:
    """One line without control characters, escape sequences or direction marks; at most `limit` characters.

    What is left of an escape sequence is plain text.
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text[:limit]).split())


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun: `counted(1, "leaf", "leaves")` is `1 leaf`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
