"""What a side wrote and computed, counted, and the speeds and ratios that follow. Runs no model and knows no task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from treecore.bench.measure import Spent
from treecore.bench.rollout_generate import Row
from treecore.core.forest import Forest

MEANINGFUL_BYTES = 256 << 20
"""Weights below this may stay in a processor's caches, and the memory is no limit."""


@dataclass(frozen=True)
class RolloutCounts:
    """What one side wrote and computed. `cache_reads` are tokens whose keys and values were read, over all passes."""

    trajectories: int
    tokens_sampled: int
    tokens_computed: int
    tokens_in_trajectories: int
    ended_by_length: int
    cache_reads: int


@contextmanager
def passes(policy: Any) -> Iterator[list[tuple[int, int]]]:
    """Rows and width of every pass that sessions of a policy ask of its model in the meantime."""
    shapes: list[tuple[int, int]] = []
    make, watched = policy.session, []

    def session(**params: Any) -> Any:
        made = make(**params)
        feed = made.runner.feed

        def noted(rows: Sequence[int], tokens: Sequence[Sequence[int]]) -> Any:
            shapes.append((len(rows), max(map(len, tokens))))
            return feed(rows, tokens)

        made.runner.feed = noted
        watched.append(made.runner)
        return made

    policy.session = session
    try:
        yield shapes
    finally:
        del policy.session
        for runner in watched:
            del runner.feed


def count_rows(rows: Sequence[Row], max_new: int) -> RolloutCounts:
    """Tokens of what `generate` wrote; its prompts go through the model once a row."""
    lengths = [(row.prompt, len(row.ids)) for row in rows]
    return RolloutCounts(
        trajectories=len(rows),
        tokens_sampled=sum(n for _, n in lengths),
        tokens_computed=sum(row.computed for row in rows),
        tokens_in_trajectories=sum(n for _, n in lengths),
        ended_by_length=sum(n >= max_new for _, n in lengths),
        cache_reads=sum(prompt + sum(range(prompt + 1, prompt + max(n, 1))) for prompt, n in lengths),
    )


def count_forests(forests: Sequence[Forest], max_new: int) -> RolloutCounts:
    """Tokens of forests without observations, as their provenance tells them, and lengths of their trajectories."""
    parts = [_count_forest(forest, max_new) for forest in forests]
    return RolloutCounts(*(sum(getattr(part, name) for part in parts) for name in RolloutCounts.__dataclass_fields__))


def _count_forest(forest: Forest, max_new: int) -> RolloutCounts:
    tokens, provenance = forest.tokens, forest.provenance
    assert tokens is not None
    prompt = int(provenance["tokens_in_forest"]) - tokens.total
    upto, reads = [0] * len(forest), 0
    for row, (above, n) in enumerate(zip(forest.parent.tolist(), np.diff(tokens.start).tolist(), strict=True)):
        before = upto[above] if above >= 0 else 0
        upto[row] = before + n
        reads += sum(range(prompt + before + 1, prompt + before + n + 1))
    ends = [upto[leaf] for leaf in forest.leaves.tolist()]
    return RolloutCounts(
        trajectories=len(ends),
        tokens_sampled=int(provenance["tokens_generated"]),
        tokens_computed=int(provenance["tokens_computed"]),
        tokens_in_trajectories=sum(ends),
        ended_by_length=sum(end >= max_new for end in ends),
        cache_reads=prompt + reads - sum(prompt + end for end in ends if end),
    )


def speeds(row: Mapping[str, Any], runs: Sequence[Spent]) -> dict[str, Any]:
    """Seconds and what was done in each."""
    wall, cpu = min(run.wall for run in runs), min(run.cpu for run in runs)
    return {
        "seconds": wall,
        "cpu_seconds": cpu,
        "runs": [{"seconds": run.wall, "cpu_seconds": run.cpu} for run in runs],
        "trajectories_per_second": row["trajectories"] / wall,
        "trajectories_per_cpu_second": row["trajectories"] / cpu,
        "tokens_in_trajectories_per_second": row["tokens_in_trajectories"] / wall,
        "tokens_sampled_per_second": row["tokens_sampled"] / wall,
        "tokens_computed_per_second": row["tokens_computed"] / wall,
    }


def bandwidth(row: Mapping[str, Any], *, facts: Mapping[str, Any], memory: Mapping[str, Any]) -> dict[str, Any]:
    """Bytes that all passes have to read, and their share of what the memory could have moved in that time.

    The share is None where the weights are so small that caches hold them.
    """
    must = row["passes"] * facts["weight_bytes"] + row["cache_reads"] * facts["cache_bytes_per_token"]
    share = must / row["seconds"] / memory["bytes_per_second"]
    fits = facts["weight_bytes"] < MEANINGFUL_BYTES
    return {"bytes_to_read": must, "share_of_bandwidth": None if fits else share}


def ratios(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Trajectories a second of one side by those of another; by seconds on the wall, and by CPU seconds."""
    pairs = {
        "tree_to_generate": ("tree", "generate"),
        "chains_to_generate": ("chains", "generate"),
        "tree_to_chains": ("tree", "chains"),
    }
    speeds_of = {"wall": "trajectories_per_second", "cpu": "trajectories_per_cpu_second"}
    return {
        name: {kind: rows[one][speed] / rows[other][speed] for kind, speed in speeds_of.items()}
        for name, (one, other) in pairs.items()
    }
