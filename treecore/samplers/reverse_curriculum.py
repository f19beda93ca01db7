"""The start states of R3's reverse curriculum: how often does the policy finish what a demonstration began?"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Annotated, Literal

from treecore.core.outcomes import FULL
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Only
from treecore.samplers.estimates import INTERVAL, Estimate, continued, path
from treecore.samplers.registry import Expand, Growing, Growth, Recite, Request, sampler

NO_DEMONSTRATION = "none: no answer was right"


@sampler(
    title="Reverse curriculum (R3)",
    family="curriculum",
    formula=r"\Delta_k = \hat Q_k - \hat Q_{k-1}",
    citation=Citation(
        "Xi et al.",
        2024,
        "Training LLMs for Reasoning through Reverse Curriculum RL",
        "arXiv:2402.05808",
        "WooooDyy/LLM-Reverse-Curriculum-RL",
    ),
    size=lambda *, n, demo, attempts: n + 1 if demo == "gold" else attempts,
    count="at least",
    continuations="n",
    bias="branches were started along a chosen right answer, so means over subtrees are biased; mc_value is not",
)
def reverse_curriculum(
    growth: Growth,
    *,
    n: Annotated[int, Bounds(1, 1024)] = 8,
    demo: Literal["gold", "sampled"] = "gold",
    attempts: Annotated[int, Bounds(1, 256), Only("demo", ("sampled",))] = 8,
) -> Growing:
    """Take a right answer, cut it before its last step, before the last two, and so on to the prompt; finish each.

    Start state k is the prompt and the first k steps of the answer, and gets n completions. The share of them that
    succeed is `mc_value` of step k, with its interval. The frontier (column `frontier`) is the last step whose value
    lies, with its whole interval, above that of the state before: what the policy cannot yet do there by itself. The
    answer's own end counts as a sure success.

    Cuts are between recorded tokens. Nothing is trained here. With 8 completions an interval may reach 0.3 to each
    side.

    Args:
        n: completions of each start state.
        demo: `gold`, the task's own solution; or `sampled`, the first right one of sampled answers.
        attempts: answers sampled to find a right one (`sampled` only).
    """
    leaf = yield from demonstration(growth, demo=demo, attempts=attempts)
    if leaf is None:
        growth.notes["demonstration"] = NO_DEMONSTRATION
        return
    states = path(growth, leaf)
    for place, row in enumerate(states):
        growth.nodes[row].columns["start"] = place
    growth.notes["interval"] = INTERVAL
    values = yield from continued(growth, states[-2::-1], k=n)
    step = frontier([values[row] for row in states[:-1]], growth.nodes[leaf].reward)
    growth.notes.update(demonstration=demo, frontier=step)
    for place, row in enumerate(states):
        growth.nodes[row].columns["frontier"] = float(place == step)


def demonstration(growth: Growth, *, demo: str, attempts: int) -> Generator[list[Request], list[int], int | None]:
    """Row of the last step of a right answer; None when no sampled one is right."""
    leaves = yield [Recite()] if demo == "gold" else [Expand() for _ in range(attempts)]
    return next((leaf for leaf in leaves if growth.nodes[leaf].reward >= FULL), None)


def frontier(values: Sequence[Estimate], outcome: float) -> int | None:
    """Number of the last step whose value is surely above that of the state before; None when no step's is.

    Args:
        values: of the start states 0 to T - 1.
        outcome: of the whole answer, state T.
    """
    lows = [*(value.low for value in values), outcome]
    return next((k for k in range(len(values), 0, -1) if values[k - 1].high < lows[k]), None)
