"""The trees of one forest as an SVG drawing: time from left to right, a row a trajectory, credit as colour and sign."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from treecore.analysis import frames
from treecore.analysis.granularity import granularity
from treecore.bidi import visible
from treecore.core.batch import Forests
from treecore.core.edit import changes_of
from treecore.core.forest import Forest
from treecore.core.numerals import short
from treecore.core.outcomes import is_open_ended, is_right
from treecore.core.step_text import plain
from treecore.core.topology import BoolArray, FloatArray
from treecore.errors import MethodError
from treecore.methods.registry import NEUTRAL, Credit, Ends, get_method
from treecore.views.labels import distinct_labels
from treecore.views.layout import by_steps, leaf_rows
from treecore.views.palette import Palette
from treecore.views.svg.pen import SANS, circle, cut_to, diamond, number, path, square, text, width_of, wrapped
from treecore.views.xml_text import escaped

POINTS_A_MM = 72 / 25.4
MAX_TRAJECTORIES = 300
"""Rows that a page or a slide can show."""
MARGIN, TITLE, LEGEND, GAP = 8.0, 20.0, 34.0, 15.0
RADIUS, RING = 4.4, 6.6
SIZE, SMALL, LINE = 7.5, 6.5, 8.1
BEND = 16.0
TREE, OUTCOME, NUMBER = 30.0, 44.0, 48.0
"""Room for names of trees at the left, for outcomes and numbers at the right."""


class Look(NamedTuple):
    """What nodes look like: `[N]` credit, the ends of its scale, and the column of numbers with its heading."""

    credit: FloatArray
    ends: Ends
    numbers: FloatArray
    heading: str
    method: str


@dataclass(frozen=True, eq=False)
class Plan:
    """Where everything stands, in points.

    Attributes:
        x, y: `[N]` of nodes; width, height: of the drawing; end: of the trees, where the columns begin.
        room: `[N]` for the words before each node; lines: of these words.
    """

    x: FloatArray
    y: FloatArray
    width: float
    height: float
    end: float
    room: FloatArray
    lines: list[list[str]]


def drawing(forest: Forest, credit: Credit | None, colours: Palette, *, width_mm: float, filled: bool) -> str:
    """The whole file.

    Args:
        credit: of this forest alone (`Credit.of`).
        width_mm: of the drawing; its height follows from the number of trajectories.
        filled: paint the background, which is the page's own otherwise.

    Raises:
        MethodError: too many trajectories for one figure.
    """
    if len(forest.leaves) > MAX_TRAJECTORIES:
        todo = "export html, or a forest with fewer"
        raise MethodError(
            f"a figure holds at most {MAX_TRAJECTORIES} trajectories, here are {len(forest.leaves):,}", todo=todo
        )
    look, plan = look_of(forest, credit), plan_of(forest, width_mm * POINTS_A_MM)
    size = f'width="{number(width_mm)}mm" height="{number(plan.height / POINTS_A_MM)}mm"'
    box = f'viewBox="0 0 {number(plan.width)} {number(plan.height)}"'
    asked = ("changed · " if changes_of(forest) else "") + visible(plain(forest.prompt))
    said = cut_to(asked, plan.width - 2 * MARGIN, size=SIZE + 1.5)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} font-family="{SANS}" role="img">',
        f"<title>{escaped(asked or 'Reasoning trees')}</title>",
        *([f'<rect width="100%" height="100%" fill="{colours.background}"/>'] if filled else []),
        text(said, MARGIN, MARGIN + 9, fill=colours.ink, size=SIZE + 1.5, bold=True),
        *edges(forest, plan, colours),
        *labels(forest, plan, colours),
        *nodes(forest, plan, look, colours),
        *columns(forest, plan, look, colours),
        *legend(forest, plan, look, colours),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def look_of(forest: Forest, credit: Credit | None) -> Look:
    """Colours and numbers; nothing assigned without a credit."""
    if credit is None:
        nothing = np.full(len(forest), np.nan)
        return Look(nothing, NEUTRAL, nothing, "", "")
    title = get_method(credit.method).title if credit.method else ""
    advantage = credit.leaves.get("advantage")
    column = credit.credit if advantage is None else advantage
    return Look(
        credit.credit, credit.ends, column, heading="credit" if advantage is None else "advantage", method=title
    )


def plan_of(forest: Forest, width: float) -> Plan:
    """Places of all nodes; rows are as high as the words in them."""
    topology, above = forest.topology, np.maximum(forest.parent, 0)
    single = forest.n_trees == len(forest.leaves)
    step = by_steps(topology, align_leaves=True)
    left = MARGIN + (TREE if forest.n_trees > 1 else 0) + RING
    end = width - MARGIN - OUTCOME - NUMBER
    x = left + step / max(float(step.max()), 1.0) * (end - RING - left)
    room = x - x[above] - 2 * RING - np.where(topology.is_fork[above], BEND / 3, 2.0)
    said = phrases(forest)
    lines = [
        wrapped(words, float(room[row]), size=SIZE) if forest.parent[row] >= 0 else [] for row, words in enumerate(said)
    ]
    height = GAP + LINE * max(1, max(map(len, lines)))
    y = MARGIN + TITLE + height + leaf_rows(topology, gap=0.0 if single else 0.5) * height
    return Plan(x, y, width, float(y.max()) + height / 2 + LEGEND, end, room, lines)


def phrases(forest: Forest) -> list[str]:
    """The phrase of each step, without what all its siblings say."""
    said = [visible(label) for label in frames.phrases(forest)]
    topology = forest.topology
    for above in np.flatnonzero(topology.is_fork).tolist():
        children = topology.child[topology.child_start[above] : topology.child_start[above + 1]].tolist()
        for child, label in zip(children, distinct_labels([said[child] for child in children]), strict=True):
            said[child] = label
    return said


def edges(forest: Forest, plan: Plan, colours: Palette) -> Iterator[str]:
    """A curve out of the step before, then a straight line."""
    for row in np.flatnonzero(forest.parent >= 0).tolist():
        above = int(forest.parent[row])
        x0, y0, x1, y1 = plan.x[above], plan.y[above], plan.x[row], plan.y[row]
        if y0 == y1:
            shape = f"M{number(x0)} {number(y0)}H{number(x1)}"
        else:
            bend = x0 + min(BEND, (x1 - x0) * 0.7)
            middle = (x0 + bend) / 2
            curve = f"C{number(middle)} {number(y0)} {number(middle)} {number(y1)} {number(bend)} {number(y1)}"
            shape = f"M{number(x0)} {number(y0)}{curve}H{number(x1)}"
        yield path(shape, stroke=colours.edge, width=1.2)


def labels(forest: Forest, plan: Plan, colours: Palette) -> Iterator[str]:
    """The phrase of each step above its edge, what was answered below it, and names of trees."""
    topology = forest.topology
    for row in np.flatnonzero(forest.parent >= 0).tolist():
        right = plan.x[row] - RING - 1.5
        fill = colours.ink if topology.is_fork[int(forest.parent[row])] else colours.muted
        lines = plan.lines[row]
        for count, line in enumerate(lines, 1):
            base = plan.y[row] - 3.2 - (len(lines) - count) * LINE
            yield text(line, right, base, fill=fill, size=SIZE, anchor="end")
        if observed := cut_to(visible(plain(forest.observation[row])), float(plan.room[row]) - SIZE, size=SMALL):
            yield text(f"→ {observed}", right, plan.y[row] + SMALL + 2, fill=colours.muted, size=SMALL, anchor="end")
    if forest.n_trees > 1:
        for count, root in enumerate(topology.roots.tolist(), 1):
            base = plan.y[root] + SIZE / 3
            yield text(f"tree {count}", MARGIN, base, fill=colours.muted, size=SIZE, bold=True)


def nodes(forest: Forest, plan: Plan, look: Look, colours: Palette) -> Iterator[str]:
    """Discs, squares where the outcome is wrong, diamonds at ends without one, rings around forks, signs of credit."""
    governs = granularity(Forests(forest)).governs
    wrong: BoolArray = np.isfinite(forest.reward) & ~is_right(forest)
    open_ended = is_open_ended(forest)
    for row in range(len(forest)):
        x, y, value = plan.x[row], plan.y[row], float(look.credit[row])
        if forest.topology.is_fork[row]:
            share = 0.0 if math.isnan(governs[row]) else float(governs[row])
            yield circle(x, y, r=RING, fill="none", stroke=colours.governing(share), width=1.6)
        if forest.is_prompt[row]:
            yield square(x, y, r=RADIUS - 0.6, fill=colours.background, stroke=colours.muted)
            continue
        shape = square if wrong[row] else diamond if open_ended[row] else circle
        if math.isnan(value):
            yield shape(x, y, r=RADIUS - 0.4, fill=colours.background, stroke=colours.muted)
        else:
            yield shape(x, y, r=RADIUS, fill=colours.on_scale(value, look.ends))
            if look.ends.signed:
                yield from sign(x, y, colours, share=look.ends.share(value))


def sign(x: float, y: float, colours: Palette, *, share: float) -> Iterator[str]:
    """Plus or minus, so that colour alone tells nothing; none for zero."""
    if abs(share) < 1e-9:
        return
    stroke = colours.background if abs(share) > 0.45 else colours.ink
    upright = f"M{number(x)} {number(y - 2)}V{number(y + 2)}" if share > 0 else ""
    yield path(f"M{number(x - 2)} {number(y)}H{number(x + 2)}{upright}", stroke=stroke, width=1.1)


def columns(forest: Forest, plan: Plan, look: Look, colours: Palette) -> Iterator[str]:
    """Outcome and number of each trajectory, with headings."""
    outcome, numbers = plan.end + OUTCOME, plan.width - MARGIN
    head = MARGIN + TITLE + 8
    yield text("outcome", outcome, head, fill=colours.muted, size=SIZE, anchor="end")
    if look.heading:
        yield text(look.heading, numbers, head, fill=colours.muted, size=SIZE, anchor="end")
    right = is_right(forest)
    for leaf in forest.leaves.tolist():
        y, reward = plan.y[leaf], float(forest.reward[leaf])
        base = y + SIZE / 3
        if math.isfinite(reward):
            x = outcome - 26
            cross = f"M{number(x - 2.2)} {number(y - 2.2)}l4.4 4.4m0 -4.4l-4.4 4.4"
            tick = f"M{number(x - 2.6)} {number(y + 0.2)}l1.9 2.1l3.6 -4.6"
            yield path(tick if right[leaf] else cross, stroke=colours.ink, width=1.1)
        words = "–" if math.isnan(reward) else short(reward)
        yield text(words, outcome, base, fill=colours.ink, size=SIZE, anchor="end")
        value = float(look.numbers[leaf])
        if look.heading:
            fill = colours.muted if math.isnan(value) else colours.ink
            yield text(look.ends.words(value), numbers, base, fill=fill, size=SIZE, anchor="end")


def legend(forest: Forest, plan: Plan, look: Look, colours: Palette) -> Iterator[str]:
    """The colour scale with its ends, and what the shapes mean."""
    y, x = plan.height - LEGEND / 2 - 2, MARGIN
    if look.heading:
        name = f"credit, {look.method}" if look.method else "credit"
        yield text(name, x, y + SIZE / 3, fill=colours.muted, size=SIZE)
        x += width_of(name, SIZE) + 8
        stops = "".join(f'<stop offset="{at:.4f}" stop-color="{colour}"/>' for at, colour in colours.scale(look.ends))
        yield f'<defs><linearGradient id="credit">{stops}</linearGradient></defs>'
        yield f'<rect x="{number(x)}" y="{number(y - 4)}" width="90" height="7" rx="1" fill="url(#credit)"/>'
        low, high, is_signed = look.ends
        marks = [(0, low, "start"), *([(45, 0.0, "middle")] if is_signed else []), (90, high, "end")]
        for at, value, anchor in marks:
            said = look.ends.words(value)
            yield text(said, x + at, y + 12, fill=colours.muted, size=SMALL, anchor=anchor)
        x += 106
    shapes = [("right", circle, 3.0), ("wrong", square, 3.0)] if np.isfinite(forest.reward).any() else []
    if is_open_ended(forest).any():
        shapes.append(("no outcome", diamond, 3.0))
    for name, shape, r in shapes:
        yield shape(x + 3, y, r=r, fill=colours.muted)
        yield text(name, x + 11, y + SIZE / 3, fill=colours.muted, size=SIZE)
        x += 11 + width_of(name, SIZE) + 12
    if forest.topology.is_fork.any():
        yield circle(x + 3, y, r=4.4, fill="none", stroke=colours.strong, width=1.6)
        yield text("fork: stronger decides more", x + 12, y + SIZE / 3, fill=colours.muted, size=SIZE)
