"""Words in lines on the canvas: broken where a line is full, and measured once."""

from __future__ import annotations

from typing import Any

from browser import ROOT
from scripts import needs_node, value_in

pytestmark = needs_node
APP = """
let measured = 0;
const context = { measureText: (text) => (measured++, { width: 10 * text.length }) };
const app = { context, widths: new Map() };
const runs = [["and ", true], ["four ", true], ["then", false]];
const ask = (font) => (measuredOf(app, font, runs), measured);
"""


def said(expression: str) -> Any:
    """The value of an expression, with an app in reach whose letters are 10 wide."""
    return value_in(ROOT / "app" / "canvas" / "js" / "lines.js", expression, before=APP)


def test_lines_hold_whole_words() -> None:
    asked = [(130, 1), (129, 1), (80, 2), (79, 3), (79, 2), (30, 4)]
    found = said(
        f"{[list(one) for one in asked]}.map(([room, most]) => breakLines(measuredOf(app, 'f', runs), room, most))"
    )
    assert found == [
        {"starts": [0], "widest": 130},
        None,
        {"starts": [0, 2], "widest": 80},
        {"starts": [0, 1, 2], "widest": 40},
        None,
        None,
    ]


def test_words_are_measured_once_for_as_long_as_the_fonts_are_the_same() -> None:
    first, again, other, anew = said("[ask('f'), ask('f'), ask('g'), (app.widths = new Map(), ask('g'))]")
    assert 0 < first == again < other < anew
