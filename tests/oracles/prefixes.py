"""lambda-GRPO, TEMPO and AT²PO the slow way: every prefix a place in a dictionary tree that knows who came by."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

from oracles.nodes import NAN, OBSERVATION, Columns, Node, StateWalk, mean, recorded, spread, standard_error

BESIDE = ("tool_calls", "function_call", "reasoning_content", "reasoning", "thinking", "reasoning_text")


@dataclass(eq=False)
class Place:
    """One prefix: where its symbols lead, and the outcomes of the trajectories that share it."""

    onward: dict[Hashable, Place] = field(default_factory=dict)
    rewards: list[float] = field(default_factory=list)


def read_as(walk: StateWalk) -> list[tuple[list[Hashable], list[Hashable]]]:
    """Of each state, the symbols that the model wrote, and those of the environment."""
    found: list[tuple[list[Hashable], list[Hashable]]] = []
    for forest in walk.forests:
        table = forest.tokens
        for row in range(len(forest)):
            ids = []
            if table is not None:
                span = range(table.start[row], table.start[row + 1])
                names = table.text
                if table.id is not None and (table.id >= 0).any():
                    names = [None if name < 0 else int(name) for name in table.id]
                own = [at for at in span if table.part is None or table.part[at] != OBSERVATION]
                ids = [names[at] if names is not None and names[at] != "" else None for at in own]
            fields = forest.node_extra.get(row, {})
            beside = str({name: fields[name] for name in BESIDE if fields.get(name)} or "")
            text: Hashable = (forest.text[row], beside) if forest.text[row] or beside else object()
            written = ids if ids and None not in ids else [("text", text)]
            heard = [("heard", forest.observation[row])] if forest.observation[row] else []
            found.append((written, heard))
    return [
        found[rows[0]] if node.parent is not None else ([], [])
        for node, rows in zip(walk.nodes, walk.of_state, strict=True)
    ]


def visited(walk: StateWalk) -> tuple[list[list[Place]], list[Place]]:
    """Of each state, the places of the symbols that the model wrote, and the place before the first of them."""
    written: list[list[Place]] = []
    before: list[Place] = []
    last: list[Place] = []
    whole: list[list[Place]] = []
    for node, (own, heard) in zip(walk.nodes, read_as(walk), strict=True):
        place = Place() if node.parent is None else last[node.parent.row]
        before.append(place)
        passed = []
        for symbol in [*own, *heard]:
            place = place.onward.setdefault(symbol, Place())
            passed.append(place)
        written.append(passed[: len(own)])
        last.append(place)
        whole.append(passed or [place])
    for node in walk.nodes:
        if not node.children and node.scored:
            for place in {place: None for step in node.path() for place in whole[step.row]}:
                place.rewards.append(node.reward)
    return written, before


def advantages(walk: StateWalk, epsilon: float) -> dict[int, float]:
    """GRPO's of each scored leaf, NaN for one alone."""
    found = {}
    for group in walk.prompts():
        rewards = [leaf.reward for leaf in group]
        for leaf in group:
            gap = 0.0 if min(rewards) == max(rewards) else leaf.reward - mean(rewards)
            found[leaf.row] = gap / (spread(rewards) + epsilon) if len(rewards) > 1 else NAN
    return found


def lambda_grpo(walk: StateWalk) -> Columns:
    """Credit of every step, what it is made of, and its standard error."""
    own, (written, _) = advantages(walk, 1e-4), visited(walk)
    columns: Columns = {"credit": [], "gradient_weight": [], "stderr": [], "prefix_share": []}
    for node in walk.nodes:
        beneath = [own[leaf.row] for leaf in node.ends()]
        share = mean([1 / len(place.rewards) if place.rewards else NAN for place in written[node.row]])
        columns["prefix_share"].append(share)
        columns["credit"].append(mean(beneath) * share)
        columns["gradient_weight"].append(math.fsum(beneath) * share if beneath else NAN)
        columns["stderr"].append(standard_error(beneath) * share)
    return {**columns, **recorded(walk)}


def tempo(walk: StateWalk) -> Columns:
    """Credit of every step, and what it is made of."""
    own, (written, before) = advantages(walk, 1e-6), visited(walk)
    deviation = [spread([leaf.reward for leaf in group]) for group in walk.prompts()]
    columns: Columns = {"credit": [], "change": []}
    for node in walk.nodes:
        value, changes = mean(before[node.row].rewards), []
        for place in written[node.row]:
            changes.append(mean(place.rewards) - value)
            value = mean(place.rewards)
        columns["change"].append(math.fsum(changes) if changes else NAN)
        part = mean(changes) / (deviation[node.forest] + 1e-6)
        columns["credit"].append(mean([own[leaf.row] for leaf in node.ends()]) + part)
    return {**columns, **recorded(walk)}


def at2po(walk: StateWalk, values: str, advantage: str, *, normalize: bool) -> Columns:
    """Credit of every step, and its value."""
    outcome = {}
    for group in walk.prompts():
        rewards = [leaf.reward for leaf in group]
        for leaf in group:
            flat = not normalize or min(rewards) == max(rewards)
            outcome[leaf.row] = leaf.reward if not normalize else 0.0
            if not flat:
                outcome[leaf.row] = (leaf.reward - mean(rewards)) / (spread(rewards, ddof=0) + 1e-6)
    surprisal = [0.0] * len(walk.nodes)
    if values == "child_softmax":
        surprisal = [-mean(own) if own else 0.0 for own in walk.own_tokens("logprob")]
    known: dict[int, float] = {}

    def value(node: Node) -> float:
        if node.row in known:
            return known[node.row]
        children = [child for child in node.children if child.ends()]
        if node.scored:
            found = outcome[node.row]
        elif values == "leaf_mean" or not children:
            found = mean([outcome[leaf.row] for leaf in node.ends()])
        else:
            odds = [math.exp(surprisal[child.row]) if values == "child_softmax" else 1.0 for child in children]
            found = math.fsum(o * value(child) for o, child in zip(odds, children, strict=True)) / math.fsum(odds)
        known[node.row] = found
        return found

    def credit(node: Node) -> float:
        if node.parent is None:
            return NAN
        local, overall = value(node) - value(node.parent), value(node) - value(node.path()[0])
        return {
            "node_value": value(node),
            "diff_parent": local,
            "diff_global": overall,
            "diff_localglobal": local + overall,
        }[advantage]

    for node in reversed(walk.nodes):
        value(node)
    return {
        "credit": [credit(node) for node in walk.nodes],
        "node_value": [value(node) for node in walk.nodes],
        **recorded(walk),
    }
