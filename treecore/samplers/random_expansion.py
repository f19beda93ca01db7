"""Random expansion, the rollout of Tree-GRPO: chains first, then new endings from random steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from treecore.registry.citation import Citation
from treecore.registry.params import Bounds
from treecore.samplers.registry import Expand, Growing, Growth, sampler


@sampler(
    title="Random expansion (Tree-GRPO)",
    family="tree",
    formula=r"L = m (1 + n l)",
    citation=Citation(
        "Ji et al.",
        2025,
        "Tree Search for LLM Agent Reinforcement Learning",
        "arXiv:2509.21240",
        "AMAP-ML/Tree-GRPO",
        where="budget in equation 4",
    ),
    size=lambda *, m, n, l: m * (1 + n * l),  # noqa: E741  (the paper's letter)
)
def random_expansion(
    growth: Growth,
    *,
    m: Annotated[int, Bounds(1, 64)] = 2,
    n: Annotated[int, Bounds(0, 64)] = 2,
    l: Annotated[int, Bounds(0, 16)] = 1,  # noqa: E741  (the paper's letter)
) -> Growing:
    """Write m answers, each the seed of a tree; then, l times, continue n random steps of every tree to the end.

    A step is drawn uniformly and with replacement among those that did not end a trajectory, the prompt included.
    The new ending shares everything before that step, so a tree of 1 + n l answers costs less than that many chains.

    Args:
        m: trees of each prompt.
        n: steps of each tree that are continued in a round.
        l: rounds.
    """
    yield [Expand() for _ in range(m)]
    roots = [row for row, parent in enumerate(growth.parent) if parent < 0]
    for _ in range(l if n else 0):
        requests = []
        for root in roots:
            pool = candidates(growth.parent, root)
            requests += [Expand(pool[place]) for place in growth.random.integers(len(pool), size=n)]
        yield requests


def candidates(parent: Sequence[int], root: int) -> list[int]:
    """Rows that may be continued: the root, then the steps below it that are no leaves, breadth first.

    AMAP-ML/Tree-GRPO, `tree_node.py`, `get_expand_node`: each of them is as likely as any other.

    Args:
        parent: `[N]` row of each node's parent, -1 at roots.
        root: row of the tree's root.
    """
    children: dict[int, list[int]] = {}
    for row, above in enumerate(parent):
        children.setdefault(above, []).append(row)
    found = [root]
    for row in found:
        found += [child for child in children.get(row, ()) if child in children]
    return found
