"""VinePPO and SPO-chain, trajectory by trajectory, averaged over the trajectories through a step."""

from __future__ import annotations

import math

from oracles.nodes import NAN, Node, Walk, mean, reward_mean


def prefix_values(walk: Walk, source: str) -> list[float]:
    """Value after each step, NaN where unknown."""
    if source == "tree":
        return [reward_mean(node) for node in walk.nodes]
    sampled = walk.column("mc_value")
    return [node.reward if node.scored else sampled[node.row] for node in walk.nodes]


def vineppo(walk: Walk, source: str) -> list[float]:
    """Credit of every step."""
    value = prefix_values(walk, source)

    def after(node: Node, leaf: Node) -> float:
        """Value after `node` on the way to `leaf`, filled in backwards: the nearest one that is known."""
        nearest, step = NAN, leaf
        while True:
            nearest = nearest if math.isnan(value[step.row]) else value[step.row]
            if step is node:
                return nearest
            assert step.parent is not None
            step = step.parent

    def credit(node: Node) -> float:
        if node.parent is None:
            return NAN
        if not node.ends():
            here, before = value[node.row], value[node.parent.row]
            return here - before if not math.isnan(before) else here - here
        if math.isnan(value[node.parent.row]):
            return 0.0
        return mean([after(node, leaf) - after(node.parent, leaf) for leaf in node.ends()])

    return [credit(node) for node in walk.nodes]


def spo_segments(walk: Walk, source: str) -> list[float]:
    """Advantage of the segment that each step belongs to."""
    value = prefix_values(walk, source)

    def one(node: Node, leaf: Node) -> float:
        path = [step for step in leaf.path() if step is node or not math.isnan(value[step.row])]
        place = path.index(node)
        if not place:
            return 0.0
        ahead = node if not math.isnan(value[node.row]) else path[place + 1]
        return value[ahead.row] - value[path[place - 1].row]

    def advantage(node: Node) -> float:
        if node.parent is None or (not node.ends() and math.isnan(value[node.row])):
            return NAN
        return mean([one(node, leaf) for leaf in node.ends() or [node]])

    return [advantage(node) for node in walk.nodes]


def spo_chain(walk: Walk, source: str, threshold: float) -> list[float]:
    """Credit of every step: its segment's advantage on the tokens where the model hesitated."""
    hesitant = [[math.exp(logprob) <= threshold for logprob in own] for own in walk.own_tokens("logprob")]
    advantages = spo_segments(walk, source)
    return [gain * mean(unsure) if unsure else NAN for gain, unsure in zip(advantages, hesitant, strict=True)]
