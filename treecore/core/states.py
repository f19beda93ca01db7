"""A batch in which every prompt is one state, however many roots its file has: what methods over states compute on.

How many roots a file has says how it was written, not what was sampled. Here all empty roots of a forest are one row,
its first, and roots that are steps hang below it; a forest without an empty root gets that row. Order of steps and
tokens stays, so `row` alone leads from a batch to its states.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from treecore.core.batch import Forests
from treecore.core.columns import NODE_COLUMNS, NULLS
from treecore.core.forest import NodeId
from treecore.core.topology import BoolArray, FloatArray, IntArray, Topology

NOBODY = {column.name: NULLS[column.kind] for column in NODE_COLUMNS}
POOLED = {"mc_value": "mc_count"}
"""Estimates, and how many draws stand behind each: those at several empty roots are of one state."""


def states_of(forests: Forests) -> Forests:
    """What methods over states see: `States`, or the batch itself where every forest is one tree below its prompt."""
    return forests if one_prompt_each(forests) else States(forests)


def one_prompt_each(forests: Forests) -> bool:
    """Whether every forest is one tree below an empty root already."""
    return forests.n_trees == len(forests) and bool(forests.is_prompt[forests.topology.roots].all())


class States(Forests):
    """The states of a batch `base` of `N` nodes, `S` in all.

    Attributes:
        row: `[N]` state of each node of `base`.
        source: `[S]` node of `base` that each state is; of a prompt its first empty root, -1 where it has none.
    """

    def __init__(self, base: Forests) -> None:
        super().__init__(list(base))
        self.base = base
        step = ~base.is_prompt
        count = np.bincount(base.forest_of[step], minlength=len(base)) + 1
        self._offset: IntArray = np.concatenate([[0], np.cumsum(count)])
        prompt = self._offset[base.forest_of]
        self.row: IntArray = np.where(step, np.cumsum(step) + base.forest_of, prompt)
        self.source: IntArray = np.full(int(self._offset[-1]), -1)
        self.source[self.row[::-1]] = np.arange(len(step))[::-1]
        above = np.where(base.parent < 0, prompt, self.row[np.maximum(base.parent, 0)])
        self._parent: IntArray = np.full(len(self.source), -1)
        self._parent[self.row[step]] = above[step]

    @cached_property
    def offset(self) -> IntArray:
        """As of `Forests`, in states. `[F+1]`"""
        return self._offset

    @cached_property
    def parent(self) -> IntArray:
        """State before each, -1 at prompts. `[S]`"""
        return self._parent

    @cached_property
    def is_prompt(self) -> BoolArray:
        """The first state of each forest. `[S]`"""
        return self._parent < 0

    @cached_property
    def topology(self) -> Topology:
        """Shape of the states: one tree a forest."""
        return Topology(self._parent)

    @cached_property
    def reward(self) -> FloatArray:
        """Outcome on leaves, NaN elsewhere. `[S]`"""
        return self._taken(self.base.reward, np.nan)

    def _stack(self, name: str) -> NDArray[Any]:
        return self._taken(getattr(self.base, name), NOBODY[name])

    def _taken(self, values: NDArray[Any], null: float) -> NDArray[Any]:
        """A column of `base` as one of states, null where a prompt has no node."""
        taken = values[np.maximum(self.source, 0)]
        taken[self.source < 0] = null
        return taken

    def column(self, name: str) -> FloatArray:
        """An annotation column, NaN where it is absent; estimates at several empty roots are pooled. `[S]`"""
        if name not in self._columns:
            values = self._taken(self.base.column(name), np.nan)
            if name in POOLED or name in POOLED.values():
                self._pool(values, name)
            values.setflags(write=False)
            self._columns[name] = values
        return self._columns[name]

    def _pool(self, values: FloatArray, name: str) -> None:
        """Draws at all empty roots of a forest add up, and their mean counts every draw once."""
        base, weight = self.base, POOLED.get(name, name)
        rows = np.flatnonzero(base.is_prompt & ~np.isnan(base.column(name)))
        state, own, draws = self.row[rows], base.column(name)[rows], np.nan_to_num(base.column(weight)[rows], nan=1.0)
        several = np.unique(state)
        total = np.bincount(state, weights=own * draws if name in POOLED else own, minlength=len(values))[several]
        drawn = np.bincount(state, weights=draws, minlength=len(values))[several] if name in POOLED else 1.0
        values[several] = total / np.maximum(drawn, 1.0)

    @cached_property
    def token_start(self) -> IntArray:
        """As of `Forests`, in states; prompts have no tokens. `[S+1]`"""
        counts = np.zeros(len(self.source), dtype=np.int64)
        counts[self.row] = np.diff(self.base.token_start)
        return np.concatenate([[0], np.cumsum(counts)])

    def token_column(self, name: str) -> FloatArray:
        """As of `Forests`: tokens are the same, in the same order. `[T]`"""
        return self.base.token_column(name)

    @cached_property
    def answered(self) -> BoolArray:
        """States that the environment answered with some text. `[S]`"""
        return self._taken(self.base.answered, False)

    @property
    def text(self) -> Iterator[str]:
        """What the model wrote in each step, nothing at prompts. `[S]`"""
        texts = ["", *self.base.text]
        return (texts[row + 1] for row in self._steps.tolist())

    @property
    def observation(self) -> Iterator[str]:
        """What the environment answered to each step, nothing at prompts. `[S]`"""
        texts = ["", *self.base.observation]
        return (texts[row + 1] for row in self._steps.tolist())

    @property
    def beside_text(self) -> Iterator[str]:
        """Thought and calls recorded beside the text of each step, nothing at prompts. `[S]`"""
        texts = ["", *self.base.beside_text]
        return (texts[row + 1] for row in self._steps.tolist())

    @property
    def node_id(self) -> Iterator[NodeId]:
        """Ids of nodes, "" of prompts. `[S]`"""
        names = ["", *self.base.node_id]
        return (names[row + 1] for row in self._steps.tolist())

    @property
    def _steps(self) -> IntArray:
        return np.where(self.is_prompt, -1, self.source)


class Shape(NamedTuple):
    """How a method sees a batch of `N` nodes: `topology` of what it works on, in `S` rows of its own.

    `row [N]` leads from a node of the batch to that row and `node [S]` back, -1 where no node stands for it.
    """

    topology: Topology
    row: IntArray
    node: IntArray

    def steps_from(self, node: int) -> IntArray:
        """Nodes of the steps taken from `node`; from an empty root, of all steps taken from the prompt if those are
        one state to the method."""
        return self.node[self.topology.children(int(self.row[node]))]

    def siblings(self, node: int) -> IntArray:
        """Nodes of the steps taken from where `node` was, itself included; nothing but itself at a root."""
        return self.node[self.topology.siblings(int(self.row[node]))]

    def leaves_under(self, node: int) -> IntArray:
        """Nodes of the leaves beneath `node`."""
        return self.node[self.topology.leaves_under(int(self.row[node]))]

    @property
    def forks(self) -> IntArray:
        """Nodes that are forks, a prompt of several roots once. `[Q]`"""
        return self.node[self.topology.is_fork & (self.node >= 0)]


def shape_of(seen: Forests, n: int) -> Shape:
    """The shape of a batch of `n` nodes for a method that works on `seen`."""
    same = np.arange(n)
    return Shape(seen.topology, *((seen.row, seen.source) if isinstance(seen, States) else (same, same)))
