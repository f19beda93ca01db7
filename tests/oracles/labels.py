"""Labels of process supervision, step by step."""

from __future__ import annotations

import math

from oracles.monte_carlo import prefix_values
from oracles.nodes import NAN, Columns, Node, Walk

Labels = list[float]
TIE = 1e-12


def math_shepherd(walk: Walk, source: str, estimate: str) -> Labels:
    """Label of every step."""
    q, right = prefix_values(walk, source), walk.right

    def label(node: Node) -> float:
        if node.parent is None or math.isnan(q[node.row]):
            return NAN
        if estimate == "soft":
            return q[node.row]
        any_right = any(leaf.row in right for leaf in node.ends()) if source == "tree" else q[node.row] > 0
        return float(any_right)

    return [label(node) for node in walk.nodes]


def stepwiser(walk: Walk, source: str, scheme: str, *, alpha: float, n: int, gamma: float) -> Labels:
    """Label of every step."""
    q = prefix_values(walk, source)

    def label(node: Node) -> float:
        if node.parent is None or math.isnan(q[node.row]):
            return NAN
        after, before = q[node.row], q[node.parent.row]
        if scheme == "abs_q":
            return float(after > 0)
        if math.isnan(before):
            return NAN
        if scheme == "rel_effective":
            return float(after + alpha * ((1 - (1 - after) ** n) - (1 - (1 - before) ** n)) > TIE)
        return float(after > 0) if before == 0 else float(after / before > gamma + TIE)

    return [label(node) for node in walk.nodes]


def genprm(walk: Walk, source: str, epsilon: float) -> Labels:
    """Label of every step."""
    q = prefix_values(walk, source)

    def known(node: Node) -> float:
        """Value after `node`, 0 once a value of 0 has been met."""
        lost = any(q[step.row] == 0 for step in node.path())
        return 0.0 if lost and (source == "monte_carlo" or not math.isnan(q[node.row])) else q[node.row]

    def label(node: Node) -> float:
        if node.parent is None:
            return NAN
        after, before = known(node), known(node.parent)
        if math.isnan(after) or math.isnan(before):
            return NAN
        return float((after / before if before else 0.0) >= epsilon - TIE)

    return [label(node) for node in walk.nodes]


def step_labels(walk: Walk, score: str, neutral: float) -> Columns:
    """The recorded labels, and the score of the labelled steps of every path."""
    label = [NAN if row in walk.empty else own for row, own in enumerate(walk.column("label"))]

    def so_far(node: Node) -> float:
        known = [label[step.row] for step in node.path() if not math.isnan(label[step.row])]
        correct = [own + neutral * (1 - own) if own >= 0 else neutral * (1 + own) for own in known]
        return math.prod(correct) if score == "product" else min(correct, default=1.0)

    return {"credit": label, "label": label, "score": [so_far(node) for node in walk.nodes]}


def signed(labels: Labels) -> list[float]:
    """Labels of 0 to 1 as credit of -1 to 1."""
    return [2 * label - 1 for label in labels]
