"""The tree of a unit as it is drawn: places, words, outcomes. It says nothing that a bet is about."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain, whole
from treecore.core.outcomes import is_right
from treecore.lessons.truth import truth
from treecore.lessons.unit import Unit
from treecore.views.row_words import row_words


class Words(TypedDict):
    """Text of one tone: `ink`, or `muted` where all siblings share it."""

    text: str
    tone: str


class Step(TypedDict):
    """A node as it is drawn.

    Attributes:
        parent: its place in the list, -1 at a root; tree: from 0; level: steps from the root; line: row of the picture.
        mark: the digit that marks it, 0 for none.
        more: the scored ends after it that are not drawn.
        outcome: `1.0` at a scored leaf, else ""; right: None where it has none.
    """

    parent: int
    tree: int
    level: int
    line: float
    words: list[Words]
    answered: str
    more: str
    mark: int
    leaf: bool
    outcome: str
    right: bool | None


class Tree(TypedDict):
    """A tree of the picture: its name, and its ends in words."""

    title: str
    ends: str
    folds: bool


def drawn(unit: Unit) -> list[int]:
    """Rows that are drawn: all, or those on the way to the ends that the unit names; siblings stand together."""
    forest = truth(unit.sample).forest
    wanted = {forest.row(end) for end in unit.ends} if unit.ends else set(np.flatnonzero(forest.topology.is_leaf))
    kept = {int(row) for end in wanted for row in forest.topology.path(int(end))}
    return [int(row) for row in forest.topology.order if int(row) in kept]


def steps(unit: Unit) -> list[Step]:
    """The nodes in the order of the picture."""
    forest, rows = truth(unit.sample).forest, drawn(unit)
    place = {row: number for number, row in enumerate(rows)}
    children = {row: [one for one in rows if forest.parent[one] == row] for row in rows}
    marks = {forest.row(step): number + 1 for number, step in enumerate(unit.bet.steps)}
    line, level = lines(rows, children), dict[int, int]()
    found: list[Step] = []
    for row in rows:
        above = int(forest.parent[row])
        level[row] = 0 if above < 0 else level[above] + 1
        said = row_words(forest, row)
        leaf = not children[row]
        scored = leaf and not np.isnan(forest.reward[row])
        words: list[Words] = [{"text": text, "tone": "muted" if shared else "ink"} for text, shared in said.pieces]
        found.append(
            {
                "parent": place.get(above, -1),
                "tree": int(forest.tree[row]),
                "level": level[row],
                "line": line[row],
                "words": [] if above < 0 else words,
                "answered": "" if leaf else said.answered,
                "more": hidden(forest, row, place),
                "mark": marks.get(row, 0),
                "leaf": leaf,
                "outcome": plain(float(forest.reward[row])) if scored else "",
                "right": bool(is_right(forest)[row]) if scored else None,
            }
        )
    return found


def lines(rows: list[int], children: dict[int, list[int]]) -> dict[int, float]:
    """Row of the picture for every node: leaves in order, others in the middle of what comes after them."""
    line: dict[int, float] = {}
    for row in rows:
        if not children[row]:
            line[row] = float(len([one for one in line if not children[one]]))
    for row in reversed(rows):
        if children[row]:
            line[row] = (line[children[row][0]] + line[children[row][-1]]) / 2
    return line


def hidden(forest: Forest, row: int, place: dict[int, int]) -> str:
    """The scored ends after a step that are not drawn: `12 more, 9 right`; "" for none."""
    left = [child for child in np.flatnonzero(forest.parent == row) if int(child) not in place]
    under = [leaf for child in left for leaf in forest.topology.leaves_under(int(child))]
    ends = [leaf for leaf in under if not np.isnan(forest.reward[leaf])]
    if not ends:
        return ""
    right = int(is_right(forest)[ends].sum())
    return f"{whole(len(ends))} more, {whole(right)} right"


def trees(unit: Unit) -> list[Tree]:
    """The trees of the forest; one of several ends that holds no step of the bet may be folded."""
    forest = truth(unit.sample).forest
    asked = {int(forest.tree[forest.row(step)]) for step in unit.bet.steps}
    found: list[Tree] = []
    for tree in range(forest.n_trees):
        ends = [int(leaf) for leaf in forest.leaves if forest.tree[leaf] == tree]
        right = int(is_right(forest)[ends].sum())
        said = f"{counted(len(ends), 'end')}, {whole(right) if right else 'none'} right"
        found.append({"title": f"tree {tree + 1}", "ends": said, "folds": tree not in asked and len(ends) > 1})
    return found
