"""DeepConf's windows, one trajectory at a time."""

from __future__ import annotations

import math

import numpy as np
from oracle.nodes import mean, nodes_of

from treecore.forests import Forests


def step_tokens(forests: Forests) -> list[list[float]]:
    """Known confidences of the model's own tokens in each step."""
    found = []
    for forest in forests:
        table = forest.tokens
        for node in range(len(forest)):
            rows = range(int(table.start[node]), int(table.start[node + 1]))
            known = [float(table.confidence[row]) for row in rows if table.part[row] != 0]
            found.append([value for value in known if not math.isnan(value)])
    return found


def deepconf(forests: Forests, window: int, growing: bool) -> dict[str, list[float]]:
    """Lowest window that ends in each step, and the scores of each trajectory."""
    nodes, tokens = nodes_of(forests), step_tokens(forests)
    columns: dict[str, list[float]] = {name: [math.nan] * len(nodes) for name in ("lowest", "least", "tail", "mean")}
    for node in nodes:
        for leaf in node.leaves():
            path = leaf.path()
            sequence = [value for step in path for value in tokens[step.row]]
            end = sum(len(tokens[step.row]) for step in path[: node.depth + 1])
            ends = range(end - len(tokens[node.row]) + 1, end + 1)
            if len(sequence) < window and not growing:
                scores = [mean(sequence) for last in ends if last == len(sequence) and node is leaf]
            else:
                scores = [mean(sequence[max(0, last - window) : last]) for last in ends if last >= window or growing]
            columns["lowest"][node.row] = min(scores, default=math.nan)
            if scores:
                break
    for leaf in (node for node in nodes if not node.children):
        sequence = [value for step in leaf.path() for value in tokens[step.row]]
        if not sequence:
            continue
        ends = range(window, len(sequence) + 1) if not growing else range(1, len(sequence) + 1)
        windows = [mean(sequence[max(0, last - window) : last]) for last in ends] or [mean(sequence)]
        columns["least"][leaf.row] = min(windows)
        columns["tail"][leaf.row] = mean(sequence[-window:])
        columns["mean"][leaf.row] = float(np.mean(sequence))
    return columns
