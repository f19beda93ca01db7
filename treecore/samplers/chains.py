"""Independent trajectories: the group of a flat method."""

from __future__ import annotations

from typing import Annotated

from treecore.registry.citation import Citation
from treecore.registry.params import Bounds
from treecore.samplers.registry import Expand, Growing, Growth, sampler


@sampler(
    title="Independent chains",
    family="flat",
    formula=r"L = m",
    citation=Citation("Shao et al.", 2024, "DeepSeekMath (GRPO)", "arXiv:2402.03300", where="section 4.1.2"),
    size=lambda *, m: m,
)
def chains(growth: Growth, *, m: Annotated[int, Bounds(1, 4096)] = 4) -> Growing:
    """Write the answer m times from the start; nothing is shared but the prompt.

    Each trajectory is a tree of one branch, so a group of answers is a forest of m such trees.

    Args:
        m: trajectories of each prompt.
    """
    yield [Expand() for _ in range(m)]
