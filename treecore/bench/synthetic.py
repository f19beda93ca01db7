"""Forests made up for measurements: random shape and numbers in every column that some method needs.

Nothing in them was sampled from a model; they show speed and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.forest import Forest, TokenTable
from treecore.core.topology import IntArray
from treecore.formats.native_write import json_lines

MEAN_TOKENS = 4
N_SENTENCES = 200
WORDS = ("so", "then", "we", "add", "two", "and", "which", "gives", "five", "minus", "one", "equals", "four", "times")
DESCRIPTION = (
    "random recursive trees (each step hangs below a uniformly drawn earlier one), 0/1 rewards on all leaves, 1 to 7 "
    f"tokens a step with log probability, confidence, entropy and part, {N_SENTENCES} different sentences as texts, "
    "an observation in every second step, Monte Carlo values of 8 continuations at 9 of 10 steps"
)
"""What is made up, for people who read the figures."""


def synthetic_forests(n_forests: int, *, n_nodes: int, seed: int) -> Forests:
    """A batch of `n_forests` forests of `n_nodes` nodes each, one tree a forest.

    Args:
        seed: equal seeds give equal forests.
    """
    rng = np.random.default_rng(seed)
    total = n_forests * n_nodes
    row = np.tile(np.arange(n_nodes), n_forests)
    parent = (rng.random(total) * row).astype(np.int64) - (row == 0)
    leaf = np.ones(total, dtype=bool)
    leaf[(parent + np.arange(total) - row)[parent >= 0]] = False
    columns = node_columns(rng, row, leaf)
    start = np.concatenate([[0], np.cumsum(np.where(row == 0, 0, rng.integers(1, 2 * MEAN_TOKENS, size=total)))])
    tokens = token_columns(rng, int(start[-1]))
    freeze([parent, *columns.values(), *tokens.values()])
    sentences = [" ".join(rng.choice(WORDS, size=12)) for _ in range(N_SENTENCES)]
    spoken = rng.integers(0, N_SENTENCES, size=total).tolist()
    answered = rng.integers(0, 2, size=total).tolist()
    forests = []
    for number in range(n_forests):
        part = slice(number * n_nodes, (number + 1) * n_nodes)
        own = {name: values[part] for name, values in columns.items()}
        first, last = int(start[part.start]), int(start[part.stop])
        forests.append(
            Forest(
                parent=parent[part],
                text=["", *(sentences[choice] for choice in spoken[part][1:])],
                observation=["", *("found" if choice else "" for choice in answered[part][1:])],
                reward=own.pop("reward"),
                status=own.pop("status"),
                born=own.pop("born"),
                tokens=TokenTable(
                    start=start[part.start : part.stop + 1] - first,
                    **{name: values[first:last] for name, values in tokens.items()},
                ),
                columns=own,
                id=f"synthetic {number}",
                prompt="a made-up prompt",
            )
        )
    return Forests(forests)


def made_up_file(n_nodes: int, *, seed: int) -> bytes:
    """A `.forest.jsonl` of one such forest, with token counts and without tables of tokens."""
    forest = synthetic_forests(1, n_nodes=n_nodes, seed=seed)[0]
    plain = forest.with_columns(tokens=None, n_model_tokens=np.where(forest.parent < 0, -1, MEAN_TOKENS), columns={})
    return b"".join(json_lines([plain]))


def node_columns(rng: np.random.Generator, row: IntArray, leaf: Any) -> dict[str, Any]:
    """Declared columns and annotations of all nodes, `[N]`."""
    n = len(row)
    value = np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 9, size=n) / 8)
    return {
        "reward": np.where(leaf, rng.integers(0, 2, size=n).astype(np.float64), np.nan),
        "status": np.where(leaf, int(Status.TERMINATED), -1),
        "born": row,
        "mc_value": value,
        "mc_count": np.where(np.isnan(value), np.nan, 8.0),
        "call_ok": rng.integers(0, 2, size=n).astype(np.float64),
        "label": rng.integers(-1, 2, size=n).astype(np.float64),
    }


def token_columns(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Token columns, `[T]`."""
    return {
        "logprob": -rng.exponential(0.3, size=n),
        "entropy": rng.exponential(0.5, size=n),
        "confidence": rng.exponential(8.0, size=n),
        "part": rng.integers(0, 4, size=n),
    }


def freeze(arrays: Any) -> None:
    """Make arrays read-only, so that forests share them in place of copying."""
    for array in arrays:
        array.setflags(write=False)
