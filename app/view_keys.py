"""Keys of views, as the sheet of keys lists them: the groups that several views share."""

from __future__ import annotations

from typing import NamedTuple


class KeyGroup(NamedTuple):
    """Keys that work under one condition.

    Attributes:
        title: where they work.
        keys: what is pressed, several apart by blanks, and what it does.
    """

    title: str
    keys: tuple[tuple[str, str], ...]


EVERYWHERE = KeyGroup(
    "Everywhere",
    (
        ("?", "this list"),
        ("P", "present: large words; Esc leaves"),
        ("W", "next word of the glossary (Shift: back)"),
        ("Tab", "next control"),
        ("Esc", "close, or take back"),
    ),
)
FINDING = (
    ("F", "next fork (Shift: back)"),
    ("L", "next end (Shift: back)"),
    ("Enter", "fold or unfold"),
    ("/", "find words"),
    ("N", "next hit (Shift: back)"),
    ("+ −", "zoom"),
    ("0", "fit"),
)
TREES = KeyGroup("In the trees", (("← → ↑ ↓", "walk"), ("Home End", "first, last"), *FINDING))
FOCUSED_TREES = KeyGroup("In the trees, once they have the focus", TREES.keys)
"""For a view in which the same keys walk a list."""
FILM_TREES = KeyGroup("In the trees", FINDING)
FOLDED = KeyGroup(
    "In the trees of a large forest",
    (
        ("Enter", "open a shape, fold a subtree"),
        ("Backspace", "fold, or back to what was on show"),
        ("1 … 9", "show all steps so deep"),
    ),
)
MAP = KeyGroup(
    "In the map of a forest larger than the window, once it has the focus",
    (("↑ ↓", "scroll by a row"), ("PgUp PgDn", "by a window"), ("Home End", "to the ends")),
)
DRAWER = KeyGroup(
    "In a window too narrow for two columns",
    (("I", "show or hide what is said of the step"), ("Esc", "hide it and choose none")),
)
CHANGES = KeyGroup(
    "What if, at the selected step",
    (
        ("O", "flip the outcome of an end"),
        ("X", "prune"),
        ("S", "sample more here"),
        ("Z", "take the last change back"),
        ("Backspace", "take all changes back"),
    ),
)
