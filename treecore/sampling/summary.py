"""The numbers of a run, from its forests. Knows forests and their provenance only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from treecore.forest import Forest
from treecore.sampling.failures import failed_rows, reason

NAN = float("nan")


@dataclass(frozen=True)
class Summary:
    """What a run gave and what it cost.

    Attributes:
        forests, trajectories: counts.
        distinct_trajectories: trajectories of different text within their forest, summed.
        tokens_generated: drawn from the model.
        tokens_computed: gone through the model.
        tokens_in_forest: held by the forests, each prompt once; NaN where those of one forest are not known.
        computed_ratio: tokens computed per token that had to be; 1.0 when nothing was computed twice. Those after which
            nothing is drawn need not be: the last drawn token of a leaf, the observation after it, and the last step of
            a recited solution. NaN as above.
        tokens_saved_by_sharing: what as many separate chains would have computed, less what was; NaN as above.
        mean_reward: over all scored leaves; NaN when there is none.
        seconds: of this run alone, where it continued an earlier one.
        tokens_per_second: drawn in this run per second.
        failed: trajectories that failed, of all; the model, the task or its verifier did.
        first_failure: why the first of them did; empty when none failed.
    """

    forests: int
    trajectories: int
    distinct_trajectories: int
    tokens_generated: int
    tokens_computed: int
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

    def total(name: str, of: Sequence[Forest] = forests) -> int:
        return sum(int(forest.provenance.get(name, 0)) for forest in of)

    unknown = any("tokens_in_forest" not in forest.provenance for forest in forests)
    rewards = np.concatenate([forest.reward[forest.leaves] for forest in forests]) if forests else np.empty(0)
    scored = rewards[~np.isnan(rewards)]
    reasons = [reason(row) for forest in forests for row in failed_rows(forest)]
    in_forest, saved = total("tokens_in_forest"), total("tokens_saved_by_sharing")
    computed, followed = total("tokens_computed"), in_forest - total("tokens_unfed")
    return Summary(
        forests=len(forests),
        trajectories=sum(len(forest.leaves) for forest in forests),
        distinct_trajectories=sum(distinct(forest) for forest in forests),
        tokens_generated=total("tokens_generated"),
        tokens_computed=total("tokens_computed"),
        tokens_in_forest=NAN if unknown else in_forest,
        computed_ratio=NAN if unknown else computed / followed if followed else 1.0,
        tokens_saved_by_sharing=NAN if unknown else saved,
        mean_reward=float(scored.mean()) if len(scored) else float("nan"),
        seconds=round(seconds, 3),
        tokens_per_second=round(total("tokens_generated", fresh) / seconds, 1) if seconds > 0 else 0.0,
        failed=len(reasons),
        first_failure=next(iter(reasons), ""),
    )


def distinct(forest: Forest) -> int:
    """Trajectories of different text, root to leaf."""
    texts = {
        tuple((forest.text[row], forest.observation[row]) for row in forest.topology.path(int(leaf)))
        for leaf in forest.leaves
    }
    return len(texts)
