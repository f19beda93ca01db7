"""The steps of a forest as a table: the numbers that the trees show, sorted by any column, searched, and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from treecore.analysis.frames import phrases
from treecore.core.edit import NOTE, changes_of
from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.step_text import plain
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.registry import Credit
from treecore.views.scene.scene import value_of

SCHEMA = {
    "id": "text",
    "parent": "text",
    "step": "text",
    "text": "text",
    "observation": "text",
    "tree": "int",
    "depth": "int",
    "branch": "int",
    "siblings": "int",
    "right": "int",
    "scored": "int",
    "ends": "int",
    "reward": "float",
    "value": "float",
    "credit": "float",
    "tokens": "int",
}
"""Columns of the CSV; of a changed forest also `BEFORE`."""
BEFORE = {"was": "float", "pruned": "int"}
NO_COUNT = -1
_labels: WeakKeyDictionary[Forest, list[str]] = WeakKeyDictionary()


class Siblings(NamedTuple):
    """Place of each step among the ways on that were tried where it was taken, from 1, and how many these are. `[N]`"""

    place: IntArray
    total: IntArray


class Before(NamedTuple):
    """What a changed forest was.

    Attributes:
        was: credit of each step, NaN where it had none; pruned: steps that were taken away. `[N]` both
        changes: by which it was made, as text.
    """

    was: FloatArray
    pruned: BoolArray
    changes: str


@dataclass(frozen=True, eq=False)
class StepTable:
    """Rows of a forest that are steps, with a number in every column.

    Attributes:
        forest: `N` nodes; those that stand for the prompt are no rows of the table.
        credit: of this forest alone; None where no method can run.
        before: of a forest that was changed, pruned steps among its rows; else None.
    """

    forest: Forest
    credit: Credit | None
    before: Before | None = None

    @cached_property
    def rows(self) -> IntArray:
        """The steps in reading order: tree by tree, each before what follows it. `[S]`"""
        order = self.forest.topology.order
        return np.asarray(order[~self.forest.is_prompt[order]])

    @cached_property
    def place(self) -> IntArray:
        """Number of each step in reading order, from 1; 0 for the prompt. `[N]`"""
        found = np.zeros(len(self.forest), dtype=np.int64)
        found[self.rows] = np.arange(1, len(self.rows) + 1)
        return found

    @property
    def labels(self) -> list[str]:
        """The telling phrase of each step, in one line, as the trees have it."""
        if self.forest not in _labels:
            _labels[self.forest] = phrases(self.forest)
        return _labels[self.forest]

    @cached_property
    def siblings(self) -> Siblings:
        """Siblings as the panel beside the trees compares them: all first steps of a prompt, where the method does."""
        forest = self.forest
        taken = forest.parent.astype(np.int64)
        if self.credit is not None and self.credit.one_prompt:
            taken = np.where((taken < 0) | forest.is_prompt[np.maximum(taken, 0)], -1, taken)
        place, count = np.zeros(len(forest), dtype=np.int64), np.zeros(len(forest), dtype=np.int64)
        rows = self.rows[np.lexsort((self.place[self.rows], taken[self.rows]))]
        first = np.flatnonzero(np.diff(taken[rows], prepend=taken[rows[:1]] - 1))
        sizes = np.diff(first, append=len(rows))
        count[rows] = np.repeat(sizes, sizes)
        place[rows] = np.arange(len(rows)) - np.repeat(first, sizes) + 1
        return Siblings(place, count)

    @cached_property
    def right(self) -> IntArray:
        """Right ends under each step. `[N]`"""
        return self.forest.topology.leaf_count(is_right(self.forest)).astype(np.int64)

    @cached_property
    def scored(self) -> IntArray:
        """Ends with an outcome under each step. `[N]`"""
        return self.forest.topology.leaf_count(~np.isnan(self.forest.reward)).astype(np.int64)

    @cached_property
    def share(self) -> FloatArray:
        """Share of the scored ends that are right, NaN without any. `[N]`"""
        with np.errstate(invalid="ignore"):
            return self.right / self.scored

    @cached_property
    def value(self) -> FloatArray:
        """The method's own value of each step where it has one, else the mean outcome beneath. `[N]`"""
        return value_of(self.forest, self.credit)

    @cached_property
    def signal(self) -> FloatArray:
        """Credit of each step, NaN where it is not assigned. `[N]`"""
        return np.full(len(self.forest), np.nan) if self.credit is None else self.credit.credit

    @property
    def was(self) -> FloatArray:
        """Credit of each step before the changes, NaN where it had none or nothing was changed. `[N]`"""
        return np.full(len(self.forest), np.nan) if self.before is None else self.before.was

    @property
    def changes(self) -> str:
        """The changes by which the forest was made, as text; "" for one that is as it was recorded."""
        return changes_of(self.forest) if self.before is None else self.before.changes

    def is_pruned(self, row: int) -> bool:
        """Whether a change took the step away."""
        return self.before is not None and bool(self.before.pruned[row])

    @cached_property
    def tokens(self) -> FloatArray:
        """Tokens that the model wrote in each step, NaN where they were not counted. `[N]`"""
        count = self.forest.n_model_tokens.astype(np.float64)
        return np.where(count == NO_COUNT, np.nan, count)

    def sorted(self, rows: IntArray, by: str, *, down: bool) -> IntArray:
        """Rows by a column; those without a value last either way, equal ones in reading order. `[K]`

        Args:
            by: one of `SORTS`.

        Raises:
            KeyError: there is no such column.
        """
        keys = SORTS[by](self)
        if isinstance(keys, list):
            names = [keys[row].casefold() for row in rows.tolist()]
            ranks = {name: rank for rank, name in enumerate(sorted(set(names)))}
            key = np.array([ranks[name] for name in names], dtype=np.float64)
        else:
            key = keys[rows].astype(np.float64)
        return np.asarray(rows[np.lexsort((self.place[rows], -key if down else key, np.isnan(key)))])

    def found(self, rows: IntArray, words: str) -> IntArray:
        """Rows with these words in their text, label or observation, as the search in the trees finds them. `[K]`"""
        wanted = words.strip().lower()
        if not wanted:
            return rows
        forest, labels = self.forest, self.labels
        hits = [
            wanted in f"{labels[row]}\n{forest.text[row]}\n{forest.observation[row]}".lower() for row in rows.tolist()
        ]
        return np.asarray(rows[np.array(hits, dtype=bool)])

    def csv(self, rows: IntArray) -> bytes:
        """Rows as CSV, numbers in full; texts that a spreadsheet would compute get a `'` before them."""
        from treecore.exports.tables import csv_lines

        marks = {NOTE: "text"} if self.changes else {}
        return b"".join(csv_lines(self._records(rows), SCHEMA | marks | ({} if self.before is None else BEFORE)))

    def _records(self, rows: IntArray) -> Iterable[dict[str, Any]]:
        forest, ends = self.forest, self.forest.topology.n_leaves
        for row in rows.tolist():
            above = int(forest.parent[row])
            yield {
                "id": str(forest.node_id[row]),
                "parent": None if above < 0 else str(forest.node_id[above]),
                "step": self.labels[row],
                "text": forest.text[row],
                "observation": forest.observation[row],
                "tree": int(forest.tree[row]) + 1,
                "depth": int(forest.topology.depth[row]),
                "branch": int(self.siblings.place[row]),
                "siblings": int(self.siblings.total[row]),
                "right": int(self.right[row]),
                "scored": int(self.scored[row]),
                "ends": int(ends[row]),
                "reward": float(forest.reward[row]),
                "value": float(self.value[row]),
                "credit": float(self.signal[row]),
                NOTE: self.changes,
                "tokens": None if np.isnan(self.tokens[row]) else int(self.tokens[row]),
                **({} if self.before is None else {"was": float(self.was[row]), "pruned": int(self.is_pruned(row))}),
            }


SORTS: dict[str, Callable[[StepTable], np.ndarray | list[str]]] = {
    "place": lambda table: table.place,
    "step": lambda table: table.labels,
    "depth": lambda table: table.forest.topology.depth,
    "siblings": lambda table: table.siblings.total,
    "right": lambda table: table.share,
    "value": lambda table: table.value,
    "credit": lambda table: table.signal,
    "was": lambda table: table.was,
    "tokens": lambda table: table.tokens,
}
"""Name of a column -> what rows are sorted by."""


def answer(forest: Forest, row: int) -> str:
    """What the environment answered to a step, in one line."""
    return plain(forest.observation[row]) if forest.observation[row] else ""
