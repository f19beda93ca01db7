"""ToolPO, trajectory by trajectory: every token's numbers, averaged over the trajectories that hold it."""

from __future__ import annotations

import math

from oracles.nodes import NAN, OBSERVATION, Node, Walk, mean
from treecore.core.tool_calls import tool_calls

CALL, FAILED = 2, 3


def parts_of(walk: Walk) -> list[list[int]]:
    """Parts of the tokens of each step."""
    found = []
    for forest in walk.forests:
        assert forest.tokens is not None
        assert forest.tokens.part is not None
        start, part = forest.tokens.start.tolist(), forest.tokens.part.tolist()
        found += [part[start[row] : start[row + 1]] for row in range(len(forest))]
    return found


def toolpo(walk: Walk, check: str, attribution: str) -> list[list[float]]:
    """Signal of every token of every step."""
    parts = parts_of(walk)
    answered = [bool(text) for forest in walk.forests for text in forest.observation]
    status = [int(value) for forest in walk.forests for value in forest.status]
    told = [(text, forest.node_extra.get(row, {})) for forest in walk.forests for row, text in enumerate(forest.text)]
    stated, fold = walk.forests.column("call_ok").tolist(), walk.forests.column("fold_preference").tolist()

    def calls(node: Node) -> int:
        return max(len(tool_calls(*told[node.row])), 1) if CALL in parts[node.row] else 0

    def call(node: Node) -> float | None:
        if not calls(node):
            return None
        if check == "recorded":
            return float(min(stated[node.row], calls(node)))
        return calls(node) * float(answered[node.row] and status[node.row] != FAILED)

    def actions(leaf: Node) -> float:
        preference = fold[leaf.row]
        return sum(call(step) or 0.0 for step in leaf.path()) + (0.0 if math.isnan(preference) else preference)

    earned = {leaf.row: actions(leaf) for group in walk.prompts() for leaf in group}
    usual = [mean([leaf.reward for leaf in group]) for group in walk.prompts()]
    usual_action = [mean([earned[leaf.row] for leaf in group]) for group in walk.prompts()]
    judged = [[node for node in group if call(node) is not None] for group in walk.by_forest]
    right = [sum(call(node) or 0.0 for node in group) for group in judged]
    asked = [sum(calls(node) for node in group) for group in judged]
    usual_call = [total / count if count else NAN for total, count in zip(right, asked, strict=True)]

    def tokens(node: Node) -> list[float]:
        leaves = node.ends()
        outcome = mean([leaf.reward - usual[node.forest] for leaf in leaves])
        action = mean([earned[leaf.row] - usual_action[node.forest] for leaf in leaves])
        if attribution == "call":
            own = call(node)
            action = own / calls(node) - usual_call[node.forest] if own is not None else 0.0
        return [NAN if part == OBSERVATION else outcome + (action if part == CALL else 0.0) for part in parts[node.row]]

    return [tokens(node) for node in walk.nodes]


def mean_of_tokens(walk: Walk) -> list[float]:
    """Credit of every step: the mean over its own tokens, its outcome part where it has none."""
    usual = [mean([leaf.reward for leaf in group]) for group in walk.prompts()]
    found = []
    for node, tokens in zip(walk.nodes, toolpo(walk, "answered", "trajectory"), strict=True):
        own = [value for value in tokens if not math.isnan(value)]
        found.append(mean(own or [leaf.reward - usual[node.forest] for leaf in node.ends()]))
    return found
