"""What a table of a comparison says, JSON-ready: a row a step, a cell a method, numbers written out. Draws nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from treecore.analysis.compare import Column, Comparison, Kind
from treecore.analysis.disagreements import Entry
from treecore.analysis.granularity import granularity
from treecore.analysis.references import REACHES
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import MINUS, NOISE, counted, plain, whole
from treecore.core.outcomes import is_right
from treecore.views.row_words import row_words

WINDOW = 1000
"""Steps that a browser is given at once."""


class Piece(TypedDict):
    """Text of one tone: `ink` or `muted`."""

    text: str
    tone: str


class Head(TypedDict):
    """A method over its column; `lacks` is why it cannot run, `low` and `high` are the ends of its own scale."""

    method: str
    title: str
    reach: str
    scale: str
    lacks: str
    low: float
    high: float
    signed: bool


class TableRow(TypedDict):
    """A step, or the head of a tree (`id` "").

    `at` is its place among all steps, `last` that no sibling follows, `entry` its place in the list, -1 for none.
    """

    at: int
    id: str
    level: int
    last: bool
    words: list[Piece]
    note: str
    answered: str
    fork: float | None
    outcome: str
    right: bool | None
    values: list[float | None]
    shown: list[str]
    apart: bool
    entry: int


class Panel(TypedDict):
    """One table of `total` steps, of which some are given.

    `above` says for each level before the first row whether its line goes on; `links` which row of the table beside
    goes with each row, -1 for none, empty where there is no other table.
    """

    title: str
    heads: list[Head]
    rows: list[TableRow]
    above: list[bool]
    total: int
    links: list[int]


def panel(
    found: Comparison,
    listed: Sequence[Entry] = (),
    *,
    title: str = "",
    centre: int = 0,
    only: Sequence[int] | None = None,
) -> Panel:
    """The table of a comparison.

    Args:
        listed: its disagreements.
        title: over the table, where there are several.
        centre: place of the step around which rows are given, where not all are.
        only: places of the steps to give; all by default.
    """
    places = np.arange(len(found.rows)) if only is None else np.asarray(only, dtype=np.int64)
    first = window_of(centre, total=len(places))
    places = places[first : first + WINDOW]
    forest = found.forest
    levels = forest.topology.path_sum((~forest.is_prompt).astype(np.int64))
    shape = Shape(forest, listed)
    rows: list[TableRow] = []
    tree = -1
    for at in places.tolist():
        row = int(found.rows[at])
        if only is None and int(forest.tree[row]) != tree:
            tree = int(forest.tree[row])
            if levels[row] == 1:
                rows.append(tree_head(forest, tree))
        rows.append(table_row(found, at, shape, level=int(levels[row]) if only is None else 1))
    start = int(found.rows[places[0]]) if len(places) else -1
    path = forest.topology.path(start)[:-1] if start >= 0 else np.empty(0, dtype=np.int64)
    above = [not shape.is_last(int(one)) for one in path[~forest.is_prompt[path]]]
    return {
        "title": title,
        "heads": [head(column) for column in found.columns],
        "rows": rows,
        "above": above if only is None else [],
        "total": len(places) if only is not None else len(found.rows),
        "links": [],
    }


def window_of(centre: int, *, total: int) -> int:
    """Where the rows begin that are given."""
    return 0 if total <= WINDOW else max(0, min(centre - WINDOW // 2, total - WINDOW))


def head(column: Column) -> Head:
    """What stands over a column."""
    ends = column.ends
    scale = (
        ""
        if column.credit is None
        else f"±{plain(abs(ends.high))}"
        if ends.signed
        else f"{plain(ends.low)}–{plain(ends.high)}"
    )
    return {
        "method": column.method,
        "title": column.known.title,
        "reach": REACHES[column.reach],
        "scale": scale,
        "lacks": column.lacks,
        "low": ends.low,
        "high": ends.high,
        "signed": ends.signed,
    }


class Shape:
    """What rows say of the shape of their forest, and in which disagreement they are."""

    def __init__(self, forest: Forest, listed: Sequence[Entry]) -> None:
        self.entry_of = {at: number for number, one in enumerate(listed) for at in range(one.first, one.last + 1)}
        self.governs = granularity(Forests(forest)).governs
        self.right = is_right(forest)
        self.forest = forest

    def is_last(self, row: int) -> bool:
        """Whether no sibling follows."""
        above = int(self.forest.parent[row])
        return above < 0 or int(self.forest.topology.children(above)[-1]) == row

    def fork(self, row: int) -> float | None:
        """The share of the trajectory that is decided after a step, None where it is no fork."""
        return round(float(self.governs[row]), 3) if self.forest.topology.is_fork[row] else None


def tree_head(forest: Forest, tree: int) -> TableRow:
    """The line over the steps of a tree."""
    leaves = forest.leaves[forest.tree[forest.leaves] == tree]
    scored = leaves[~np.isnan(forest.reward[leaves])]
    right = int(is_right(forest)[scored].sum())
    note = f"{whole(right)} of {whole(len(scored))} right" if len(scored) else counted(len(leaves), "end")
    return {
        "at": -1,
        "id": "",
        "level": 0,
        "last": True,
        "words": [{"text": f"tree {tree + 1}", "tone": "ink"}],
        "note": note,
        "answered": "",
        "fork": None,
        "outcome": "",
        "right": None,
        "values": [],
        "shown": [],
        "apart": False,
        "entry": -1,
    }


def table_row(found: Comparison, at: int, shape: Shape, *, level: int) -> TableRow:
    """A step with its numbers."""
    forest, row = found.forest, int(found.rows[at])
    said = row_words(forest, row)
    reward = float(forest.reward[row])
    values = found.values[at].tolist()
    return {
        "at": at,
        "id": str(forest.node_id[row]),
        "level": level,
        "last": shape.is_last(row),
        "words": [{"text": text, "tone": "muted" if is_shared else "ink"} for text, is_shared in said.pieces],
        "note": said.note,
        "answered": said.answered,
        "fork": shape.fork(row),
        "outcome": "" if math.isnan(reward) else outcome(reward),
        "right": None if math.isnan(reward) else bool(shape.right[row]),
        "values": [None if math.isnan(value) else value for value in values],
        "shown": [written(value, column) for value, column in zip(values, found.columns, strict=True)],
        "apart": int(found.kind[at]) == Kind.SIGNS,
        "entry": shape.entry_of.get(at, -1),
    }


def outcome(reward: float) -> str:
    """A reward with one decimal where that is all of it, else with two."""
    return plain(reward, 1 if abs(10 * reward - round(10 * reward)) < NOISE else 2) if reward else "0.0"


def written(value: float, column: Column) -> str:
    """A credit with the fixed decimals of its column, a true minus, and a sign where it has one."""
    if math.isnan(value):
        return ""
    ends = column.ends
    text = f"{abs(value):.{ends.decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    sign = MINUS if value < 0 else "+" if ends.signed else ""
    return f"{sign}{text}"
