"""Fresh continuations of every step: what a step is worth, without a bias."""

from __future__ import annotations

from typing import Annotated

from treecore.registry.citation import Citation
from treecore.registry.params import Bounds
from treecore.samplers.estimates import INTERVAL, continued
from treecore.samplers.registry import Expand, Growing, Growth, sampler


@sampler(
    title="Monte Carlo values",
    family="values",
    formula=r"\hat V(s) = \frac{1}{k} \sum_{i=1}^{k} R(\tau_i), \quad \tau_i \sim \pi(\cdot \mid s)",
    citation=Citation(
        "Kazemnejad et al.", 2024, "VinePPO", "arXiv:2410.01679", "McGill-NLP/VinePPO", where="section 4"
    ),
    size=lambda *, k, m: m + k,
    count="at least",
    continuations="k",
)
def monte_carlo(
    growth: Growth, *, k: Annotated[int, Bounds(1, 1024)] = 8, m: Annotated[int, Bounds(1, 64)] = 1
) -> Growing:
    """Write m answers; then continue k times, independently, from the prompt and from every step of theirs.

    The mean reward of a step's k continuations is its value, in column `mc_value`, with the number that were scored
    (`mc_count`) and an interval (`mc_low`, `mc_high`). The answer that the step comes from is not counted. The last
    step of an answer needs no value: its outcome is known.

    Args:
        k: continuations of each step (published: 9).
        m: answers whose steps are continued.
    """
    yield [Expand() for _ in range(m)]
    growth.notes["interval"] = INTERVAL
    yield from continued(growth, [row for row, node in enumerate(growth.nodes) if node.open], k=k)
