"""Text of models and files made safe for a terminal. Knows nothing of commands."""

from __future__ import annotations

from rich.cells import cell_len

from treecore.bidi import visible
from treecore.views.labels import ELLIPSIS, MAX_GRAPHEME, graphemes

JOINERS = "\u200c\u200d"
"""What joins characters into one: family emoji, and letters of Persian and Indian scripts."""
SURROGATES = ("\ud800", "\udfff")
"""The first and the last; in the name of a file they stand for bytes that are no text."""
TAB = 4


def clean(text: str, limit: int = 2000) -> str:
    """One line without control characters, escape sequences or direction marks; at most `limit` characters.
    Direction controls are shown by their numbers.

    What is left of an escape sequence is plain text.
    """
    return " ".join("".join(map(safe, visible(text[:limit]))).split())


def safe(c: str) -> str:
    """A character, or what stands for one that may command a terminal or cannot be written."""
    if c.isprintable() or c in JOINERS:
        return c
    return "\ufffd" if SURROGATES[0] <= c <= SURROGATES[1] else " "


def written_lines(text: str) -> list[str]:
    """The lines of a text with their indents, made safe as by `clean`; blank lines at the end left out."""
    lines = [clean_line(line) for line in text.rstrip().splitlines()]
    return lines or [""]


def clean_line(line: str) -> str:
    """One line as it was written: tabs as spaces, without what `clean` leaves out. Joined emoji stay joined."""
    return "".join(map(safe, visible(line).expandtabs(TAB))).rstrip()


def cut_cells(text: str, most: int) -> str:
    """At most `most` cells of a terminal, where wide characters take two; an ellipsis where some are left out."""
    if text.isascii():
        return text if len(text) <= most else text[: max(most - 1, 0)] + ELLIPSIS[: most > 0]
    if cell_len(text) <= most:
        return text
    found, width = [], 0
    for grapheme in graphemes(text[: most * MAX_GRAPHEME + 1]):
        width += cell_len(grapheme)
        found.append(grapheme)
        if width > most:
            break
    if width <= most:
        return "".join(found)
    while found and width > most - 1:
        width -= cell_len(found.pop())
    return "".join(found) + ELLIPSIS[: most > 0]
