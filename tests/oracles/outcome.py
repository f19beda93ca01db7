"""Outcome baselines, Tree-GRPO and REINFORCE++, trajectory by trajectory and token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence

from oracles.nodes import NAN, Node, Walk, mean, spread

EPSILON = 1e-6
ByLeaf = dict[int, float]


def n_tokens(leaf: Node) -> int:
    """The model's own tokens of a trajectory."""
    return sum(step.tokens for step in leaf.path())


def normalised(values: Sequence[float], ddof: int = 1) -> list[float]:
    """GRPO's: minus mean, over standard deviation; one alone keeps its raw value."""
    centre, divisor = (0.0, 1.0) if len(values) == 1 else (mean(values), spread(values, ddof=ddof))
    return [(value - centre) / (divisor + EPSILON) for value in values]


def best_of_two(rewards: Sequence[float]) -> list[float]:
    """The lead of the first best one over the second, nothing for the others."""
    if len(rewards) < 2:
        return [NAN] * len(rewards)
    first, second = sorted(rewards, reverse=True)[:2]
    lead, winner = (first - second) / (spread(rewards) + EPSILON), rewards.index(first)
    return [lead if i == winner else 0.0 for i in range(len(rewards))]


def judged(group: Sequence[Node], method: str) -> list[float]:
    """Advantages of the trajectories of one prompt."""
    rewards = [leaf.reward for leaf in group]
    n, total = len(group), math.fsum(rewards)
    if method == "max_rl":
        return [(reward - total / n) / (total / n) if total / n > 1e-13 else 0.0 for reward in rewards]
    if method == "grpo":
        return normalised(rewards)
    if method == "grpo_passk":
        return best_of_two(rewards)
    if n == 1:
        return [0.0] if method == "rloo_zero" else rewards
    if method == "dr_grpo":
        return [reward - total / n for reward in rewards]
    if method.startswith("rloo"):
        return [reward - (total - reward) / (n - 1) for reward in rewards]
    lengths = [n_tokens(leaf) for leaf in group]
    weighted = math.fsum(length * reward for length, reward in zip(lengths, rewards, strict=True))
    return [reward - weighted / sum(lengths) if sum(lengths) else NAN for reward in rewards]


def flat(walk: Walk, method: str) -> ByLeaf:
    """Advantage of each scored leaf, by row."""
    found = {}
    for group in walk.prompts():
        for leaf, advantage in zip(group, judged(group, method), strict=True):
            found[leaf.row] = advantage
    return found


def gpg(walk: Walk) -> ByLeaf:
    """Advantage of each scored leaf, by row."""
    groups = walk.prompts()
    rewards = [leaf.reward for group in groups for leaf in group]
    factor = len(rewards) / max(sum(reward != 0 for reward in rewards), 1)
    return {row: factor * advantage for row, advantage in flat(walk, "dr_grpo").items()}


def grpo(walk: Walk, ddof: int) -> ByLeaf:
    """Advantage of each scored leaf, by row."""
    found: ByLeaf = {}
    for group in walk.prompts():
        rows = [leaf.row for leaf in group]
        found.update(zip(rows, normalised([leaf.reward for leaf in group], ddof) if rows else [], strict=True))
    return found


def tree_grpo(walk: Walk, variant: str, ddof: int = 1) -> ByLeaf:
    """Advantage of each scored leaf, by row."""
    reward = {leaf.row: leaf.reward for group in walk.prompts() for leaf in group}
    inter = grpo(walk, ddof)
    base = inter if variant == "two_norm" else reward
    intra: ByLeaf = {}
    for root in (node for node in walk.nodes if node.parent is None):
        rows = [leaf.row for leaf in root.ends()]
        intra.update(zip(rows, normalised([base[row] for row in rows], ddof) if rows else [], strict=True))
    both = {row: inter[row] + intra[row] for row in inter}
    return {"sum": both, "intra": intra, "inter": inter, "two_norm": intra}[variant]


def whitened(values: Sequence[float]) -> tuple[float, float]:
    """Mean and divisor of masked whitening, NaN below two values; equal ones are no signal."""
    n = len(values)
    if n < 2:
        return NAN, NAN
    if len(set(values)) == 1:
        return values[0], 1e-4
    centre = math.fsum(values) / (n + 1e-8)
    variance = math.fsum((value - centre) ** 2 for value in values) / (n + 1e-8) * n / (n - 1)
    return centre, math.sqrt(variance + 1e-8)


def discounted(reward: float, n: int, gamma: float) -> list[float]:
    """The reward at the last of `n` tokens, seen from each of them."""
    return [reward * gamma**ahead for ahead in range(n - 1, -1, -1)]


def reinforce(walk: Walk, gamma: float, *, baseline: bool) -> tuple[dict[int, list[float]], list[list[float]]]:
    """Signal of every token of each trajectory, by leaf row; and, by node, the mean over own tokens of each one."""
    base = flat(walk, "dr_grpo")
    tokens: dict[int, list[float]] = {}
    by_node: list[list[float]] = [[] for _ in walk.nodes]
    for leaf in (leaf for group in walk.prompts() for leaf in group):
        reward, path = base[leaf.row] if baseline else leaf.reward, leaf.path()
        returns = tokens[leaf.row] = discounted(reward, sum(step.tokens for step in path), gamma)
        start = 0
        for step in path:
            here = returns[start : start + step.tokens] or [reward * gamma ** (len(returns) - start)]
            by_node[step.row].append(mean(here))
            start += step.tokens
    centre, divisor = whitened([value for values in tokens.values() for value in values])
    return (
        {row: [(value - centre) / divisor for value in values] for row, values in tokens.items()},
        [[(value - centre) / divisor for value in values] for values in by_node],
    )


def mean_of_tokens(walk: Walk, *, baseline: bool) -> list[float]:
    """REINFORCE++'s credit of every step without discount."""
    _, by_node = reinforce(walk, 1.0, baseline=baseline)
    return [mean(values) for values in by_node]
