"""A tree search played again from what the forest records of it: where it went down, what it wrote, what it backed up.

Columns are those of the sampler `mcts`. Nothing is guessed: a record that is not whole, or that the search's own rule
does not give again, is named as what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.core.numerals import whole
from treecore.core.topology import FloatArray, IntArray
from treecore.samplers import SAMPLERS
from treecore.samplers.mcts.rules import upper_bound
from treecore.samplers.mcts.search import Kind

NEEDED = {
    "mcts_simulation": "in which simulation a step was made",
    "mcts_score": "the score of a step",
    "mcts_visits": "how often a score was backed up",
    "mcts_q": "the mean score",
    "mcts_kind": "what a step is to the search",
}
"""Column -> what it says."""
MAX_SIMULATIONS = 2000
CLOSE = 1e-6


@dataclass(frozen=True)
class Tally:
    """Scores backed up through a step: how many, and their sum."""

    visits: int = 0
    total: float = 0.0

    @property
    def mean(self) -> float:
        """Mean score; 0 before the first."""
        return self.total / self.visits if self.visits else 0.0


class Choice(NamedTuple):
    """One step down: from where, the bound of each child, which one was followed."""

    above: int
    bounds: dict[int, float]
    followed: int


@dataclass(frozen=True)
class Simulation:
    """One simulation of the search.

    Attributes:
        number: from 0.
        choices: on the way down, empty where it stayed at the root.
        above: place at which it stopped; made: the place that it wrote there, -1 where `above` itself is over.
        score: that was backed up; path: rows from where it was backed up to the root.
    """

    number: int
    choices: tuple[Choice, ...]
    above: int
    made: int
    score: float
    path: tuple[int, ...]


@dataclass(frozen=True)
class Played:
    """A whole search, or why it cannot be played.

    Attributes:
        simulations: in their order, empty where it cannot.
        lacks: what is missing, a clause; "" where nothing is.
        c: weight of what was rarely tried; form: of the bound.
    """

    simulations: tuple[Simulation, ...] = ()
    lacks: str = ""
    c: float = math.nan
    form: Any = "paper"

    def before(self, one: Simulation) -> dict[int, Tally]:
        """Tallies of every place that was made before a simulation."""
        return self._tallies(one.number)

    def after(self, one: Simulation) -> dict[int, Tally]:
        """Tallies of every place that is made once a simulation is over."""
        return self._tallies(one.number + 1)

    def _tallies(self, n: int) -> dict[int, Tally]:
        """Of the first `n` simulations."""
        rows, scores, ends = self._backed_up
        rows, scores = rows[: ends[n]], scores[: ends[n]]
        visits, total = np.bincount(rows, minlength=1), np.bincount(rows, weights=scores, minlength=1)
        made = {row: Tally(int(visits[row]), float(total[row])) for row in np.flatnonzero(visits).tolist()}
        return {0: Tally(), **made}

    @cached_property
    def _backed_up(self) -> tuple[IntArray, FloatArray, IntArray]:
        """Row and score of each back-up, and how many there were before each simulation."""
        lengths = [len(one.path) for one in self.simulations]
        rows = np.array([row for one in self.simulations for row in one.path], dtype=np.int64)
        return rows, np.repeat([one.score for one in self.simulations], lengths), np.cumsum([0, *lengths])


def is_search(forest: Forest) -> bool:
    """Whether a forest says that a tree search grew it: by a column, or by its sampler."""
    sampler = SAMPLERS.get(str(forest.sampler.get("name")))
    return bool(NEEDED.keys() & forest.columns.keys()) or (sampler is not None and sampler.family == "search")


def play(forest: Forest) -> Played:
    """Play the search again and compare what it leaves with what is recorded."""
    missing = [said for name, said in NEEDED.items() if name not in forest.columns]
    if missing:
        return Played(lacks=f"the forest does not record {', '.join(missing)}")
    asked = forest.sampler.get("parameters")
    asked = asked if isinstance(asked, dict) else {}
    c, form = asked.get("c"), asked.get("form")
    if isinstance(c, bool) or not isinstance(c, int | float) or not math.isfinite(c) or form not in ("paper", "code"):
        return Played(lacks="the forest does not say with which `c` and `form` its sampler weighed visits")
    if (forest.born < 0).any():
        return Played(lacks="the forest does not record in which order its steps were written")
    if forest.n_trees != 1:
        return Played(lacks="the forest holds several trees, and a search grows one")
    visits = forest.columns["mcts_visits"]
    n = visits[0]
    if not 1 <= n <= MAX_SIMULATIONS:
        return Played(lacks=f"a film holds 1 to {whole(MAX_SIMULATIONS)} simulations")
    played = Played(tuple(simulations(forest, int(n), c=float(c), form=form)), "", float(c), form)
    recorded = np.flatnonzero(np.isfinite(visits))
    left = played.after(played.simulations[-1]) if len(played.simulations) == int(n) else {}
    agree = all(
        int(row) in left
        and left[int(row)].visits == visits[row]
        and abs(left[int(row)].mean - forest.columns["mcts_q"][row]) < CLOSE
        for row in recorded
    )
    if not agree:
        return Played(lacks="its visits and scores are not those that its simulations lead to")
    return played


def simulations(forest: Forest, n: int, *, c: float, form: Any) -> Iterator[Simulation]:
    """The search's simulations; they end early where the record does not say how one went on."""
    places = {
        row: place_above(forest, row) for row in np.flatnonzero(forest.columns["mcts_kind"] == Kind.PLACE).tolist()
    }
    made_in: dict[int, int] = {}
    for row in places:
        at = forest.columns["mcts_simulation"][row]
        made_in.setdefault(int(at) if math.isfinite(at) else -1, row)
    tallies = {0: Tally()}
    children: dict[int, list[int]] = {0: []}
    for number in range(n):
        made = made_in.get(number, -1)
        way = descend(children, tallies, c=c, form=form)
        if made >= 0:
            above = places[made]
            choices = tuple(choice for choice in way if choice.above in ancestors(places, above))
            if above not in children or (choices[-1].followed if choices else 0) != above:
                return
        else:
            above, choices = way[-1].followed if way else 0, tuple(way)
        end = made if made >= 0 else above
        score = float(forest.columns["mcts_score"][end])
        if not math.isfinite(score) or end == 0:
            return
        if made >= 0:
            children[above].append(made)
            children[made] = []
            tallies[made] = Tally()
        path = (end, *ancestors(places, end))
        for row in path:
            tallies[row] = Tally(tallies[row].visits + 1, tallies[row].total + score)
        yield Simulation(number, choices, above, made, score, path)


def place_above(forest: Forest, row: int) -> int:
    """The place before a place: the nearest ancestor that the search knows, else the root."""
    above = int(forest.parent[row])
    while above > 0 and forest.columns["mcts_kind"][above] != Kind.PLACE:
        above = int(forest.parent[above])
    return max(above, 0)


def ancestors(places: dict[int, int], row: int) -> list[int]:
    """Places above a place, the nearest first."""
    found = []
    while row in places:
        row = places[row]
        found.append(row)
    return found


def descend(children: dict[int, list[int]], tallies: dict[int, Tally], *, c: float, form: Any) -> list[Choice]:
    """The way down by the largest bound, the oldest among equals, to a place without children."""
    at, way = 0, []
    while children[at]:
        bounds = {
            child: upper_bound(tallies[child].mean, tallies[child].visits, above=tallies[at].visits, c=c, form=form)
            for child in children[at]
        }
        followed = max(bounds, key=lambda child: bounds[child])
        way.append(Choice(at, bounds, followed))
        at = followed
    return way
