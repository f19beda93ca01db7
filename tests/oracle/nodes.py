"""Steps as plain objects that know parent and children: what the slow, obvious versions of methods walk over."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from treecore.forest import Forest
from treecore.forests import Forests


@dataclass(eq=False)
class Node:
    """One step; `row` in the batch, `forest` its number there, `reward` NaN where there is none."""

    row: int
    forest: int
    reward: float
    parent: Node | None
    children: list[Node] = field(default_factory=list)

    @property
    def scored(self) -> bool:
        return not math.isnan(self.reward)

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1

    def path(self) -> list[Node]:
        """From the root down to this node."""
        return [*(self.parent.path() if self.parent else []), self]

    def leaves(self) -> Iterator[Node]:
        """Leaves beneath, in order; a leaf is its own."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def ends(self) -> list[Node]:
        """Scored leaves beneath."""
        return [leaf for leaf in self.leaves() if leaf.scored]


def nodes_of(forests: Forests) -> list[Node]:
    """All steps of a batch, in row order."""
    nodes: list[Node] = []
    for number, forest in enumerate(forests):
        nodes += own_nodes(forest, number, len(nodes))
    return nodes


def own_nodes(forest: Forest, number: int, offset: int) -> list[Node]:
    """The steps of one forest."""
    nodes: list[Node] = []
    for row, above in enumerate(forest.parent.tolist()):
        parent = nodes[above] if above >= 0 else None
        node = Node(offset + row, number, float(forest.reward[row]), parent)
        if parent is not None:
            parent.children.append(node)
        nodes.append(node)
    return nodes


def mean(values: list[float]) -> float:
    """Mean, NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan
