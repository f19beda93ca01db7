"""DeepSearch's backups one after another, ReST-MCTS*'s relabelling as a walk, OmegaPRM's labels."""

from __future__ import annotations

import math

from oracles.monte_carlo import prefix_values
from oracles.nodes import NAN, Columns, Node, Walk, mean, spread

NO_WAY = 1024


def deepsearch_backup(walk: Walk, gamma_min: float) -> tuple[list[float], list[int]]:
    """Values and visits after backing up every scored leaf in order of sampling."""
    value, visits = [0.0] * len(walk.nodes), [0] * len(walk.nodes)
    for leaf in sorted((n for n in walk.nodes if n.scored), key=lambda node: (node.forest, walk.born[node.row])):
        outcome, path = 1.0 if leaf.row in walk.right else -1.0, leaf.path()
        for depth, node in enumerate(path):
            visits[node.row] += 1
            gain = max((depth + 1) / len(path), gamma_min) * outcome
            now = value[node.row]
            if now * outcome >= 0:
                value[node.row] = now + gain
            elif outcome > 0:
                value[node.row] = gain
    return value, visits


def deepsearch(walk: Walk, gamma_min: float, norm: str, epsilon: float, exploration: float = 2.0) -> Columns:
    """Credit of every step and what it is made of."""
    value, visits = deepsearch_backup(walk, gamma_min)
    ends = [[value[node.row] for node in group if node.scored] for group in walk.by_forest]
    centre = [NAN if not values else 0.0 if len(values) == 1 else mean(values) for values in ends]
    divisor = [1.0 if norm == "none" else (1.0 if len(v) == 1 else spread(v, ddof=0)) + epsilon for v in ends]

    def squeezed(node: Node) -> float:
        if not visits[node.row]:
            return NAN
        return value[node.row] if node.scored else math.tanh(value[node.row])

    def bound(node: Node) -> float:
        n = visits[node.row]
        if not n or node.parent is None:
            return NAN if not n else 0.0
        return value[node.row] / n + exploration * math.sqrt(math.log(visits[node.parent.row]) / n)

    def credit(node: Node) -> float:
        if node.parent is None:
            return NAN
        return (squeezed(node) - centre[node.forest]) / divisor[node.forest]

    nodes = walk.nodes
    return {
        "credit": [credit(node) for node in nodes],
        "token_value": [squeezed(node) for node in nodes],
        "search_value": [value[node.row] if visits[node.row] else NAN for node in nodes],
        "mean_value": [value[node.row] / visits[node.row] if visits[node.row] else NAN for node in nodes],
        "uct": [bound(node) for node in nodes],
        "baseline": [centre[node.forest] for node in nodes],
    }


def rest_mcts(walk: Walk) -> tuple[list[float], list[float]]:
    """Quality of every node and its distance, NaN where the released code skips it."""
    nodes, right = walk.nodes, walk.right
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
    quality = [NAN] * len(nodes)
    for node in nodes:
        if node.parent is None:
            quality[node.row] = 0.0
        elif steps[node.row] < NO_WAY:
            before = quality[node.parent.row]
            gain = (1 - before) * (1 if hard[node.row] else -1) / steps[node.row]
            quality[node.row] = max(0.0, before + gain)
    return quality, [NAN if count == NO_WAY else float(count) for count in steps]


def rest_mcts_credit(walk: Walk) -> Columns:
    """Credit of every step, what it adds to the quality, and what that is made of."""
    quality, distance = rest_mcts(walk)
    hard = [bool(walk.right.intersection(leaf.row for leaf in node.leaves())) for node in walk.nodes]

    def before(node: Node) -> float:
        return NAN if node.parent is None or math.isnan(distance[node.row]) else quality[node.parent.row]

    sign = [NAN if math.isnan(distance[node.row]) else 1.0 if hard[node.row] else -1.0 for node in walk.nodes]
    return {
        "credit": [quality[node.row] - before(node) for node in walk.nodes],
        "quality": quality,
        "step_reward": [(1 - before(node)) / distance[node.row] * sign[node.row] for node in walk.nodes],
        "steps_to_right": distance,
        "sign": sign,
    }


def omegaprm(walk: Walk, source: str, *, alpha: float, beta: float, length: float) -> Columns:
    """Value, first error and priority of every node."""
    mc = prefix_values(walk, source)
    words = [len(text.split()) for text in walk.texts]
    columns: Columns = {"mc": mc, "first_error": [], "priority": []}
    for node in walk.nodes:
        path = node.path()
        lost = len(path) > 1 and mc[node.row] == 0 and not any(mc[step.row] == 0 for step in path[1:-1])
        columns["first_error"].append(NAN if math.isnan(mc[node.row]) else float(lost))
        ahead = [
            sum(words[step.row] for step in leaf.path()[len(path) :])
            for leaf in node.ends()
            if leaf.row not in walk.right
        ]
        pooled = bool(ahead) and 0 < mc[node.row] < 1
        columns["priority"].append(alpha ** (1 - mc[node.row]) * beta ** (min(ahead) / length) if pooled else NAN)
    return columns


def omegaprm_credit(walk: Walk) -> list[float]:
    """Soft labels as credit; nothing at roots, which nobody chose."""
    mc = omegaprm(walk, "tree", alpha=0.5, beta=0.9, length=500.0)["mc"]
    return [NAN if node.parent is None else 2 * mc[node.row] - 1 for node in walk.nodes]
