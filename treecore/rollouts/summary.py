"""The summary of a run: forests, trajectories, tokens, time, computed from its forests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from treecore.core.forest import Forest
from treecore.rollouts.failures import reasons

NAN = float("nan")


@dataclass(frozen=True)
class Summary:
    """What a run gave and what it cost.

    Attributes:
        forests, trajectories: counts.
        distinct_trajectories: trajectories of different text within their forest, summed.
        tokens_generated: drawn from the model; NaN where those of one forest are not known.
        tokens_computed: gone through the model; NaN as above.
        tokens_in_forest: held by the forests, each prompt once; NaN as above.
        computed_ratio: tokens computed per token that had to be; 1.0 when nothing was computed twice. Those after which
            nothing is drawn need not be: the last drawn token of a leaf, the observation after it, and the last step of
            a recited solution. NaN as above.
        tokens_saved_by_sharing: what as many separate chains would have computed, less what was; NaN as above.
        mean_reward: over all scored leaves; NaN when there is none.
        seconds: of this run alone, where it continued an earlier one.
        tokens_per_second: drawn in this run per second; NaN as above.
        failed: trajectories that failed, of all; the model, the task or its verifier did.
        first_failure: why the first of them did; empty when none failed.
    """

    forests: int
    trajectories: int
    distinct_trajectories: int
    tokens_generated: float
    tokens_computed: float
    tokens_in_forest: float
    computed_ratio: float
    tokens_saved_by_sharing: float
    mean_reward: float
    seconds: float
    tokens_per_second: float
    failed: int = 0
    first_failure: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-ready; what is not known or not there is null."""
        return or_null(asdict(self))


def or_null(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with null for NaN and for empty text."""
    return {name: None if value != value or value == "" else value for name, value in numbers.items()}


def summarise(forests: Sequence[Forest], *, seconds: float, fresh: Sequence[Forest]) -> Summary:
    """Numbers over `forests`; the speed over those of them that are `fresh`, sampled in this run."""
    rewards = np.concatenate([forest.reward[forest.leaves] for forest in forests]) if forests else np.empty(0)
    scored = rewards[~np.isnan(rewards)]
    why = reasons(forests)
    provenance = [forest.provenance for forest in forests]
    computed, in_forest = total(provenance, "tokens_computed"), total(provenance, "tokens_in_forest")
    followed = in_forest - total(provenance, "tokens_unfed")
    drawn_now = total([forest.provenance for forest in fresh], "tokens_generated")
    return Summary(
        forests=len(forests),
        trajectories=sum(len(forest.leaves) for forest in forests),
        distinct_trajectories=sum(distinct(forest) for forest in forests),
        tokens_generated=total(provenance, "tokens_generated"),
        tokens_computed=computed,
        tokens_in_forest=in_forest,
        computed_ratio=computed / followed if followed else 1.0,
        tokens_saved_by_sharing=total(provenance, "tokens_saved_by_sharing", least=-math.inf),
        mean_reward=float(scored.mean()) if len(scored) else NAN,
        seconds=round(seconds, 3),
        tokens_per_second=round(drawn_now / seconds, 1) if seconds > 0 else 0.0,
        failed=len(why),
        first_failure=next(iter(why), ""),
    )


def total(records: Sequence[Mapping[str, Any]], name: str, *, least: float = 0) -> float:
    """Sum of a count over records; NaN where one lacks it or has no whole number of at least `least`."""
    counts = [record.get(name) for record in records]
    return sum(count if type(count) is int and count >= least else NAN for count in counts)


def distinct(forest: Forest) -> int:
    """Trajectories of different text, root to leaf."""
    texts = {
        tuple((forest.text[row], forest.observation[row]) for row in forest.topology.path(int(leaf)))
        for leaf in forest.leaves
    }
    return len(texts)
