"""One picture of the film, and how what it is about is called. Knows nothing about drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from treecore.analysis.linked import Linked
from treecore.core.forest import Forest
from treecore.core.step_text import split_step, with_call
from treecore.core.topology import BoolArray, FloatArray
from treecore.methods.explain import Line
from treecore.views.labels import cut

MAX_PHRASE = 48
"""Characters of a step's phrase."""


class Example(NamedTuple):
    """An equation with the numbers of one step or trajectory.

    Attributes:
        line: the equation; name: what the step or trajectory is called.
        rows: its nodes: the step, the last step of the trajectory, or all empty roots where these are the prompt.
        terms: its symbols with their numbers and the nodes that these come from.
    """

    line: Line
    name: str
    rows: tuple[int, ...]
    terms: tuple[Linked, ...] = ()


class Bracket(NamedTuple):
    """Siblings that are compared where they stand: their rows, at least two, and what stands between them."""

    rows: tuple[int, ...]
    text: str


class Move(NamedTuple):
    """A number on its way along an edge, from a child to its parent."""

    child: int
    parent: int
    text: str


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of the film.

    Attributes:
        stage: title of the stage it belongs to; frames of one stage follow each other.
        part: what of its stage it shows; "" where the title says it.
        sentence: one plain sentence about what happens.
        visible: `[N]` nodes that exist by now.
        highlight: `[N]` nodes that this frame is about.
        badges: row -> short text shown beside the node.
        fill: `[N]` numbers that colour the nodes on the credit scale, NaN neutral; None when nothing is coloured.
        outcomes: whether outcomes at leaves are known by now.
        numbers: label -> value, the numbers that changed.
        example: the equation of this stage with the numbers of one step; None for stages without.
        bracket: siblings that are compared; None where none are.
        moves: numbers that travel to the nodes that this frame is about.
        weights: `[N]` what training puts on each token of a step, NaN for none; None before the last frame.
        column: what the coloured numbers are, a word or two; "" when nothing is coloured.
    """

    stage: str
    sentence: str
    visible: BoolArray
    highlight: BoolArray
    badges: Mapping[int, str] = field(default_factory=dict)
    fill: FloatArray | None = None
    outcomes: bool = False
    numbers: Mapping[str, str] = field(default_factory=dict)
    column: str = ""
    example: Example | None = None
    bracket: Bracket | None = None
    moves: tuple[Move, ...] = ()
    weights: FloatArray | None = None
    part: str = ""


def phrase(forest: Forest, row: int) -> str:
    """The telling phrase of a step, "" where it has no words."""
    return split_step(forest.text[row], forest.node_extra.get(row, {})).label


def phrases(forest: Forest) -> list[str]:
    """The telling phrase of every step; with its calls where siblings say the same before different ones. `[N]`"""
    split = cache(split_step)
    extra = forest.node_extra
    steps = [split_step(text, extra[row]) if extra.get(row) else split(text) for row, text in enumerate(forest.text)]
    calls: dict[tuple[int, str], set[str]] = {}
    for above, step in zip(forest.parent.tolist(), steps, strict=True):
        calls.setdefault((above, step.label), set()).add(step.call)
    return [
        with_call(step.label, call=step.call) if len(calls[above, step.label]) > 1 else step.label
        for above, step in zip(forest.parent.tolist(), steps, strict=True)
    ]


def label(forest: Forest, row: int) -> str:
    """The telling phrase of a step, shortened; its id where it has no words."""
    return cut(phrase(forest, row) or f"step {forest.node_id[row]}", MAX_PHRASE)


def named(forest: Forest, row: int) -> str:
    """A step by its words; by its place too, where others say the same, or where it says nothing."""
    if forest.is_prompt[row]:
        return "the prompt"
    path = forest.topology.path(row)
    place = f"step {int((~forest.is_prompt[path]).sum())} of tree {int(forest.tree[row]) + 1}"
    said = phrase(forest, row)
    if not said:
        return place
    alone = sum(text == forest.text[row] for text in forest.text) == 1
    return f"“{cut(said, MAX_PHRASE)}”" + ("" if alone else f" ({place})")


def after(forest: Forest, row: int) -> str:
    """Where the steps after a node stand."""
    return "at the prompt" if forest.is_prompt[row] else f"after {named(forest, row)}"
