"""Branches after tool calls where the model has become less sure: the rollout of ARPO."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from treecore.errors import MethodError
from treecore.policies.base import TOP_ENTROPY
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds
from treecore.samplers.registry import Expand, Growing, Growth, sampler

FIRST_TOKENS = 20


@dataclass
class Path:
    """One trajectory of the budget.

    Attributes:
        row: its last row; None before there is one.
        first: entropy of its first round; NaN before there is one.
    """

    row: int | None = None
    first: float = math.nan


@sampler(
    title="After tool calls (ARPO)",
    family="tree",
    formula=r"P = \mathrm{clip}(b + w (H - H_{init}), 0, 1)",
    citation=Citation(
        "Dong et al.",
        2025,
        "Agentic Reinforced Policy Optimization",
        "arXiv:2507.19849",
        "RUC-NLPIR/ARPO",
        where="section 3.1, equations 4 and 5",
    ),
    size=lambda *, n, initial, beam, bp, w: n,
    needs={TOP_ENTROPY},
    bias="answers branch more often where the model is unsure, so means over leaves weigh those parts more",
)
def tool_entropy(
    growth: Growth,
    *,
    n: Annotated[int, Bounds(1, 256)] = 16,
    initial: Annotated[int, Bounds(1, 256)] = 8,
    beam: Annotated[int, Bounds(1, 16)] = 2,
    bp: Annotated[float, Bounds(0, 1)] = 0.5,
    w: Annotated[float, Bounds(0, 10)] = 0.2,
) -> Growing:
    """Begin some answers and, whenever a tool has answered one, maybe continue it twice, until n are begun.

    All live answers write one step a round. H of a round is the sum of -p ln p over the 10 likeliest tokens at each of
    its first 20 places (a sum, not a mean), divided by the logarithm of the vocabulary's size; H_init is that of the
    answer's own first round, so a branch begins anew. After a tool's reply an answer branches, with the reply, up to
    beam - 1 times, each with probability clip(bp + w (H - H_init), 0, 1), while fewer than n are begun. Where no answer
    is live any more and n are not begun, a fresh one begins. The defaults are those of the released script.

    Args:
        n: answers of each prompt.
        initial: answers begun at once; at most n count.
        beam: most answers that one becomes in a round.
        bp: probability of a branch when the entropy is that of the first round.
        w: how much a rise of the entropy adds.

    Departures:
        The released code keeps H_init by row of the batch and never forgets it, so that later batches compare with
        answers to other prompts; here every answer has its own. It copies the last answer where rounds run out; here
        rounds go on until n are begun. The entropy is that of the model's own distribution, at temperature 1; what
        temperature the released code's log probabilities had is not known. A step without a reply of the environment
        is no tool call and never branches.
    """
    if growth.vocabulary_size < 2:
        raise MethodError("the policy does not say how many tokens it knows", todo="use a model that is loaded here")
    live: list[Path] = []
    begun = number = 0
    while live or begun < n:
        if not live:
            fresh = 1 if begun else min(initial, n)
            live, begun = [Path() for _ in range(fresh)], begun + fresh
        rows = yield [Expand(path.row, steps=1, note={"round": number}) for path in live]
        number += 1
        following: list[Path] = []
        for path, row in zip(live, rows, strict=True):
            node, path.row = growth.nodes[row], row
            height = entropy(node.own.top_entropy, growth.vocabulary_size)
            path.first = height if math.isnan(path.first) else path.first
            if not node.open:
                continue
            tries = min(beam - 1, n - begun) if node.observation else 0
            born = branches(growth.random.random(tries), bp=bp, rise=w * (height - path.first))
            following += [path, *(Path(row) for _ in range(born))]
            begun += born
        live = following


def entropy(top_entropy: Sequence[float], vocabulary_size: int) -> float:
    """Of the likeliest tokens at the first places of a round, summed, in units of the logarithm of the vocabulary.

    Args:
        top_entropy: `[T]` nats.

    Raises:
        MethodError: there is none.
    """
    if not top_entropy:
        raise MethodError("the policy gives no log probabilities of the likeliest tokens", todo="use another sampler")
    return sum(top_entropy[:FIRST_TOKENS]) / math.log(vocabulary_size)


def branches(uniform: Iterable[float], *, bp: float, rise: float) -> int:
    """How many of these uniform numbers branch: those that, less the rise and clipped to [0, 1], are at most `bp`."""
    return sum(min(max(float(number) - rise, 0.0), 1.0) <= bp for number in uniform)
