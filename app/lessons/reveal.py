"""What a unit shows once a bet was made: the truth, what each method says, and why. Nothing of it is sent before."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from app.lessons.shape import drawn
from treecore.core.numerals import of_hundred, plain, signed, whole
from treecore.core.topology import FloatArray
from treecore.lessons.quantities import credit_of, numbers_of, row_credit
from treecore.lessons.truth import Truth, truth
from treecore.lessons.unit import Unit
from treecore.lessons.words import Piece, paragraph, pieces
from treecore.methods import get_method

FULL, HALF, NEAR = 10.0, 5.0, 0.25
"""Points for a bet on the step that is looked for and on another, and how near a bet is called good."""

Paragraph = list[list[Piece]]


class Bet(TypedDict):
    """What was bet: the mark, 0 where it was skipped, and the number."""

    mark: int
    number: float


class Line(TypedDict):
    """A row of the table: a method, the truth or the learner.

    Attributes:
        values, shown: one a step that can be marked, null and "" where nothing is assigned.
        low, limit: ends of its colour scale; `low` is `-limit` where numbers have a sign.
        kind: `truth`, `you`, `change` (the truth's, where the bet is on a chance) or `method`.
    """

    name: str
    kind: str
    values: list[float | None]
    shown: list[str]
    low: float
    limit: float


class Reveal(TypedDict):
    """Everything after the bet; what belongs to a later stage is empty before it.

    Attributes:
        points: None where the bet was skipped; right: place of the step that is looked for.
        interval: 95 % interval of the truth, in words; "" where the outcome is known.
        curve: chance before the first step and after each, where the steps follow each other, else empty; `figures` are
            the same as they are written.
        colours: `[steps drawn]` what a node is filled with, of -1..1.
        drag: values of the number in prose that can be dragged; a paragraph with it has as many forms.
    """

    title: str
    points: float | None
    truth: str
    interval: str
    you: str
    sign: int
    right: int
    of: str
    answer: list[Piece]
    said: Paragraph
    why_title: str
    why: Paragraph
    doubt: Paragraph
    lines: list[Line]
    curve: list[float]
    figures: list[str]
    colours: list[float | None]
    drag: list[int]
    at: int


def looked_for(unit: Unit) -> int:
    """Place of the step that a unit asks for among those that can be marked."""
    measured = at_stake(unit)
    return int(np.argmin(measured) if unit.bet.right == "lowest" else np.argmax(measured))


def at_stake(unit: Unit) -> FloatArray:
    """What the bet is on, of every step that can be marked."""
    held = truth(unit.sample)
    column = held.change if unit.bet.on == "change" else held.chance
    return column[[held.forest.row(step) for step in unit.bet.steps]]


def points(unit: Unit, bet: Bet) -> float | None:
    """Up to 10 for a bet on the right step and up to 5 for one on another, the more the closer; None if skipped."""
    if not bet["mark"]:
        return None
    place = bet["mark"] - 1
    far = abs(float(at_stake(unit)[place]) - bet["number"])
    return max(0.0, 1 - far) * (FULL if place == looked_for(unit) else HALF)


def verdict(unit: Unit, bet: Bet) -> str:
    """The bet in a few words."""
    place = looked_for(unit)
    if not bet["mark"]:
        return f"Skipped: it was step {place + 1}"
    if bet["mark"] - 1 != place:
        return f"It was step {place + 1}, not step {bet['mark']}"
    true = float(at_stake(unit)[place])
    if abs(true - bet["number"]) <= NEAR:
        return "The right step, and a good bet"
    return f"The right step, and a bet too {'low' if bet['number'] < true else 'high'}"


def answer(unit: Unit, bet: Bet) -> list[Piece]:
    """A wrong mark, answered with the numbers of the marked step; nothing for a right one."""
    place = bet["mark"] - 1
    if place < 0 or place == looked_for(unit):
        return []
    held = truth(unit.sample)
    row = held.forest.row(unit.bet.steps[place])
    before, after = (of_hundred(held.chance[one], few="fewer") for one in (held.forest.parent[row], row))
    text = (
        f"Step {bet['mark']}: before it {before} of 100 continuations ended right, "
        f"after it {after}. It changed the chance by {number(unit, float(held.change[row]), change=True)}."
    )
    return pieces(unit, text, numbers_of(unit))


def number(unit: Unit, value: float, *, change: bool | None = None) -> str:
    """A number as the bet is written: with a sign where it is of a change."""
    signs = unit.bet.on == "change" if change is None else change
    return signed(value) if signs else plain(value)


def reveal(unit: Unit, bet: Bet, *, methods: bool) -> Reveal:
    """What follows a bet.

    Args:
        methods: what each method says too, and why.
    """
    held = truth(unit.sample)
    measured, place = at_stake(unit), looked_for(unit)
    rows = [held.forest.row(step) for step in unit.bet.steps]
    counts = {int(count) for count in held.count[rows] if count > 1}
    chances = curve(unit, held)
    return {
        "title": verdict(unit, bet),
        "points": points(unit, bet),
        "truth": number(unit, float(measured[place])),
        "interval": interval(unit, held, rows[place]),
        "you": number(unit, bet["number"]) if bet["mark"] else "",
        "sign": int(np.sign(measured[place])),
        "right": place + 1,
        "of": f"truth: {whole(max(counts))} continuations of every step",
        "answer": answer(unit, bet),
        "said": paragraph(unit, unit.truth),
        "why_title": unit.why_title if methods else "",
        "why": paragraph(unit, unit.why) if methods else [],
        "doubt": paragraph(unit, unit.doubt) if methods else [],
        "lines": [
            truth_line(unit, measured),
            *([your_line(unit, bet)] if bet["mark"] else []),
            *([change_line(unit, held)] if unit.bet.on == "chance" else []),
            *(says(unit) if methods else []),
        ],
        "curve": chances,
        "figures": [plain(chance) for chance in chances],
        "colours": colours(unit, held),
        "drag": list(unit.drag.values) if unit.drag else [],
        "at": unit.drag.values.index(unit.drag.at) if unit.drag else 0,
    }


def interval(unit: Unit, held: Truth, row: int) -> str:
    """Where the truth of a step lies, `−0.87 to −0.80`; "" where it is known."""
    low, high = (ends[row] for ends in (held.change_interval if unit.bet.on == "change" else held.interval))
    return f"{number(unit, float(low))} to {number(unit, float(high))}" if low < high else ""


def truth_line(unit: Unit, measured: FloatArray) -> Line:
    """The truth of every step that can be marked."""
    values: list[float | None] = [float(value) for value in measured]
    return bet_line(unit, "truth", values)


def your_line(unit: Unit, bet: Bet) -> Line:
    """The bet at its step."""
    here = range(1, len(unit.bet.steps) + 1)
    return bet_line(unit, "you", [bet["number"] if place == bet["mark"] else None for place in here])


def change_line(unit: Unit, held: Truth) -> Line:
    """By how much each step changed the chance: methods speak of that, also where the bet is on the chance."""
    values = [float(held.change[held.forest.row(step)]) for step in unit.bet.steps]
    shown = [number(unit, value, change=True) for value in values]
    return {"name": "its change", "kind": "change", "values": [*values], "shown": shown, "low": -1.0, "limit": 1.0}


def bet_line(unit: Unit, kind: str, values: list[float | None]) -> Line:
    """A line on the scale of the bet."""
    shown = ["" if value is None else number(unit, value) for value in values]
    return {"name": kind, "kind": kind, "values": values, "shown": shown, "low": unit.bet.low, "limit": 1.0}


def says(unit: Unit) -> list[Line]:
    """A line a method; its colours by its own scale on the forest, which has no sign where its numbers have none."""
    forest = truth(unit.sample).forest
    rows = [forest.row(step) for step in unit.bet.steps]
    found: list[Line] = []
    for row in unit.rows:
        credit, ends = row_credit(unit, row)[rows], credit_of(unit.sample, row).ends
        values = [None if np.isnan(value) else float(value) for value in credit]
        shown = ["" if value is None else ends.words(value, ends.decimals) for value in values]
        name = row.called or get_method(row.method).title
        low, limit = (-ends.high, ends.high) if ends.signed else (ends.low, ends.high)
        found.append(
            {"name": name, "kind": "method", "values": values, "shown": shown, "low": low, "limit": limit or 1.0}
        )
    return found


def curve(unit: Unit, held: Truth) -> list[float]:
    """Chance before the first step and after each, where each follows the one before; else nothing."""
    rows = [held.forest.row(step) for step in unit.bet.steps]
    if [int(held.forest.parent[row]) for row in rows[1:]] != rows[:-1]:
        return []
    return [float(held.chance[row]) for row in (int(held.forest.parent[rows[0]]), *rows)]


def colours(unit: Unit, held: Truth) -> list[float | None]:
    """By how much every drawn step changed the chance; None at prompts and where nothing was measured."""
    return [None if np.isnan(held.change[row]) else float(held.change[row]) for row in drawn(unit)]
