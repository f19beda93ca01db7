"""DeepSearch's backups one after another, ReST-MCTS*'s relabelling as a walk, OmegaPRM's labels."""

from __future__ import annotations

import math

import numpy as np
from oracle.monte_carlo import prefix_values
from oracle.nodes import Node, nodes_of

from treecore.forests import Forests
from treecore.outcomes import is_right

NO_WAY = 1024


def right_rows(forests: Forests) -> set[int]:
    return {
        int(row) + int(forests.offset[number])
        for number, forest in enumerate(forests)
        for row in np.flatnonzero(is_right(forest))
    }


def deepsearch_backup(forests: Forests, gamma_min: float) -> tuple[list[float], list[int]]:
    """Values and visits after backing up every scored leaf in order of sampling."""
    nodes = nodes_of(forests)
    right = right_rows(forests)
    value, visits = [0.0] * len(nodes), [0] * len(nodes)
    born = np.concatenate([forest.born for forest in forests])
    for leaf in sorted((node for node in nodes if node.scored), key=lambda node: (node.forest, born[node.row])):
        outcome = 1.0 if leaf.row in right else -1.0
        for node in leaf.path():
            visits[node.row] += 1
            gain = max((node.depth + 1) / (leaf.depth + 1), gamma_min) * outcome
            now = value[node.row]
            if now * outcome >= 0:
                value[node.row] = now + gain
            elif outcome > 0:
                value[node.row] = gain
    return value, visits


def deepsearch(forests: Forests, gamma_min: float, norm: str, epsilon: float) -> list[float]:
    """Credit of every step."""
    value, visits = deepsearch_backup(forests, gamma_min)
    nodes = nodes_of(forests)

    def credit(node: Node) -> float:
        if node.parent is None or not visits[node.row]:
            return math.nan
        ends = [value[other.row] for other in nodes if other.scored and other.forest == node.forest]
        centre, spread = (0.0, 1.0) if len(ends) == 1 else (float(np.mean(ends)), float(np.std(ends)))
        own = value[node.row] if node.scored else math.tanh(value[node.row])
        return (own - centre) / (spread + epsilon if norm == "std" else 1.0)

    return [credit(node) for node in nodes]


def rest_mcts(forests: Forests) -> tuple[list[float], list[float]]:
    """Quality of every node and its distance, NaN where the released code skips it."""
    nodes = nodes_of(forests)
    right = right_rows(forests)
    steps, hard = [NO_WAY] * len(nodes), [False] * len(nodes)

    def mark(node: Node) -> None:
        for child in node.children:
            mark(child)
        if node.row in right:
            steps[node.row], hard[node.row] = 1, True
        elif any(hard[child.row] for child in node.children):
            steps[node.row], hard[node.row] = min(steps[child.row] for child in node.children) + 1, True

    def copy_down(leaf: Node) -> None:
        path = leaf.path()
        known = [place for place, node in enumerate(path) if steps[node.row] < NO_WAY]
        if known:
            for node in path[known[-1] + 1 :]:
                steps[node.row] = steps[path[known[-1]].row]

    for node in nodes:
        if node.parent is None:
            mark(node)
    for node in nodes:
        if node.scored and node.row not in right:
            copy_down(node)
    quality = [math.nan] * len(nodes)
    for node in nodes:
        if node.parent is None:
            quality[node.row] = 0.0
        elif steps[node.row] < NO_WAY:
            before = quality[node.parent.row]
            gain = (1 - before) * (1 if hard[node.row] else -1) / steps[node.row]
            quality[node.row] = max(0.0, before + gain)
    return quality, [math.nan if count == NO_WAY else float(count) for count in steps]


def omegaprm(forests: Forests, source: str, *, alpha: float, beta: float, length: float) -> dict[str, list[float]]:
    """Label, first error and priority of every node."""
    mc = prefix_values(forests, source)
    texts = [text for forest in forests for text in forest.text]
    right = right_rows(forests)
    columns: dict[str, list[float]] = {"mc": mc, "first_error": [], "priority": []}
    for node in nodes_of(forests):
        above = node.path()[:-1]
        lost = mc[node.row] == 0 and not any(mc[step.row] == 0 for step in above)
        columns["first_error"].append(math.nan if math.isnan(mc[node.row]) else float(lost))
        words = [
            sum(len(texts[step.row].split()) for step in leaf.path()[node.depth + 1 :])
            for leaf in node.ends()
            if leaf.row not in right
        ]
        pooled = bool(words) and 0 < mc[node.row] < 1
        priority = alpha ** (1 - mc[node.row]) * beta ** (min(words) / length) if pooled else math.nan
        columns["priority"].append(priority)
    return columns
