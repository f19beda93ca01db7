"""DeepConf's windows, one trajectory at a time."""

from __future__ import annotations

import math
from itertools import pairwise

from oracles.nodes import NAN, Columns, Walk, mean


def deepconf(walk: Walk, window: int, growing: bool) -> Columns:
    """Lowest window that ends in each step, and the scores of each trajectory."""
    tokens = walk.own_tokens("confidence")
    columns: Columns = {name: [NAN] * len(walk.nodes) for name in ("lowest", "least", "tail", "mean")}
    for node in walk.nodes:
        sequence = [value for step in node.path() for value in tokens[step.row]]
        whole = not node.children and len(sequence) < window and not growing
        ends = range(len(sequence) - len(tokens[node.row]) + 1, len(sequence) + 1)
        shown = [last for last in ends if last >= window or growing or (whole and last == len(sequence))]
        scores = [mean(sequence[max(0, last - window) : last]) for last in shown]
        columns["lowest"][node.row] = min(scores, default=NAN)
        if node.children or not sequence:
            continue
        everywhere = range(window, len(sequence) + 1) if not growing else range(1, len(sequence) + 1)
        windows = [mean(sequence[max(0, last - window) : last]) for last in everywhere] or [mean(sequence)]
        columns["least"][node.row] = min(windows)
        columns["tail"][node.row] = mean(sequence[-window:])
        columns["mean"][node.row] = mean(sequence)
    return columns


def deepconf_credit(walk: Walk, window: int) -> Columns:
    """Credit of every step, and the mean entropy of its tokens."""
    lowest = deepconf(walk, window, False)["lowest"]
    entropy: list[float] = []
    for forest in walk.forests:
        assert forest.tokens is not None
        assert forest.tokens.entropy is not None
        start, values = forest.tokens.start.tolist(), forest.tokens.entropy.tolist()
        for first, last in pairwise(start):
            entropy.append(mean([value for value in values[first:last] if not math.isnan(value)]))
    return {"credit": lowest, "lowest_window": lowest, "entropy": entropy}
