"""CUDA graphs for decoding: passes of one token a row in a few fixed shapes, each captured once as a graph.

Rows and length of a pass are rounded up to a bucket, so that few shapes occur and attention looks at little more than
the longest row. A graph is launched as a whole: the many small kernels of a step no longer wait for Python. Elsewhere
the same shapes run as they are. Knows no text and no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from treecore.errors import PolicyError
from treecore.policies.local.kv_cache import Kind, KVCache
from treecore.policies.local.memory import out_of_memory

MIN_LENGTH = 64
WARM_UPS = 2

Step = Callable[[Tensor, int], Tensor]


def bucket(n: int, *, least: int = 1) -> int:
    """The smallest of `least` times 1, 2, 3, 4, 6, 8, 12, 16, 24, ... that holds `n`."""
    size = least
    while size < n:
        if size * 3 // 2 >= n:
            return size * 3 // 2
        size *= 2
    return size


class StaticCache(KVCache):
    """A store of `tokens` positions in all, laid out as rows of the length that is needed now.

    Its stores are views of buffers that stay where they are while these are large enough; where a row of one length
    begins does not depend on how many there are. Arguments as of `KVCache`.

    Attributes:
        capacity: positions that there is memory for; more than `tokens` only where one row is longer.
        version: counts the times that the memory moved.
    """

    def __init__(
        self, *, kinds: Sequence[tuple[Kind, Kind]], slots: int, tokens: int, device: torch.device | None = None
    ) -> None:
        super().__init__(kinds=kinds, slots=slots, tokens=tokens, device=device)
        self.version = 0
        self.capacity = tokens
        self._buffers: dict[Kind, Tensor] = {}

    def moved(self, kind: Kind, shape: tuple[int, ...], kept: Tensor | None) -> Tensor:
        """As of every store; what stays goes over by a copy, as old and new shape share the memory."""
        copy = None if kept is None else kept.clone()
        size = prod(shape)
        if kind not in self._buffers or self._buffers[kind].numel() < size:
            room = max(size, self.capacity * shape[1] * kind.heads * kind.dim)
            self._buffers[kind] = torch.zeros(room, dtype=kind.dtype, device=self.device)
        store = self._buffers[kind][:size].view(shape)
        if copy is not None:
            store[: copy.shape[0], :, :, : copy.shape[3]] = copy
        return store

    def empty(self) -> None:
        """Hold nothing, in a shape that is chosen anew; the memory stays where it is."""
        self.lengths = [0] * len(self.lengths)
        self.rows = self.length = 0

    def fits(self, rows: int, length: int) -> bool:
        return rows <= 1 or bucket(rows) * bucket(length, least=MIN_LENGTH) <= self.tokens

    def reserve(self, rows: int, length: int) -> None:
        """As of every store; rows that became much too long are made shorter again."""
        size = bucket(max(length, *self.lengths), least=MIN_LENGTH)
        if rows <= self.rows and size <= self.length < 2 * size:
            return
        used = self.used
        rows = max(bucket(max(rows, used)), min(self.tokens // size, bucket(len(self.lengths))))
        if rows * size > self.capacity:
            self.capacity = rows * size
            self.version += 1
        self.take_shape(rows, size, rows=used)

    def step_shape(self, rows: int, length: int) -> tuple[int, int]:
        rows = bucket(rows)
        self.reserve(rows, length)
        return rows, self.length

    def retreat(self) -> None:
        """As of every store; the next has half the size."""
        super().retreat()
        self._buffers.clear()
        self.capacity = self.tokens = max(self.tokens // 2, 1)
        self.version += 1


class Captured(NamedTuple):
    """A graph, the tensor that it reads from and the one that it writes to."""

    graph: Any
    fed: Tensor
    logits: Tensor


class StaticSteps:
    """A step of one token a row, captured for each shape on CUDA, and run as it is elsewhere.

    Args:
        cache: the store that the step works on.
        step: ids and positions `[2, B]` and the length of the pass -> logits `[B, V]`.
    """

    def __init__(self, cache: StaticCache, step: Step) -> None:
        self.cache, self.step = cache, step
        self._graphs: dict[tuple[int, int], Captured] = {}
        self._version = cache.version

    def forget(self) -> None:
        """Drop all graphs."""
        self._graphs.clear()

    def __call__(self, fed: Tensor, length: int) -> Tensor:
        """Logits `[B, V]` of a step.

        Raises:
            PolicyError: the model does something that cannot be captured.
        """
        if self.cache.device.type != "cuda":
            return self.step(fed, length)
        if self._version != self.cache.version:
            self.forget()
            self._version = self.cache.version
        shape = (fed.shape[1], length)
        if shape not in self._graphs:
            self._graphs[shape] = self._capture(fed, length)
        held = self._graphs[shape]
        held.fed.copy_(fed)
        held.graph.replay()
        return held.logits.clone()

    def _capture(self, fed: Tensor, length: int) -> Captured:
        """Run the step a few times, which changes nothing, and capture it."""
        fed = fed.clone()
        try:
            beside: Any = torch.cuda.Stream(self.cache.device)  # type: ignore[no-untyped-call]
            beside.wait_stream(torch.cuda.current_stream(self.cache.device))
            with torch.cuda.stream(beside):
                for _ in range(WARM_UPS):
                    self.step(fed, length)
            torch.cuda.current_stream(self.cache.device).wait_stream(beside)
            graph, others = torch.cuda.CUDAGraph(), next(iter(self._graphs.values()), None)
            with torch.cuda.graph(graph, pool=None if others is None else others.graph.pool()):
                logits = self.step(fed, length)
        except RuntimeError as error:
            if out_of_memory(error):
                raise
            raise PolicyError(f"a step of this model cannot be captured ({error})", todo="leave static out") from error
        return Captured(graph, fed, logits)
