"""Sibling comparison, tree-diff, TreeRL, SPO-tree, TreePO and GiGPO by recursion over step objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from oracles.nodes import NAN, Node, Walk, mean, reward_mean, spread
from oracles.outcome import ByLeaf, n_tokens, whitened

SAME = 1e-8
Both = tuple[float, float]


def sibling(walk: Walk, below_single: str) -> list[float]:
    """Credit of every step."""

    def known(node: Node) -> list[float]:
        return [reward_mean(child) for child in node.children if child.ends()]

    def credit(node: Node) -> float:
        if node.parent is None or not node.ends():
            return NAN
        values = known(node.parent)
        if len(values) < 2 or (
            below_single == "stop" and any(len(known(above)) < 2 for above in node.parent.path()[:-1])
        ):
            return NAN
        return 0.0 if min(values) == max(values) else reward_mean(node) - mean(values)

    return [credit(node) for node in walk.nodes]


def tree_diff(walk: Walk, margin: float) -> list[float]:
    """Credit of every step."""

    def credit(node: Node) -> float:
        if node.row in walk.empty or not node.ends():
            return NAN
        gain = reward_mean(node) - reward_mean(node.parent or node) - margin
        return (max(gain, 0.0) + reward_mean(node)) / math.sqrt(len(node.ends()))

    return [credit(node) for node in walk.nodes]


def treerl_paper(walk: Walk) -> list[float]:
    """Credit of every step."""
    overall = [mean([leaf.reward for leaf in group]) for group in walk.prompts()]

    def credit(node: Node) -> float:
        if node.parent is None or not node.ends():
            return NAN
        value = reward_mean(node)
        gains = value - overall[node.forest] + value - reward_mean(node.parent)
        return gains / math.sqrt(len(node.ends()))

    return [credit(node) for node in walk.nodes]


class TreeRL:
    """One setting of TreeRL's code, for the steps of one forest; `selected` are rows of leaves."""

    def __init__(self, nodes: Sequence[Node], *, weight: str, norm: str, selected: set[int]) -> None:
        self.nodes, self.selected, self.weight = nodes, selected, weight
        ends = [node for node in nodes if not node.children and node.scored]
        self.n, total = len(ends), math.fsum(leaf.reward for leaf in ends)
        others = self.n - 1
        self.leaf = {leaf.row: leaf.reward - (total - leaf.reward) / others if others else NAN for leaf in ends}
        self.shift = 0.0
        if norm != "none":
            each = {node.row: 1 if norm == "step" else node.tokens for node in nodes}
            above = math.fsum(each[n.row] * self.accumulated(n) for n in nodes)
            below = sum(each[n.row] * len(n.ends()) for n in nodes)
            self.shift = above / below if below else 0.0

    def accumulated(self, node: Node) -> float:
        """Sum over the leaves beneath; 0 at the prompt."""
        if node.parent is None:
            return 0.0 if self.n > 1 else NAN
        return math.fsum(self.leaf[leaf.row] for leaf in node.ends())

    def divisor(self, count: int) -> float:
        """What a value is divided by."""
        return {"none": 1.0, "sqrt": math.sqrt(count), "uniform": float(count)}[self.weight]

    def state(self, node: Node) -> float:
        """State value."""
        chosen = sum(leaf.row in self.selected for leaf in node.ends())
        if not chosen:
            return NAN
        n = len(node.ends())
        return (self.accumulated(node) - n * self.shift) / self.divisor(chosen) / n

    def local(self, node: Node) -> float:
        """Gain on the node before, or that node's own where there is none; of a first step always its gain."""
        assert node.parent is not None
        gain = self.state(node) - self.state(node.parent)
        return self.local(node.parent) if node.parent.parent is not None and abs(gain) < SAME else gain

    def credit(self, node: Node, mode: str) -> float:
        """Credit of one step."""
        state = self.state(node)
        if math.isnan(state) or node.parent is None:
            return NAN
        if mode == "value_only":
            return state
        if mode == "mix_allancestor":
            return mean([state - self.state(above) for above in node.path()[:-1]])
        return self.local(node) + (state if mode == "state_value" else 0.0)


