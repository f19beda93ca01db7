"""TreeRL, SPO-tree, TreePO, GiGPO and tree-diff by recursion over step objects."""

from __future__ import annotations

import math
from statistics import pstdev, stdev
from typing import NamedTuple

from oracle.nodes import Node, mean, nodes_of
from oracle.outcome import n_tokens, prompts, whitened

from treecore.forests import Forests

NAN = math.nan


def reward_mean(node: Node) -> float:
    return mean([leaf.reward for leaf in node.ends()])


def tree_diff(forests: Forests, margin: float) -> list[float]:
    def score(node: Node) -> float:
        if node.parent is None or not node.ends():
            return NAN
        gain = reward_mean(node) - reward_mean(node.parent) - margin
        return (max(gain, 0.0) + reward_mean(node)) / math.sqrt(len(node.ends()))

    return [score(node) for node in nodes_of(forests)]


def treerl_paper(forests: Forests) -> list[float]:
    overall = [mean([leaf.reward for leaf in group]) for group in prompts(forests)]

    def score(node: Node) -> float:
        if not node.ends():
            return NAN
        before = overall[node.forest] if node.parent is None else reward_mean(node.parent)
        value = reward_mean(node)
        return (value - overall[node.forest] + value - before) / math.sqrt(len(node.ends()))

    return [score(node) for node in nodes_of(forests)]


class TreeRL:
    """One setting of TreeRL's code, for one forest of a batch."""

    def __init__(self, forests: Forests, number: int, *, weight: str, norm: str, selected: set[int]) -> None:
        self.nodes = [node for node in nodes_of(forests) if node.forest == number]
        ends = [node for node in self.nodes if not node.children and node.scored]
        self.selected, self.weight, self.n = selected, weight, len(ends)
        self.leaf = {}
        for leaf in ends:
            others = [other.reward for other in ends if other is not leaf]
            self.leaf[leaf.row] = leaf.reward - mean(others) if others else NAN
        self.shift = 0.0
        if norm != "none":
            each = {
                node.row: 1 if norm == "step" else max(int(forests.n_model_tokens[node.row]), 0) for node in self.nodes
            }
            above = math.fsum(each[n.row] * self.accumulated(n) for n in self.nodes)
            below = sum(each[n.row] * len(n.ends()) for n in self.nodes) + (self.n if norm == "step" else 0)
            self.shift = above / below if below else 0.0
        on_path = len(selected)
        self.root = -self.shift / self.divisor(on_path) if on_path else NAN

    def accumulated(self, node: Node) -> float:
        return math.fsum(self.leaf[leaf.row] for leaf in node.ends())

    def divisor(self, count: int) -> float:
        return {"none": 1.0, "sqrt": math.sqrt(count), "uniform": float(count)}[self.weight]

    def chosen(self, node: Node) -> int:
        return sum(leaf.row in self.selected for leaf in node.ends())

    def state(self, node: Node | None) -> float:
        if node is None:
            return self.root
        if not self.chosen(node):
            return NAN
        n = len(node.ends())
        return (self.accumulated(node) - n * self.shift) / self.divisor(self.chosen(node)) / n

    def local(self, node: Node) -> float:
        """Gain on the node before, or that node's own where there is none."""
        gain = self.state(node) - self.state(node.parent)
        if node.parent is not None and abs(gain) < 1e-8:
            return self.local(node.parent)
        return gain

    def credit(self, node: Node, mode: str) -> float:
        state = self.state(node)
        if math.isnan(state):
            return NAN
        if mode == "value_only":
            return state
        if mode == "mix_allancestor":
            return mean([state - self.state(above) for above in [None, *node.path()[:-1]]])
        return self.local(node) + (state if mode == "state_value" else 0.0)


def child_mean(node: Node) -> float:
    if not node.children:
        return node.reward
    return mean([value for child in node.children if not math.isnan(value := child_mean(child))])


def spo_tree(forests: Forests, normalize: str) -> list[float]:
    def credit(node: Node) -> float:
        if node.parent is None or not node.ends():
            return NAN
        gain = child_mean(node) - child_mean(node.parent)
        spread = pstdev([child_mean(child) for child in node.parent.children if child.ends()])
        return gain / (spread + 1e-8) if normalize == "std" else gain

    return [credit(node) for node in nodes_of(forests)]


def treepo(forests: Forests, estimator: str, whiten: bool) -> dict[int, float]:
    """Advantage of each scored leaf, by row."""
    result = {}
    for group in prompts(forests):
        for leaf in group:
            parts = [(leaf.reward - (reward_mean_of(group) if len(group) > 1 else 0.0), len(group))]
            for above in leaf.path()[:-1]:
                rewards = [other.reward for other in above.ends()]
                dropped = estimator.endswith("drop_zero_std") and len(set(rewards)) == 1
                if len(rewards) > 1 and not dropped:
                    parts.append((leaf.reward - mean(rewards), len(rewards)))
            sizes = [size if estimator.startswith("group_size") else 1 for _, size in parts]
            total = math.fsum(gap * size for (gap, _), size in zip(parts, sizes, strict=True))
            result[leaf.row] = total / sum(sizes)
    if not whiten:
        return result
    every = [leaf for group in prompts(forests) for leaf in group]
    centre, divisor = whitened([result[leaf.row] for leaf in every for _ in range(n_tokens(forests, leaf))])
    return {row: (value - centre) / divisor for row, value in result.items()}


def reward_mean_of(group: list[Node]) -> float:
    return mean([leaf.reward for leaf in group])


class Step(NamedTuple):
    """One row of GiGPO: a step of a trajectory."""

    leaf: Node
    node: Node
    value: float


def normalised(values: list[float], divide: bool, alone: float) -> list[float]:
    if len(values) == 1:
        return [(values[0] - alone) / (1 + 1e-6 if divide else 1)]
    spread = (0.0 if len(set(values)) == 1 else stdev(values)) + 1e-6
    return [(value - mean(values)) / (spread if divide else 1) for value in values]


def gigpo(forests: Forests, gamma: float, mode: str) -> dict[tuple[int, int], tuple[float, float]]:
    """Episode and step advantage of each row, by rows of leaf and node."""
    divide = mode == "mean_std_norm"
    result = {}
    for group in prompts(forests):
        rows = [
            Step(leaf, node, leaf.reward * gamma ** (leaf.depth - node.depth))
            for leaf in group
            for node in leaf.path()[1:]
        ]
        if not rows:
            continue
        episode = normalised([row.leaf.reward for row in rows], divide, 0.0)
        for row, first in zip(rows, episode, strict=True):
            same = [other for other in rows if other.node.parent is row.node.parent]
            values = normalised([other.value for other in same], divide, same[0].value)
            result[row.leaf.row, row.node.row] = (first, values[same.index(row)])
    return result
