"""Steps as plain objects that know parent and children: what the slow, obvious versions of methods walk over.

Knows no array algorithm: whoever wants the leaves beneath a step goes and looks for them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from treecore.core.batch import Forests
from treecore.core.outcomes import is_right

Columns = dict[str, list[float]]
T = TypeVar("T")
NAN = math.nan
OBSERVATION = 0


@dataclass(eq=False)
class Node:
    """One step; `row` in the batch, `forest` its number there, `reward` NaN where there is none, `tokens` its own."""

    row: int
    forest: int
    reward: float
    tokens: int
    parent: Node | None
    children: list[Node] = field(default_factory=list)

    @property
    def scored(self) -> bool:
        return not math.isnan(self.reward)

    @property
    def depth(self) -> int:
        return len(self.path()) - 1

    def path(self) -> list[Node]:
        """From the root down to this node."""
        path, step = [self], self.parent
        while step is not None:
            path.append(step)
            step = step.parent
        return path[::-1]

    def leaves(self) -> list[Node]:
        """Leaves beneath, in order; a leaf is its own."""
        found, waiting = [], [self]
        while waiting:
            step = waiting.pop()
            waiting.extend(reversed(step.children))
            if not step.children:
                found.append(step)
        return found

    def ends(self) -> list[Node]:
        """Scored leaves beneath."""
        return [leaf for leaf in self.leaves() if leaf.scored]


class Walk:
    """The steps of a batch as objects, in row order, and what the objects themselves do not hold."""

    def __init__(self, forests: Forests) -> None:
        self.forests = forests
        self.nodes: list[Node] = []
        tokens = forests.n_model_tokens.tolist()
        for number, forest in enumerate(forests):
            first = len(self.nodes)
            for above, reward in zip(forest.parent.tolist(), forest.reward.tolist(), strict=True):
                row, parent = len(self.nodes), self.nodes[first + above] if above >= 0 else None
                node = Node(row, number, reward, max(tokens[row], 0), parent)
                if parent is not None:
                    parent.children.append(node)
                self.nodes.append(node)

    def prompts(self) -> list[list[Node]]:
        """Scored leaves of each forest."""
        return grouped([node for node in self.nodes if not node.children and node.scored], len(self.forests))

    @cached_property
    def by_forest(self) -> list[list[Node]]:
        """All steps of each forest."""
        return grouped(self.nodes, len(self.forests))

    @cached_property
    def right(self) -> set[int]:
        """Rows of leaves with the full reward."""
        marks = [bool(mark) for forest in self.forests for mark in is_right(forest)]
        return {row for row, mark in enumerate(marks) if mark}

    def own_tokens(self, name: str) -> list[list[float]]:
        """Known values of a token column in each step, of the tokens that the model wrote."""
        found = []
        for forest in self.forests:
            assert forest.tokens is not None
            start, values = forest.tokens.start.tolist(), getattr(forest.tokens, name).tolist()
            part = [1] * len(values) if forest.tokens.part is None else forest.tokens.part.tolist()
            for first, last in pairwise(start):
                own = [values[i] for i in range(first, last) if part[i] != OBSERVATION]
                found.append([value for value in own if not math.isnan(value)])
        return found

    @cached_property
    def texts(self) -> list[str]:
        """Text of each step."""
        return [text for forest in self.forests for text in forest.text]

    @cached_property
    def born(self) -> list[int]:
        """Order of sampling of each step."""
        return [order for forest in self.forests for order in forest.born.tolist()]

    def column(self, name: str) -> list[float]:
        """An annotation of each step."""
        return list(map(float, self.forests.column(name)))

    @cached_property
    def empty(self) -> set[int]:
        """Rows of roots on which nothing is recorded: they are the prompt."""
        observed = [text for forest in self.forests for text in forest.observation]
        around = [count for forest in self.forests for count in forest.n_obs_tokens.tolist()]

        def recorded(node: Node) -> bool:
            words = self.texts[node.row] or observed[node.row]
            return bool(words) or node.tokens > 0 or around[node.row] > 0 or node.scored

        return {node.row for node in self.nodes if node.parent is None and not recorded(node)}


class StateWalk(Walk):
    """The states of a batch as objects: for each forest one prompt, and all of its steps below it in order.

    `place` leads from a row of the batch to its state.
    """

    def __init__(self, forests: Forests) -> None:
        self.forests, self.walk = forests, Walk(forests)
        self.nodes = []
        self.place: dict[int, int] = {}
        of_state: list[list[int]] = []
        for number, group in enumerate(self.walk.by_forest):
            prompt = Node(len(self.nodes), number, NAN, 0, None)
            self.nodes.append(prompt)
            roots = [node.row for node in group if node.row in self.walk.empty]
            self.place |= dict.fromkeys(roots, prompt.row)
            of_state.append(roots)
            for node in group:
                if node.row in self.walk.empty:
                    continue
                above = prompt if node.parent is None else self.nodes[self.place[node.parent.row]]
                state = Node(len(self.nodes), number, node.reward, node.tokens, above)
                above.children.append(state)
                self.place[node.row] = state.row
                self.nodes.append(state)
                of_state.append([node.row])
        self.of_state = of_state

    def listed(self, values: Sequence[T], nothing: T) -> list[T]:
        """Numbers or texts of the batch by state, those of the first empty root at a prompt."""
        return [values[rows[0]] if rows else nothing for rows in self.of_state]

    @cached_property
    def texts(self) -> list[str]:
        return self.listed(self.walk.texts, "")

    @cached_property
    def born(self) -> list[int]:
        return self.listed(self.walk.born, -1)

    @cached_property
    def right(self) -> set[int]:
        return {self.place[row] for row in self.walk.right}

    def own_tokens(self, name: str) -> list[list[float]]:
        return self.listed(self.walk.own_tokens(name), [])

    def column(self, name: str) -> list[float]:
        if name != "mc_value":
            return self.listed(self.walk.column(name), NAN)
        value, count = self.walk.column(name), self.walk.column("mc_count")

        def pooled(rows: Sequence[int]) -> float:
            known = [row for row in rows if not math.isnan(value[row])]
            if len(known) < 2:
                return value[known[0]] if known and known[0] == rows[0] else value[rows[0]] if rows else NAN
            draws = [1.0 if math.isnan(count[row]) else count[row] for row in known]
            return math.fsum(value[row] * n for row, n in zip(known, draws, strict=True)) / math.fsum(draws)

        return [pooled(rows) for rows in self.of_state]

    def told(self, columns: Columns) -> Columns:
        """Columns of states, told to the rows of the batch."""
        return {
            name: [values[self.place[row]] for row in range(len(self.walk.nodes))] for name, values in columns.items()
        }


def grouped(nodes: Sequence[Node], n_forests: int) -> list[list[Node]]:
    """Nodes by forest."""
    groups: list[list[Node]] = [[] for _ in range(n_forests)]
    for node in nodes:
        groups[node.forest].append(node)
    return groups


def mean(values: Sequence[float]) -> float:
    """Mean, NaN of nothing."""
    return math.fsum(values) / len(values) if values else NAN


def spread(values: Sequence[float], *, ddof: int = 1) -> float:
    """Standard deviation, exactly 0 where all are equal; NaN below `ddof + 1` values."""
    if len(values) <= ddof:
        return NAN
    if min(values) == max(values):
        return 0.0
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - ddof))


def standard_error(values: Sequence[float]) -> float:
    """Of the mean; NaN below two values."""
    return spread(values) / math.sqrt(len(values)) if len(values) > 1 else NAN


def reward_mean(node: Node) -> float:
    """Mean reward of the leaves beneath."""
    return mean([leaf.reward for leaf in node.ends()])


def recorded(walk: Walk) -> Columns:
    """What the recorded leaves beneath every step say: mean reward and their number."""
    found = [[leaf.reward for leaf in node.ends()] for node in walk.nodes]
    return {"value": [mean(rewards) for rewards in found], "n_leaves": [float(len(rewards)) for rewards in found]}


def from_leaves(walk: Walk, advantage: Mapping[int, float]) -> Columns:
    """Numbers of leaves, by row, as credit of the steps above: mean, sum and standard error of those beneath."""
    found = [[advantage[leaf.row] for leaf in node.ends()] for node in walk.nodes]
    return {
        "credit": [mean(values) for values in found],
        "gradient_weight": [math.fsum(values) if values else NAN for values in found],
        "stderr": [standard_error(values) for values in found],
        **recorded(walk),
    }
