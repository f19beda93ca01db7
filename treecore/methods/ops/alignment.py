"""Match each step with a step of the expert's trace, and say how similar their texts are.

Every pair of texts is compared once in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.ops.matching import INVALID, matched_characters


class Experts(NamedTuple):
    """Steps of the experts of all forests: those of forest `f` are `steps[step[start[f]:start[f + 1]]]`.

    `steps` are different texts; `step [S]` numbers among them; `start [F+1]`.
    """

    steps: list[str]
    step: IntArray
    start: IntArray


class Scorer:
    """Compares actions with steps of experts, each pair of texts once in a batch.

    Args:
        keys: pairs to compare, from `key`.
    """

    def __init__(self, actions: Sequence[str], *, steps: Sequence[str], keys: IntArray, autojunk: bool) -> None:
        self.keys = np.unique(keys)
        pairs = [
            (actions[number], steps[step])
            for number, step in zip(*(part.tolist() for part in np.divmod(self.keys, max(1, len(steps)))), strict=True)
        ]
        nothing = np.array([not action for action, _ in pairs], dtype=bool)
        self.matched = matched_characters(pairs, autojunk=autojunk)
        self.total = np.where(nothing, 0, [len(action) + len(step) for action, step in pairs])
        self.ratio = np.full(len(pairs), INVALID)
        np.divide(2.0 * self.matched, self.total, out=self.ratio, where=~nothing)

    def place(self, keys: IntArray) -> IntArray:
        """Where the pairs are in `matched`, `total` and `ratio`."""
        return np.searchsorted(self.keys, keys)


class Alignment(NamedTuple):
    """What `rows [K]` were compared with: `step [K]` of their expert, from 0, and the place of each pair in `scorer`.

    Steps in `alone` were left without a partner.
    """

    rows: IntArray
    step: IntArray
    place: IntArray
    scorer: Scorer
    alone: IntArray

    def columns(self, n: int) -> dict[str, FloatArray]:
        """Named `[N]` columns, NaN where a step was compared with nothing."""
        columns = {name: np.full(n, np.nan) for name in ("similarity", "matched", "total", "expert_step")}
        found = (self.scorer.ratio, self.scorer.matched, self.scorer.total)
        for column, values in zip(columns.values(), found, strict=False):
            column[self.rows] = values[self.place]
        columns["expert_step"][self.rows] = self.step + 1
        columns["similarity"][self.alone] = 0.0
        return columns


def by_position(
    forests: Forests, actions: Sequence[str], spoken: IntArray, experts: Experts, *, on_prefix: bool, autojunk: bool
) -> Alignment:
    """Step k against the expert's step k; with `on_prefix`, only after a prefix that repeats the expert's actions."""
    topology, first = forests.topology, experts.start[forests.forest_of]
    rows = np.flatnonzero((topology.depth > 0) & (topology.depth <= np.diff(experts.start)[forests.forest_of]))
    number = topology.depth[rows] - 1
    step = experts.step[first[rows] + number]
    if on_prefix:
        as_step = {text: place for place, text in enumerate(experts.steps)}
        said = np.array([as_step.get(action, -1) for action in actions])
        strays = (forests.parent >= 0).astype(np.int64)
        strays[rows[said[spoken[rows]] == step]] = 0
        behind = (topology.path_sum(strays) - strays)[rows] == 0
        rows, number, step = rows[behind], number[behind], step[behind]
    keys = spoken[rows] * len(experts.steps) + step
    scorer = Scorer(actions, steps=experts.steps, keys=keys, autojunk=autojunk)
    return Alignment(rows, number, scorer.place(keys), scorer, rows[:0])


def monotone(
    forests: Forests, actions: Sequence[str], spoken: IntArray, experts: Experts, *, autojunk: bool
) -> Alignment:
    """Each prefix aligned with the expert's steps in order, so that the sum of similarities is largest.

    Steps and expert steps may stay alone. A step's partner is the one that it has in the best alignment of the prefix
    that ends with it, the earliest of equals; where that leaves it alone it matches nothing, so it scores 0. Goes
    down level by level: what is best for a prefix depends on what is best for the one before.
    """
    length = np.diff(experts.start)
    most = int(length.max())
    rows = np.flatnonzero((forests.parent >= 0) & (length > 0)[forests.forest_of])
    rows = rows[np.argsort(forests.topology.depth[rows], kind="stable")]
    said, which = np.unique(forests.forest_of[rows] * len(actions) + spoken[rows], return_inverse=True)
    forest, action = np.divmod(said, len(actions))
    real = np.arange(most) < length[forest][:, None]
    keys = np.repeat(action, length[forest]) * len(experts.steps)
    keys += experts.step[(experts.start[forest][:, None] + np.arange(most))[real]]
    scorer = Scorer(actions, steps=experts.steps, keys=keys, autojunk=autojunk)
    place = np.zeros(real.shape, dtype=np.int64)
    place[real] = scorer.place(keys)
    chosen, paired = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=bool)
    level = np.flatnonzero(np.diff(forests.topology.depth[rows], prepend=0, append=-1))
    index = np.zeros(len(forests.parent), dtype=np.int64)
    above = np.zeros((1, most + 1))
    for low, high in pairwise(level.tolist()):
        here = rows[low:high]
        before = above[index[forests.parent[here]]]
        own = which[low:high]
        gain = np.where(real[own], np.maximum(scorer.ratio[place[own]], 0.0), -np.inf)
        together = before[:, :-1] + gain
        chosen[low:high] = np.argmax(together, axis=1)
        best = together[np.arange(len(here)), chosen[low:high]]
        paired[low:high] = best > before[:, -1]
        above = before.copy()
        np.maximum(above[:, 1:], together, out=above[:, 1:])
        np.maximum.accumulate(above, axis=1, out=above)
        index[here] = np.arange(len(here))
    paired |= np.array([not action for action in actions], dtype=bool)[spoken[rows]]
    return Alignment(rows[paired], chosen[paired], place[which[paired], chosen[paired]], scorer, rows[~paired])
