"""Append the steps that a continuation wrote to a recorded forest; the steps it had stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treecore.core.builder import StepTokens, pack_tokens
from treecore.core.columns import TOKEN_COLUMNS
from treecore.core.forest import Forest, NodeId
from treecore.rollouts.trajectory import GrowingStep

MAX_NUMBER = 15
"""Digits of the largest id that new ones go on from; no such number is near the end of what JSON readers keep."""


def append_steps(forest: Forest, parent: Sequence[int], rows: Sequence[GrowingStep]) -> Forest:
    """The forest with `rows` after its own; their `parent` are rows of the result.

    New ids go on from the largest number among the old ones; `born` goes on as well.
    """
    if not rows:
        return forest
    first = len(forest)
    nothing = np.full(len(rows), np.nan)
    born = np.where(forest.born < 0, np.arange(first), forest.born)
    extra = {**forest.node_extra}
    extra |= {first + place: {**row.note, **row.extra} for place, row in enumerate(rows) if row.note or row.extra}
    changes: dict[str, Any] = {
        "parent": np.concatenate([forest.parent, np.asarray(parent, dtype=np.int64)]),
        "node_id": (*forest.node_id, *new_ids(forest.node_id, len(rows))),
        "text": [*forest.text, *(row.text for row in rows)],
        "observation": [*forest.observation, *(row.observation for row in rows)],
        "reward": np.concatenate([forest.reward, [row.reward for row in rows]]),
        "status": np.concatenate([forest.status, [-1 if row.status is None else row.status for row in rows]]),
        "born": np.concatenate([born, born.max() + 1 + np.arange(len(rows))]),
        "tokens": pack_tokens([*recorded_tokens(forest), *(row.tokens for row in rows)]),
        "columns": {name: np.concatenate([values, nothing]) for name, values in forest.columns.items()},
        "claimed": {name: np.concatenate([values, nothing]) for name, values in forest.claimed.items()},
        "node_extra": extra,
    }
    for name in ("n_model_tokens", "n_obs_tokens"):
        changes[name] = np.concatenate([getattr(forest, name), np.full(len(rows), -1)])
    return forest.with_columns(**changes)


def new_ids(ids: Sequence[NodeId], n: int) -> list[NodeId]:
    """`n` whole numbers that no id is, read as text or not."""
    numbers = [int(text) for text in map(str, ids) if text.isdecimal() and len(text) <= MAX_NUMBER]
    start = max(numbers, default=len(ids) - 1) + 1
    return list(range(start, start + n))


def recorded_tokens(forest: Forest) -> list[StepTokens | None]:
    """Tokens of each node as they were recorded."""
    table = forest.tokens
    if table is None:
        return [None] * len(forest)
    columns = {one.name: values for one in TOKEN_COLUMNS if (values := getattr(table, one.name)) is not None}
    ends = table.start.tolist()
    return [
        StepTokens(**{name: values[ends[row] : ends[row + 1]] for name, values in columns.items()})
        for row in range(len(forest))
    ]