def treerl(walk: Walk) -> list[float]:
    """Credit of every step, as the released scripts set it."""
    found = []
    for nodes in walk.by_forest:
        every = {node.row for node in nodes if not node.children and node.scored}
        one = TreeRL(nodes, weight="sqrt", norm="none", selected=every)
        found += [one.credit(node, "state_value") for node in nodes]
    return found


def child_mean(node: Node) -> float:
    """Mean over children, each as its own children say."""
    if not node.children:
        return node.reward
    return mean([value for child in node.children if not math.isnan(value := child_mean(child))])


def spo_tree(walk: Walk, normalize: str) -> list[float]:
    """Credit of every step."""

    def credit(node: Node) -> float:
        if node.parent is None or not node.ends():
            return NAN
        gain = child_mean(node) - child_mean(node.parent)
        if normalize == "none":
            return gain
        return gain / (spread([child_mean(child) for child in node.parent.children if child.ends()], ddof=0) + 1e-8)

    return [credit(node) for node in walk.nodes]


class Group(NamedTuple):
    """Leaves beneath a node: how many, their mean reward, whether rewards differ."""

    size: int
    mean: float
    mixed: bool


def group_of(leaves: Sequence[Node]) -> Group:
    """Statistics of some leaves."""
    rewards = [leaf.reward for leaf in leaves]
    return Group(len(rewards), mean(rewards), len(set(rewards)) > 1)


def treepo(walk: Walk, estimator: str, whiten: bool) -> ByLeaf:
    """Advantage of each scored leaf, by row."""
    beneath = {node.row: group_of(node.ends()) for node in walk.nodes if node.children}
    found = {}
    for leaves in walk.prompts():
        whole = group_of(leaves)
        for leaf in leaves:
            parts = [(leaf.reward - (whole.mean if whole.size > 1 else 0.0), whole.size)]
            for above in leaf.path()[1:-1]:
                group = beneath[above.row]
                dropped = estimator.endswith("drop_zero_std") and not group.mixed
                if group.size > 1 and not dropped:
                    parts.append((leaf.reward - group.mean, group.size))
            sizes = [size if estimator.startswith("group_size") else 1 for _, size in parts]
            total = math.fsum(gap * size for (gap, _), size in zip(parts, sizes, strict=True))
            found[leaf.row] = total / sum(sizes)
    if not whiten:
        return found
    every = [leaf for leaves in walk.prompts() for leaf in leaves]
    centre, divisor = whitened([found[leaf.row] for leaf in every for _ in range(n_tokens(leaf))])
    return {row: (value - centre) / divisor for row, value in found.items()}


class Row(NamedTuple):
    """A step of a trajectory."""

    leaf: Node
    node: Node
    value: float


def compared(values: Sequence[float], divide: bool, alone: float) -> list[float]:
    """Minus mean, over standard deviation if asked."""
    if len(values) == 1:
        return [(values[0] - alone) / (1 + 1e-6 if divide else 1)]
    centre, divisor = mean(values), spread(values) + 1e-6 if divide else 1.0
    return [(value - centre) / divisor for value in values]


def gigpo(walk: Walk, gamma: float, mode: str) -> dict[tuple[int, int], Both]:
    """Episode and step advantage of each row, by rows of leaf and node."""
    divide = mode == "mean_std_norm"
    found = {}
    for leaves in walk.prompts():
        rows = [
            Row(leaf, node, leaf.reward * gamma ** (len(path) - place))
            for leaf in leaves
            for path in [leaf.path()[1:]]
            for place, node in enumerate(path, 1)
        ]
        episodes = compared([row.leaf.reward for row in rows], divide, 0.0) if rows else []
        same: dict[Node, list[int]] = {}
        for number, row in enumerate(rows):
            assert row.node.parent is not None
            same.setdefault(row.node.parent, []).append(number)
        for numbers in same.values():
            values = [rows[number].value for number in numbers]
            for number, step in zip(numbers, compared(values, divide, values[0]), strict=True):
                row = rows[number]
                found[row.leaf.row, row.node.row] = (episodes[number], step)
    return found


def gigpo_credit(walk: Walk) -> list[float]:
    """Mean over the trajectories through each step."""
    by_node: list[list[float]] = [[] for _ in walk.nodes]
    for (_, row), parts in gigpo(walk, 0.95, "mean_norm").items():
        by_node[row].append(sum(parts))
    return [mean(values) for values in by_node]
