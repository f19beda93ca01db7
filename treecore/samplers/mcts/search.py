"""The search itself: one place at a time is written, judged, and its score backed up.

Every option and every rollout is written with `Expand`, so all of it stays in the forest; columns say what was what.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from treecore.samplers.mcts.critics import Critic
from treecore.samplers.mcts.distance import edit_distance
from treecore.samplers.mcts.places import Place
from treecore.samplers.mcts.rules import Form
from treecore.samplers.registry import Expand, Growth, Request

MAX_REPEATS = 10
"""Simulations are at most this many times the number asked for, while terminals are missing (as in the code)."""


class Kind(IntEnum):
    """What a row is to the search, as column `mcts_kind` says it."""

    PLACE = 0
    ROLLOUT = 1
    TOO_ALIKE = 2


@dataclass(frozen=True)
class Settings:
    """The sampler's parameters; see `mcts`."""

    form: Form
    simulations: int
    min_terminals: int
    c: float
    alpha: float
    root_width: int
    width: int
    max_depth: int
    max_split_depth: int
    max_repeats: int
    min_distance: int
    greedy: bool
    rollouts: int
    beta_value: float
    beta_process: float
    beta_outcome: float
    value: Critic | None
    process: Critic | None
    outcome: Critic | None

    @property
    def process_weight(self) -> float:
        """The released script leaves the process critic out."""
        return self.beta_process if self.form == "paper" else 0.0

    def least_width(self, place: Place) -> int:
        """Children that a place may have before its importance is known."""
        if self.form == "code" and place.depth > self.max_split_depth:
            return 1
        return self.root_width if place.above is None else self.width


Rows = Generator[list[Request], list[int], list[int]]
Scored = Generator[list[Request], list[int], float]
Made = Generator[list[Request], list[int], Place]


class Search:
    """One prompt's search.

    Args:
        growth: the forest that grows.
        settings: the sampler's parameters.
    """

    def __init__(self, growth: Growth, settings: Settings) -> None:
        self.growth, self.settings = growth, settings
        self.kind: dict[int, Kind] = {}
        self.distance: dict[int, int] = {}
        self.root: Place | None = None
        self.simulations = self.terminals = 0

    def run(self) -> Generator[list[Request], list[int], None]:
        """Search until the simulations are done and enough trajectories have ended."""
        wanted = self.settings.simulations
        while self.simulations < wanted or self.terminals < self.settings.min_terminals:
            if self.simulations >= MAX_REPEATS * wanted:
                break
            place = yield from self._simulate()
            place.back_up(place.score)
            self.simulations += 1
            self.record()

    def _simulate(self) -> Made:
        """Go down to a place that may have another child, write and judge it; or to one that is over, as it is."""
        if self.root is None:
            return (yield from self._first())
        place = self.root
        while not place.over:
            width = place.widen(alpha=self.settings.alpha, least=self.settings.least_width(place), form=self.form)
            if len(place.children) < width:
                return (yield from self._expand(place))
            place = place.best(c=self.settings.c, form=self.form)
        return place

    @property
    def form(self) -> Form:
        return self.settings.form

    def _first(self) -> Made:
        """The first option of all starts the tree; the paper's importance needs the root's own score too."""
        row = yield from self._written(None, greedy=self.settings.greedy)
        self.root = Place(self._root_above(row))
        child = self._place(self.root, row)
        if self.form == "paper":
            self.root.score = yield from self._judge(self.root)
        child.score = yield from self._judge(child)
        return child

    def _expand(self, above: Place) -> Made:
        row = yield from self._distinct_option(above)
        child = self._place(above, row)
        child.score = yield from self._judge(child)
        return child

    def _written(self, above: Place | None, *, greedy: bool) -> Generator[list[Request], list[int], int]:
        """One more option of a place: the row of its end."""
        depth = 0 if above is None else above.depth
        steps = None if depth >= self.settings.max_depth - 1 else 1
        (row,) = yield [Expand(None if above is None else above.row, steps=steps, greedy=greedy)]
        return row

    def _distinct_option(self, above: Place) -> Generator[list[Request], list[int], int]:
        """Draw options until one is far enough from all siblings or ends the trajectory; keep the farthest."""
        best, farthest = -1, -1.0
        for attempt in range(self.settings.max_repeats):
            greedy = self.settings.greedy and not above.children and attempt == 0
            row = yield from self._written(above, greedy=greedy)
            text = self.growth.nodes[row].text
            gap = min((float(edit_distance(text, child.text)) for child in above.children), default=np.inf)
            gap = gap if text.strip() else -0.5
            self.kind[row] = Kind.TOO_ALIKE
            if np.isfinite(gap) and gap >= 0:
                self.distance[row] = int(gap)
            if gap > farthest:
                best, farthest = row, gap
            if gap >= self.settings.min_distance or not self.growth.nodes[row].open:
                break
        return best

    def _place(self, above: Place, row: int) -> Place:
        over = not self.growth.nodes[row].open
        child = Place(row, above.depth + 1, self.growth.nodes[row].text, above, over, made=self.simulations)
        above.children.append(child)
        self.kind[row] = Kind.PLACE
        self.terminals += over
        return child

    def _judge(self, place: Place) -> Scored:
        """What the critics say of a place: `beta_v v + beta_P PRM + beta_O ORM`."""
        settings, score = self.settings, 0.0
        if settings.value is not None and settings.beta_value:
            score += settings.beta_value * settings.value.judge(self.growth, place.row)
        if settings.process is not None and settings.process_weight:
            score += settings.process_weight * settings.process.judge(self.growth, place.row)
        if settings.outcome is not None and settings.beta_outcome:
            ends = [place.row] if place.over else (yield from self._roll_out(place))
            if ends:
                judged = [settings.outcome.judge(self.growth, row) for row in ends]
                score += settings.beta_outcome * sum(judged) / len(judged)
        return score

    def _roll_out(self, place: Place) -> Rows:
        """Fast rollouts from a place; rows of their ends."""
        before = len(self.growth.parent)
        ends = (yield [Expand(place.row) for _ in range(self.settings.rollouts)]) if self.settings.rollouts else []
        self.kind |= dict.fromkeys(range(before, len(self.growth.parent)), Kind.ROLLOUT)
        return ends

    def _root_above(self, row: int) -> int:
        while self.growth.parent[row] >= 0:
            row = self.growth.parent[row]
        return row

    def record(self) -> None:
        """Write what the search knows into columns of the forest."""
        if self.root is None:
            return
        columns = [node.columns for node in self.growth.nodes]
        for row, kind in self.kind.items():
            columns[row]["mcts_kind"] = kind
        for row, distance in self.distance.items():
            columns[row]["mcts_distance"] = distance
        answer = self.root.answer()
        for place in self.root.everything():
            columns[place.row] |= {
                "mcts_visits": place.visits,
                "mcts_q": place.mean,
                "mcts_score": place.score,
                "mcts_simulation": place.made,
                "mcts_width": 0 if place.over else max(place.width, self.settings.least_width(place)),
                "mcts_answer": float(place in answer),
            }
