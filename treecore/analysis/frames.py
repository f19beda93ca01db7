"""One picture of the film, and how its numbers and names are written. Knows nothing about drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from treecore.credit.explain import Line, exact_fraction
from treecore.forest import Forest
from treecore.labels import cut
from treecore.steptext import split_step
from treecore.topology import BoolArray, FloatArray


class Example(NamedTuple):
    """An equation with the numbers of one step or trajectory, and what that is called."""

    line: Line
    name: str


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of the film.

    Attributes:
        stage: title of the stage it belongs to; frames of one stage follow each other.
        sentence: one plain sentence about what happens.
        visible: `[N]` nodes that exist by now.
        highlight: `[N]` nodes that this frame is about.
        badges: row -> short text shown beside the node.
        fill: `[N]` numbers that colour the nodes on the credit scale, NaN neutral; None when nothing is coloured.
        outcomes: whether outcomes at leaves are known by now.
        numbers: label -> value, the numbers that changed.
        example: the equation of this stage with the numbers of one step; None for stages without.
        column: what the coloured numbers are, one word; "" when nothing is coloured.
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


def short(value: float) -> str:
    """A number with two decimals, its fraction where it is exact, a true minus sign."""
    if np.isnan(value):
        return "n/a"
    if float(value).is_integer():
        return f"{value:.0f}".replace("-", "−")
    return (exact_fraction(value) or f"{value:.2f}").replace("-", "−")


def signed(value: float) -> str:
    """A number with its sign and two decimals."""
    if np.isnan(value):
        return "n/a"
    return "0.00" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "−")


def label(forest: Forest, row: int) -> str:
    """The telling phrase of a step, shortened."""
    text = split_step(forest.text[row], forest.node_extra.get(row, {})).label or f"step {forest.node_id[row]}"
    return cut(text, 48)


def named(forest: Forest, row: int) -> str:
    """A step by its phrase and its id, since several steps may be called alike."""
    if forest.is_prompt[row]:
        return "the prompt"
    said, node = label(forest, row), str(forest.node_id[row])
    wordless = said == cut(f"step {node}", 48)
    return f"the step with id {cut(node, 24)}" if wordless else f"“{said}”, id {cut(node, 24)}"


def count(n: int, noun: str, many: str = "") -> str:
    """`two chains`: small numbers as words."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return f"{words[n] if n < len(words) else n} {noun if n == 1 else many or noun + 's'}"
