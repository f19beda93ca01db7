"""Append-only building of a forest, node by node: what samplers and importers use. Validates at `build`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treecore.core.columns import TOKEN_COLUMNS, Status
from treecore.core.forest import Forest, NodeId, TokenTable
from treecore.errors import ForestError

NAN = float("nan")
NAMES = tuple(column.name for column in TOKEN_COLUMNS)


@dataclass(frozen=True)
class StepTokens:
    """Tokens of one step, all columns of equal length; empty columns are absent.

    `id`, `text`, `logprob` (nats), `entropy` (nats), `confidence` (nats), `part`, `top` as in `TokenTable`.
    """

    id: Sequence[int] = ()
    text: Sequence[str] = ()
    logprob: Sequence[float] = ()
    entropy: Sequence[float] = ()
    confidence: Sequence[float] = ()
    part: Sequence[int] = ()
    top: Sequence[Sequence[tuple[str, float]]] = ()

    def __len__(self) -> int:
        return max([len(getattr(self, name)) for name in NAMES])

    def check(self, node: int | str) -> None:
        """All columns that are there have the same length.

        Raises:
            ForestError: they do not; says of which node.
        """
        found = {length for name in NAMES if (length := len(getattr(self, name)))}
        if len(found) > 1:
            lengths = {name: length for name in NAMES if (length := len(getattr(self, name)))}
            raise ForestError(f"token columns of node {node} have unequal lengths {lengths}")


@dataclass
class _Row:
    parent: int
    node_id: NodeId
    text: str
    observation: str
    reward: float
    status: int
    born: int
    tokens: StepTokens | None
    extra: dict[str, Any] = field(default_factory=dict)


class ForestBuilder:
    """Collects nodes in the order of sampling; a node's row is its place in that order.

    Args:
        meta: the forest's own fields (`id`, `prompt`, `task`, `reference`, `policy`, `sampler`, `provenance`, `extra`).
    """

    def __init__(self, **meta: Any) -> None:
        self.meta = meta
        self._rows: list[_Row] = []

    def __len__(self) -> int:
        return len(self._rows)

    def root(self, *, node_id: NodeId | None = None) -> int:
        """Start a new tree; returns the root's row."""
        return self.add(-1, node_id=node_id)

    def add(
        self,
        parent: int,
        *,
        text: str = "",
        observation: str = "",
        reward: float = NAN,
        status: Status | None = None,
        tokens: StepTokens | None = None,
        node_id: NodeId | None = None,
        extra: dict[str, Any] | None = None,
    ) -> int:
        """Append a step below row `parent` (-1 for a new tree); returns its row.

        Raises:
            ForestError: no such parent, or token columns of unequal length.
        """
        row = len(self._rows)
        if not -1 <= parent < row:
            raise ForestError(f"no node {parent} to put a step under", todo="add the parent first")
        if tokens is not None:
            tokens.check(row)
        self._rows.append(
            _Row(
                parent=parent,
                node_id=row if node_id is None else node_id,
                text=text,
                observation=observation,
                reward=reward,
                status=-1 if status is None else int(status),
                born=row,
                tokens=tokens,
                extra=dict(extra or {}),
            )
        )
        return row

    def build(self) -> Forest:
        """The forest so far, validated; the builder stays usable."""
        rows = self._rows
        return Forest(
            parent=np.array([row.parent for row in rows], dtype=np.int64),
            node_id=tuple(row.node_id for row in rows),
            text=[row.text for row in rows],
            observation=[row.observation for row in rows],
            reward=np.array([row.reward for row in rows]),
            status=np.array([row.status for row in rows]),
            born=np.array([row.born for row in rows]),
            tokens=pack_tokens([row.tokens for row in rows]),
            node_extra={i: row.extra for i, row in enumerate(rows) if row.extra},
            **self.meta,
        )


def pack_tokens(steps: Sequence[StepTokens | None]) -> TokenTable | None:
    """One token table from the tokens of each node, nulls where a node lacks a column; None when none has any."""
    if not any(steps):
        return None
    lengths = [0 if step is None else len(step) for step in steps]
    columns: dict[str, Any] = {}
    for column in TOKEN_COLUMNS:
        parts = [() if step is None else getattr(step, column.name) for step in steps]
        if not any(map(len, parts)):
            continue
        if all(isinstance(part, np.ndarray) for part in parts if len(part)) and min(map(len, parts)):
            columns[column.name] = np.concatenate(parts)
            continue
        values: list[Any] = []
        for part, length in zip(parts, lengths, strict=True):
            values.extend(part if len(part) else column.empty(length))
        columns[column.name] = values
    return TokenTable(start=np.concatenate([[0], np.cumsum(lengths)]), **columns)
