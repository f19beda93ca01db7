"""The other route to step credit: a label every k tokens. What it costs, which forks share one, what it cannot say.

A trajectory is cut after every k tokens of the model, or steps, counted from the prompt; trajectories share a label as
long as their tokens are the same. A label has one number, so what the credit of its tokens varies by is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treecore.analysis.granularity import LengthUnit, step_lengths
from treecore.core.numerals import NOISE
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.registry import Credit

SPACINGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024)
"""Tokens from label to label that are worked out; steps, where these are counted."""


@dataclass(frozen=True)
class Spacing:
    """A label every `every` tokens.

    Attributes:
        labels: how many are needed, each once for all trajectories that share its tokens.
        lost: share of the variance of credit over tokens that lies inside labels; NaN where credit does not vary.
        merged: forks that share a label with another one before or after them.
    """

    every: int
    labels: int
    lost: float
    merged: int


@dataclass(frozen=True)
class Route:
    """Both routes on one batch.

    Attributes:
        unit: what lengths are counted in; spacings: labels by their spacing, densest first.
        forks: how many forks there are; children: steps taken at them, each a label of its own.
        lost_at_forks: what is lost when every step taken at a fork has a label: 0 where credit is 0 elsewhere, else as
            `Spacing.lost`, of labels that hold until the next fork.
    """

    unit: LengthUnit
    spacings: tuple[Spacing, ...]
    forks: int
    children: int
    lost_at_forks: float


@dataclass(frozen=True, eq=False)
class Lengths:
    """Where steps lie in their trajectories, in a unit of lengths, and their credit, 0 where none is assigned. `[S]`"""

    parent: IntArray
    start: FloatArray
    end: FloatArray
    credit: FloatArray
    is_leaf: BoolArray
    is_fork: BoolArray
    unit: LengthUnit


def route(credit: Credit, unit: LengthUnit = "tokens") -> Route:
    """Labels every k tokens against labels at forks, for the credit of a method; `unit` as in `lengths`."""
    steps = lengths(credit, unit)
    longest = float(steps.end.max(initial=0.0))
    asked = [every for every in SPACINGS if every == 1 or every < 2 * longest]
    own = np.flatnonzero((steps.parent >= 0) & steps.is_fork[np.maximum(steps.parent, 0)])
    return Route(
        steps.unit,
        tuple(spacing(steps, every) for every in asked),
        forks=int(steps.is_fork.sum()),
        children=len(own),
        lost_at_forks=lost_at_forks(steps, own),
    )


def lengths(credit: Credit, unit: LengthUnit = "tokens") -> Lengths:
    """Where every step begins and ends: in tokens of the model where these are asked for and known, else in steps."""
    seen = credit.seen
    topology = credit.shape.topology
    size, found = step_lengths(seen.forests, unit)
    end = topology.path_sum(size)
    own = np.nan_to_num(seen.credit)
    return Lengths(seen.forests.parent, end - size, end, own, topology.is_leaf, topology.is_fork, found)


def spacing(steps: Lengths, every: int) -> Spacing:
    """Labels of one spacing."""
    whole = np.floor(steps.end / every) - np.floor(steps.start / every)
    rest = steps.is_leaf & (steps.end % every > 0)
    first = (np.floor(steps.start / every) + 1) * every
    crossing = np.flatnonzero((whole > 0) & (first - every < steps.start))
    inside = Sums.of(steps, crossing, first[crossing], every)
    ends = np.flatnonzero(rest)
    inside += Sums.of(steps, ends, steps.end[ends], every)
    full = whole.copy()
    full[crossing] -= 1
    tokens = full * every
    total = Sums(
        inside.n + float(tokens.sum()),
        inside.total + float((tokens * steps.credit).sum()),
        inside.squares + float((tokens * steps.credit**2).sum()),
        inside.within,
    )
    return Spacing(every, int(whole.sum() + rest.sum()), total.lost, merged(steps, every))


@dataclass(frozen=True)
class Sums:
    """Over the tokens of some labels: how many, sums of credit and its square, and squares around each label's mean."""

    n: float
    total: float
    squares: float
    within: float

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.n + other.n, self.total + other.total, self.squares + other.squares, self.within + other.within
        )

    @property
    def lost(self) -> float:
        """Share of the variance that lies inside labels."""
        around = self.squares - self.total**2 / self.n if self.n else 0.0
        return min(1.0, max(0.0, self.within / around)) if around > NOISE else float("nan")

    @classmethod
    def of(cls, steps: Lengths, last: IntArray, end: FloatArray, every: int) -> Sums:
        """Of labels that end inside the steps `last`, at the places `end`, and may begin in steps before them."""
        begin = np.maximum(np.ceil(end / every) - 1, 0) * every
        size, weighted, squared = np.zeros(len(last)), np.zeros(len(last)), np.zeros(len(last))
        at, live, upto = last.copy(), np.arange(len(last)), end.copy()
        while len(live):
            low = np.maximum(steps.start[at], begin[live])
            part = upto - low
            own = steps.credit[at]
            size[live] += part
            weighted[live] += part * own
            squared[live] += part * own**2
            above = steps.parent[at]
            goes_on = (low > begin[live]) & (above >= 0)
            live, upto, at = live[goes_on], low[goes_on], above[goes_on]
        within = squared - np.divide(weighted**2, size, out=np.zeros(len(size)), where=size > 0)
        return cls(float(size.sum()), float(weighted.sum()), float(squared.sum()), float(np.maximum(within, 0).sum()))


def merged(steps: Lengths, every: int) -> int:
    """Forks that lie in one label with another fork of their path."""
    forks = np.flatnonzero(steps.is_fork)
    above = nearest_fork(steps)[forks]
    label = np.floor(steps.end / every)
    same = (above >= 0) & (label[forks] == label[np.maximum(above, 0)])
    together = np.zeros(len(steps.parent), dtype=bool)
    together[forks[same]] = together[above[same]] = True
    return int(together.sum())


def nearest_fork(steps: Lengths) -> IntArray:
    """The nearest fork before each step, -1 where there is none. `[S]`"""
    above = steps.parent.copy()
    while True:
        wrong = np.flatnonzero(above >= 0)
        wrong = wrong[~steps.is_fork[above[wrong]]]
        if not len(wrong):
            return above
        above[wrong] = steps.parent[above[wrong]]


def lost_at_forks(steps: Lengths, children: IntArray) -> float:
    """What is lost with a label for every step taken at a fork."""
    elsewhere = np.ones(len(steps.parent), dtype=bool)
    elsewhere[children] = False
    size = steps.end - steps.start
    if not (np.abs(steps.credit[elsewhere]) > NOISE).any():
        return 0.0
    begins = elsewhere & (steps.parent < 0)
    begins[children] = True
    label = np.where(begins, np.arange(len(begins)), -1)
    above = np.where(begins, np.arange(len(begins)), steps.parent)
    while (open_ := np.flatnonzero(label < 0)).size:
        label[open_] = np.where(begins[above[open_]], above[open_], label[open_])
        left = open_[label[open_] < 0]
        above[left] = steps.parent[above[left]]
    count = np.bincount(label, weights=size, minlength=len(label))
    mean = np.bincount(label, weights=size * steps.credit, minlength=len(label)) / np.maximum(count, 1)
    within = float((size * (steps.credit - mean[label]) ** 2).sum())
    whole = float((size * (steps.credit - (size * steps.credit).sum() / size.sum()) ** 2).sum()) if size.sum() else 0.0
    if whole <= NOISE:
        return float("nan")
    return within / whole if within > NOISE * whole else 0.0
