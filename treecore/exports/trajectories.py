"""Trajectories as a trainer sees them: tokens, mask, log probabilities, and the advantage of each token by any method.

Knows forests and credit; knows no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from treecore.core.forest import Forest
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods import Credit


@dataclass(frozen=True)
class Trajectory:
    """One path from the prompt to a leaf.

    Attributes:
        forest: that holds it; leaf: row of its end; steps: `[K]` rows of its steps, the first of them first.
    """

    forest: Forest
    leaf: int
    steps: IntArray

    @cached_property
    def tokens(self) -> IntArray:
        """Rows of the token table, observations included, in order; empty where no tokens are recorded. `[T]`"""
        table = self.forest.tokens
        if table is None:
            return np.empty(0, dtype=np.int64)
        parts = [np.arange(table.start[row], table.start[row + 1]) for row in self.steps]
        return np.concatenate([np.empty(0, dtype=np.int64), *parts])

    @cached_property
    def is_model(self) -> BoolArray:
        """Tokens that the model wrote. `[T]`"""
        table = self.forest.tokens
        return np.empty(0, dtype=bool) if table is None else table.is_model[self.tokens]

    @property
    def text(self) -> str:
        """All of it, observations included."""
        return "".join(self.forest.text[row] + self.forest.observation[row] for row in self.steps)


def trajectories(forest: Forest) -> Iterator[Trajectory]:
    """All trajectories of a forest, in the order of their leaves; a prompt without an answer is none."""
    for leaf in np.flatnonzero(forest.topology.is_leaf).tolist():
        path = forest.topology.path(leaf)
        steps = path[~forest.is_prompt[path]]
        if len(steps):
            yield Trajectory(forest, leaf, steps)


@dataclass(frozen=True)
class Signals:
    """What a method gives each step and token of trajectories of one forest.

    A method that judges whole trajectories gives all tokens of one the same; one that judges steps gives a shared step
    the same in every trajectory through it.

    Args:
        credit: of one forest.
    """

    credit: Credit

    @cached_property
    def _of_leaf(self) -> dict[int, dict[int, float]]:
        """Leaf -> step -> signal, for methods that judge a step differently in different trajectories."""
        found: dict[int, dict[int, float]] = {}
        if (rows := self.credit.rows) is not None and "credit" in rows.columns:
            for leaf, node, value in zip(rows.leaf, rows.node, rows.columns["credit"], strict=True):
                found.setdefault(int(leaf), {})[int(node)] = float(value)
        return found

    def of_steps(self, trajectory: Trajectory) -> FloatArray:
        """Signal of each step; NaN where the method gives none. `[K]`"""
        own = self._of_leaf.get(trajectory.leaf)
        if own is not None:
            return np.array([own.get(row, np.nan) for row in trajectory.steps.tolist()])
        if "advantage" in self.credit.leaves:
            return np.full(len(trajectory.steps), self.credit.leaves["advantage"][trajectory.leaf])
        return self.credit.credit[trajectory.steps]

    def of_tokens(self, trajectory: Trajectory) -> FloatArray:
        """Signal of each token; NaN where the method gives none, 0 for what the environment wrote. `[T]`"""
        table, steps = trajectory.forest.tokens, trajectory.steps
        if table is None:
            return np.empty(0)
        found, leaf = np.zeros(len(trajectory.tokens)), trajectory.leaf
        ragged, advantage = self.credit.tokens, self.credit.leaves.get("advantage")
        if advantage is not None and np.isnan(advantage[leaf]):  # nobody scored it
            found[:] = np.nan
        elif ragged is None:
            found[:] = np.repeat(self.of_steps(trajectory), np.diff(table.start)[steps])
        elif self.credit.tokens_are_trajectories:
            found[trajectory.is_model] = ragged.value[ragged.start[leaf] : ragged.start[leaf + 1]]
        else:
            found[:] = np.concatenate([ragged.value[ragged.start[row] : ragged.start[row + 1]] for row in steps])
        found[~trajectory.is_model] = 0.0
        return found
