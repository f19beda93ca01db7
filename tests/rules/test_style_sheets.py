"""A style sheet says a thing once: rules that share declarations name them together, in a list of selectors."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from sources import ROOT

SHEETS = sorted((ROOT / "app").rglob("*.css"))
SHARED = 4
"""Declarations that two rules may not have in common."""
APART = re.compile(r"::-(?:webkit|moz)-")
"""Selectors that a browser which does not know them drops with the whole list."""


def rules(sheet: str) -> list[tuple[str, frozenset[str]]]:
    """Selectors and declarations of every rule, those within `@media` too."""
    bare = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return [
        (" ".join(selectors.split()), frozenset(" ".join(one.split()) for one in inside.split(";") if one.strip()))
        for selectors, inside in re.findall(r"([^{}]+)\{([^{}]*)\}", bare)
    ]


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_two_rules_of_a_sheet_repeat_each_other(path: Path) -> None:
    found = [rule for rule in rules(path.read_text()) if not APART.search(rule[0])]
    again = [
        (one[0], other[0], *sorted(one[1] & other[1]))
        for one, other in combinations(found, 2)
        if len(one[1] & other[1]) >= SHARED
    ]
    assert again == []


def test_the_reader_of_rules_sees_what_a_sheet_says() -> None:
    sheet = "/* a { b: c } */ @media print { .a, .b { x: 1; y:\n 2 } .c { x: 1 } }"
    assert rules(sheet)[-1] == (".c", frozenset({"x: 1"}))
    assert frozenset({"x: 1", "y: 2"}) in [one[1] for one in rules(sheet)]
