"""Outcome baselines and REINFORCE++, trajectory by trajectory and token by token."""

from __future__ import annotations

import math
from statistics import stdev

from oracle.nodes import Node, mean, nodes_of

from treecore.forests import Forests

EPSILON = 1e-6


def prompts(forests: Forests) -> list[list[Node]]:
    """Scored leaves of each forest."""
    nodes = nodes_of(forests)
    return [
        [node for node in nodes if node.forest == f and not node.children and node.scored] for f in range(len(forests))
    ]


def n_tokens(forests: Forests, leaf: Node) -> int:
    return sum(max(int(forests.n_model_tokens[node.row]), 0) for node in leaf.path())


def flat(forests: Forests, method: str) -> dict[int, float]:
    """Advantage of each scored leaf, by row."""
    result = {}
    for group in prompts(forests):
        rewards = [leaf.reward for leaf in group]
        n = len(group)
        equal = len(set(rewards)) == 1
        for i, leaf in enumerate(group):
            others = rewards[:i] + rewards[i + 1 :]
            if method == "grpo_passk":
                first, second = sorted(rewards, reverse=True)[:2] if n > 1 else (math.nan, math.nan)
                wins = n > 1 and i == rewards.index(first)
                lead = (first - second) / ((0 if equal else stdev(rewards)) + EPSILON) if n > 1 else math.nan
                result[leaf.row] = lead * wins if n > 1 else math.nan
            elif n == 1:
                result[leaf.row] = 0.0 if method == "rloo_zero" else leaf.reward
            elif method == "dr_grpo":
                result[leaf.row] = leaf.reward - mean(rewards)
            elif method.startswith("rloo"):
                result[leaf.row] = leaf.reward - mean(others)
            elif method == "opo":
                lengths = [n_tokens(forests, other) for other in group]
                total = sum(lengths)
                weighted = math.fsum(length * r for length, r in zip(lengths, rewards, strict=True))
                result[leaf.row] = leaf.reward - weighted / total if total else math.nan
    return result


def whitened(values: list[float]) -> tuple[float, float]:
    """Mean and divisor of masked whitening, NaN below two values."""
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    centre = math.fsum(values) / (n + 1e-8)
    variance = math.fsum((value - centre) ** 2 for value in values) / (n + 1e-8) * n / (n - 1)
    return centre, math.sqrt(variance + 1e-8)


def reinforce(forests: Forests, gamma: float, *, baseline: bool) -> tuple[dict[int, list[float]], list[list[float]]]:
    """Signal of every token of each trajectory, by leaf row; and, by node, the mean over own tokens of each one."""
    base = flat(forests, "dr_grpo")
    tokens, by_node = {}, [[] for _ in forests.parent]
    for group in prompts(forests):
        for leaf in group:
            reward = base[leaf.row] if baseline else leaf.reward
            returns: list[float] = []
            for _ in range(n_tokens(forests, leaf)):
                returns.insert(0, reward if not returns else gamma * returns[0])
            tokens[leaf.row] = returns
            start = 0
            for node in leaf.path():
                own = max(int(forests.n_model_tokens[node.row]), 0)
                ahead = len(returns) - start
                here = returns[start : start + own] or [reward * gamma**ahead]
                by_node[node.row].append(mean(here))
                start += own
    centre, divisor = whitened([value for values in tokens.values() for value in values])
    return (
        {row: [(value - centre) / divisor for value in values] for row, values in tokens.items()},
        [[(value - centre) / divisor for value in values] for values in by_node],
    )
