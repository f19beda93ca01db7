"""Labels of process supervision, step by step."""

from __future__ import annotations

import math

from oracle.monte_carlo import prefix_values
from oracle.nodes import Node, nodes_of
from oracle.search import right_rows

from treecore.forests import Forests

Labels = list[float]
TIE = 1e-12


def math_shepherd(forests: Forests, source: str, estimate: str) -> Labels:
    q, right = prefix_values(forests, source), right_rows(forests)

    def label(node: Node) -> float:
        if node.parent is None or math.isnan(q[node.row]):
            return math.nan
        if estimate == "soft":
            return q[node.row]
        any_right = any(leaf.row in right for leaf in node.ends()) if source == "tree" else q[node.row] > 0
        return float(any_right)

    return [label(node) for node in nodes_of(forests)]


def stepwiser(forests: Forests, source: str, scheme: str, *, alpha: float, n: int, gamma: float) -> Labels:
    q = prefix_values(forests, source)

    def label(node: Node) -> float:
        if node.parent is None or math.isnan(q[node.row]):
            return math.nan
        after, before = q[node.row], q[node.parent.row]
        if scheme == "abs_q":
            return float(after > 0)
        if math.isnan(before):
            return math.nan
        if scheme == "rel_effective":
            return float(after + alpha * ((1 - (1 - after) ** n) - (1 - (1 - before) ** n)) > TIE)
        return float(after > 0) if before == 0 else float(after / before > gamma + TIE)

    return [label(node) for node in nodes_of(forests)]


def genprm(forests: Forests, source: str, epsilon: float) -> Labels:
    q = prefix_values(forests, source)

    def known(node: Node) -> float:
        """Value after `node`, 0 once a value of 0 has been met."""
        lost = any(q[step.row] == 0 for step in node.path())
        return 0.0 if lost and (source == "monte_carlo" or not math.isnan(q[node.row])) else q[node.row]

    def label(node: Node) -> float:
        if node.parent is None:
            return math.nan
        after, before = known(node), known(node.parent)
        if math.isnan(after) or math.isnan(before):
            return math.nan
        return float((after / before if before else 0.0) >= epsilon - TIE)

    return [label(node) for node in nodes_of(forests)]
