"""What only the film draws: a stroke for every token in the colour of its weight, where there is room for strokes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from browser import ROOT
from scripts import needs_node, value_in

pytestmark = needs_node
APP = """
const drawn = [], rows = [-1, 0, 0, 0];
const context = { fillRect: (...box) => drawn.push([context.fillStyle, ...box]) };
const theme = { zero: [0, 0, 0], positive: [0, 0, 255], negative: [255, 0, 0] };
const stage = { weights: [null, 0.5, -0.5, null], lane: null, badges: {} };
const scene = { parent: rows, tokens: [0, 3, 4, 5], stage, table: { low: null }, fill: { high: 0.5 } };
const app = {
    context, theme, scene, alpha: [1, 1, 1, 1], rgb: [], left: 0, plot: 1, view: { zx: 1, ky: 40, ox: 0, oy: 0 },
    ax: [0, wide, wide, wide], ay: [0, 0, 1, 2], shape: { deepest: 1 }, landmarks: { radius: new Map() },
};
drawTokens(app, [0, 1, 2, 3]);
"""


def strokes(wide: int) -> list[list[Any]]:
    """Colour, x, y, width, height of all that is drawn for steps of 3, 4 and 5 tokens that are `wide` pixels long."""
    film = ROOT / "app" / "canvas" / "js" / "film.js"
    found: list[list[Any]] = value_in(film, "drawn", before=f"const wide = {wide};{APP}")
    return found


def test_every_token_has_a_stroke_in_the_colour_of_its_weight() -> None:
    drawn = strokes(300)
    assert [colour for colour, *_ in drawn] == 3 * ["#0000ff"] + 4 * ["#ff0000"]
    ends = [(x, x + width) for _, x, _, width, _ in drawn]
    for own in (ends[:3], ends[3:]):
        assert all(before[1] < after[0] for before, after in pairwise(own))
        assert 0 < own[0][0] < own[-1][1] < 300


def test_strokes_without_room_are_one() -> None:
    assert [colour for colour, *_ in strokes(24)] == ["#0000ff", "#ff0000"]
