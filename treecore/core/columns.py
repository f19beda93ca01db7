"""The declared columns of steps and tokens: the one table that reader, writer, schema and documents use.

Knows names, types and nulls; knows nothing about files or trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["int", "float", "text", "choice", "pairs"]


class Status(IntEnum):
    """How a node ended. Stored in files by its lower-case name."""

    OPEN = 0
    TERMINATED = 1
    TRUNCATED = 2
    FAILED = 3


STATUS_NAMES = tuple(status.name.lower() for status in Status)
DTYPES: dict[str, Any] = {"int": np.int64, "float": np.float64, "choice": np.int64}
NULLS: dict[str, Any] = {"int": -1, "float": np.nan, "text": "", "choice": -1, "pairs": ()}


@dataclass(frozen=True)
class Column:
    """One declared field.

    Attributes:
        name: as in files and on `Forest` or `TokenTable`.
        kind: `int` (null -1), `float` (null NaN), `text` (null ""), `choice` (index into `choices`, null -1),
            `pairs` (a tuple of texts with a number each, null an empty one).
        meaning: one clause for people, with units.
        minimum, maximum: smallest and largest value allowed, if any.
        choices: allowed names of a `choice`.
        unit: of its numbers; empty where it has none.
    """

    name: str
    kind: Kind
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""

    @property
    def is_array(self) -> bool:
        """Whether its values are an array of numbers, not a tuple."""
        return self.kind in DTYPES

    def empty(self, n: int) -> Any:
        """`[n]` nulls: a read-only-able array, or a tuple for text and pairs."""
        if not self.is_array:
            return (NULLS[self.kind],) * n
        return np.full(n, NULLS[self.kind], dtype=DTYPES[self.kind])

    def take(self, values: Any, places: Any) -> Any:
        """`values` of this column at `places [K]`: an array, or a list for text and pairs. `[K]`"""
        if self.is_array:
            return np.asarray(values)[places]
        return [values[place] for place in np.asarray(places, dtype=np.intp).tolist()]

    def beyond(self, values: Any) -> NDArray[np.intp]:
        """Places of `values [n]` of a `float` column that lie outside what it may hold. `[K]`"""
        low, high = self.minimum, self.maximum
        if low is None or high is None or not len(values):
            return np.empty(0, dtype=np.intp)
        if np.fmin.reduce(values) >= low and np.fmax.reduce(values) <= high:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero((values < low) | (values > high))

    @property
    def range_todo(self) -> str:
        """What to give instead of a number that lies beyond."""
        return f"give a number between {self.minimum:g} and {self.maximum:g}"

    def is_null(self, values: Any) -> NDArray[np.bool_]:
        """Where `values` of this column are not assigned. `[n]`"""
        if not self.is_array:
            return np.array([not value for value in values], dtype=bool)
        if self.kind == "float":
            return np.isnan(np.asarray(values, dtype=np.float64))
        return np.equal(np.asarray(values, dtype=np.int64), -1)


MAX_REWARD = 1e100
"""Sums of squares of rewards must fit a float; so must those of annotations."""
MAX_NATS = 1e9
"""Log probabilities, and what is made of them, are of the size of a vocabulary's logarithm."""
NATS = (-MAX_NATS, MAX_NATS)

NODE_COLUMNS = (
    Column("text", "text", "what the model wrote in this step"),
    Column("observation", "text", "what the environment answered"),
    Column("reward", "float", "outcome, in task units, on leaves only", -MAX_REWARD, MAX_REWARD, unit="the task's"),
    Column("status", "choice", "how the step ended", choices=STATUS_NAMES),
    Column("born", "int", "order of sampling", minimum=0),
    Column("n_model_tokens", "int", "tokens the model wrote in this step", minimum=0, unit="tokens"),
    Column("n_obs_tokens", "int", "tokens of the observation", minimum=0, unit="tokens"),
)
"""Columns `[N]` of a forest beside its shape (`parent`, `tree`, `node_id`)."""

TOKEN_COLUMNS = (
    Column("id", "int", "vocabulary id", minimum=0),
    Column("text", "text", "the token as text"),
    Column("logprob", "float", "log probability in the distribution it was sampled from, nats", *NATS, unit="nats"),
    Column("entropy", "float", "entropy of the model's distribution at temperature 1, in nats", *NATS, unit="nats"),
    Column(
        "confidence", "float", "minus the mean log probability of the 20 likeliest tokens, in nats", *NATS, unit="nats"
    ),
    Column("part", "int", "0 observation, 1 thought, 2 tool call, 3 answer", minimum=0),
    Column(
        "top",
        "pairs",
        "the likeliest tokens there, likeliest first, each with its log probability at temperature 1, in nats; written "
        "by `treecore rollout --record top_tokens=K`",
        *NATS,
        unit="nats",
    ),
)
"""Columns `[T]` of a token table."""
