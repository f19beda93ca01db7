"""ToolPO, trajectory by trajectory: every token's numbers, averaged over the trajectories that hold it."""

from __future__ import annotations

import math

from oracle.nodes import Node, mean, nodes_of

from treecore.forests import Forests

CALL, OBSERVATION, FAILED = 2, 0, 3


def parts_of(forests: Forests) -> list[list[int]]:
    """Parts of the tokens of each step."""
    found = []
    for forest in forests:
        start = forest.tokens.start
        found += [forest.tokens.part[start[row] : start[row + 1]].tolist() for row in range(len(forest))]
    return found


def toolpo(forests: Forests, check: str, attribution: str) -> list[list[float]]:
    """Signal of every token of every step."""
    nodes, parts = nodes_of(forests), parts_of(forests)
    answered = [bool(text) for forest in forests for text in forest.observation]
    status = [int(value) for forest in forests for value in forest.status]
    recorded, fold = forests.column("call_ok"), forests.column("fold_preference")

    def call(node: Node) -> float | None:
        if CALL not in parts[node.row]:
            return None
        return (
            float(recorded[node.row])
            if check == "recorded"
            else float(answered[node.row] and status[node.row] != FAILED)
        )

    def actions(leaf: Node) -> float:
        preference = float(fold[leaf.row])
        return sum(call(step) or 0.0 for step in leaf.path()) + (0.0 if math.isnan(preference) else preference)

    def group(node: Node) -> list[Node]:
        return [other for other in nodes if other.forest == node.forest]

    def tokens(node: Node) -> list[float]:
        leaves = node.ends()
        everyone = [other for other in group(node) if other.scored]
        usual, usual_action = mean([leaf.reward for leaf in everyone]), mean([actions(leaf) for leaf in everyone])
        outcome = mean([leaf.reward - usual for leaf in leaves])
        action = mean([actions(leaf) - usual_action for leaf in leaves])
        if attribution == "call":
            calls = [verdict for other in group(node) if (verdict := call(other)) is not None]
            own = call(node)
            action = own - mean(calls) if own is not None else 0.0
        return [
            math.nan if part == OBSERVATION else outcome + (action if part == CALL else 0.0) for part in parts[node.row]
        ]

    return [tokens(node) for node in nodes]
