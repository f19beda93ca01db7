"""VinePPO and SPO-chain, trajectory by trajectory, averaged over the trajectories through a step."""

from __future__ import annotations

import math

from oracle.nodes import Node, mean, nodes_of

from treecore.forests import Forests


def prefix_values(forests: Forests, source: str) -> list[float]:
    """Value after each step, NaN where unknown."""
    nodes = nodes_of(forests)
    if source == "tree":
        return [mean([leaf.reward for leaf in node.ends()]) for node in nodes]
    recorded = forests.column("mc_value")
    return [node.reward if node.scored else float(recorded[node.row]) for node in nodes]


def vineppo(forests: Forests, source: str) -> list[float]:
    """Credit of every step."""
    value = prefix_values(forests, source)

    def after(node: Node, leaf: Node) -> float:
        """Value after `node` on the way to `leaf`, filled in backwards."""
        path = leaf.path()
        ahead = path[path.index(node) :]
        return next((value[step.row] for step in ahead if not math.isnan(value[step.row])), math.nan)

    def credit(node: Node) -> float:
        if node.parent is None:
            return math.nan
        if not node.ends():
            here, before = value[node.row], value[node.parent.row]
            return here - before if not math.isnan(before) else here - here
        if math.isnan(value[node.parent.row]):
            return 0.0
        return mean([after(node, leaf) - after(node.parent, leaf) for leaf in node.ends()])

    return [credit(node) for node in nodes_of(forests)]


def spo_segments(forests: Forests, source: str) -> list[float]:
    """Advantage of the segment that each step belongs to."""
    value = prefix_values(forests, source)

    def one(node: Node, leaf: Node) -> float:
        path = leaf.path()
        place = path.index(node)
        known = [step for step in path if not math.isnan(value[step.row])]
        ahead = next(step for step in known if path.index(step) >= place)
        behind = [step for step in known if path.index(step) < place]
        return value[ahead.row] - value[behind[-1].row] if behind else 0.0

    def advantage(node: Node) -> float:
        if node.parent is None or (not node.ends() and math.isnan(value[node.row])):
            return math.nan
        return mean([one(node, leaf) for leaf in node.ends() or [node]])

    return [advantage(node) for node in nodes_of(forests)]
