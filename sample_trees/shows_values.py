"""What makes a forest whose sampler recorded values a good sample; see `shows`."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from shows import Shown, named

from treecore.core.forest import Forest

MAX_LEAVES = 26


def valued(forest: Forest, row: int) -> str:
    """`0.88 (0.53 to 0.98)`."""
    value, low, high = (forest.columns[name][row] for name in ("mc_value", "mc_low", "mc_high"))
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def frontier(forest: Forest) -> Shown | None:
    """A demonstration whose frontier is not its last step; the larger the rise of the value there, the better."""
    start, value = forest.columns["start"], forest.columns["mc_value"]
    states = [int(row) for row in np.argsort(start) if np.isfinite(start[row])]
    row = int(np.argmax(forest.columns["frontier"] == 1))
    if row not in states[1:-1]:
        return None
    before = states[states.index(row) - 1]
    words = {
        "steps": str(len(states) - 1),
        "n": str(forest.sampler["parameters"]["n"]),
        "step": named(forest, row),
        "before": valued(forest, before),
        "after": valued(forest, row),
    }
    return Shown(float(value[row] - value[before]), words)


def fall(forest: Forest) -> Shown | None:
    """An answer whose value falls at one step so that the intervals part, and does not change so anywhere else."""
    value, low, high = (forest.columns[name] for name in ("mc_value", "mc_low", "mc_high"))
    rows = np.flatnonzero(np.isfinite(value))
    falls = [(a, b) for a, b in pairwise(rows) if high[b] < low[a]]
    rises = [(a, b) for a, b in pairwise(rows) if low[b] > high[a]]
    if len(falls) != 1 or rises or falls[0][0] == rows[0] or len(forest.leaves) > MAX_LEAVES:
        return None
    before, after = map(int, falls[0])
    words = {
        "k": str(forest.sampler["parameters"]["k"]),
        "steps": str(len(rows) - 1),
        "step": named(forest, after),
        "values": ", ".join(f"{named(forest, int(row))} {valued(forest, int(row))}" for row in rows),
    }
    return Shown(float(value[before] - value[after]), words)


def drawn_by_search(forest: Forest) -> Shown | None:
    """A search that went back to one first step most of the time; few leaves, so that all can be seen."""
    visits, mean, kind = (forest.columns[name] for name in ("mcts_visits", "mcts_q", "mcts_kind"))
    first = [int(row) for row in forest.topology.children(0) if np.isfinite(visits[row])]
    order = sorted(first, key=lambda row: -visits[row])
    left_out = int((kind == 2).sum())
    if len(first) < 3 or mean[order[0]] < 0.8 or len(forest.leaves) > MAX_LEAVES or not left_out:
        return None
    beneath = forest.topology.leaves_under(order[0])
    words = {
        "step": named(forest, order[0]),
        "visits": f"{visits[order[0]]:.0f}",
        "q": f"{mean[order[0]]:.2f}",
        "others": ", ".join(f"{visits[row]:.0f}" for row in order[1:]),
        "beneath": str(len(beneath)),
        "left_out": str(left_out),
        "mean": f"{np.nanmean(forest.reward[forest.leaves]):.2f}",
    }
    return Shown(float(visits[order[0]] / visits[first].sum()), words)
