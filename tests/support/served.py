"""A growth that needs no model: what each request writes is a function of where it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treecore.core.columns import Status
from treecore.policies.base import Completion
from treecore.protocols import Prompt
from treecore.samplers.registry import Expand, Growing, Recite, Request

NAN = float("nan")
Write = Callable[["Served", Expand], list["Row"]]


@dataclass
class Row:
    """See `treecore.samplers.registry.Seen`."""

    text: str = ""
    reward: float = NAN
    open: bool = True
    observation: str = ""
    status: Status | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, float] = field(default_factory=dict)

    @property
    def own(self) -> Completion:
        return Completion()


class Served:
    """See `treecore.samplers.registry.Growth`.

    Args:
        write: rows that a request adds, the first step first.
        gold: rows that a recitation adds.
    """

    def __init__(self, write: Write, *, gold: list[Row] | None = None, target: int | None = None) -> None:
        self.prompt = Prompt("served-1", "say a or b", "say a or b", "b")
        self.parent: list[int] = []
        self.fork: list[int] = []
        self.nodes: list[Row] = []
        self.vocabulary_size = 0
        self.random = np.random.default_rng(0)
        self.notes: dict[str, Any] = {}
        self.target = target
        self.waves: list[list[Request]] = []
        self._write, self._gold = write, gold or []

    def add(self, above: int, row: Row) -> int:
        self.parent.append(above)
        self.fork.append(-1)
        self.nodes.append(row)
        return len(self.nodes) - 1

    def serve(self, growing: Growing) -> None:
        """Run a sampler to its end."""
        rows: list[int] | None = None
        while True:
            try:
                wave = next(growing) if rows is None else growing.send(rows)
            except StopIteration:
                return
            self.waves.append(list(wave))
            rows = [self._serve_one(request) for request in wave]

    def _serve_one(self, request: Request) -> int:
        rows = self._gold if isinstance(request, Recite) else self._write(self, request)
        node = None if isinstance(request, Recite) else request.node
        at = self.add(-1, Row()) if node is None else node
        assert self.nodes[at].open
        for row in rows:
            at = self.add(at, row)
        return at

    def column(self, name: str) -> list[float]:
        return [row.columns.get(name, NAN) for row in self.nodes]

    def depth(self, row: int | None) -> int:
        depth = 0
        while row is not None and self.parent[row] >= 0:
            row, depth = self.parent[row], depth + 1
        return depth
