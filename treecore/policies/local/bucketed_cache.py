"""The KV cache in few fixed shapes: rows and length of a pass are rounded up to a bucket, and the memory stays.

Each shape can be captured as a CUDA graph, and attention looks at little more than the longest row. Knows
no text and no tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from treecore.policies.local.kv_cache import KVCache, KVSpec

MIN_LENGTH = 64


def bucket(n: int, *, least: int = 1) -> int:
    """The smallest of `least` times 1, 2, 3, 4, 6, 8, 12, 16, 24, ... that holds `n`."""
    size = least
    while size < n:
        if size * 3 // 2 >= n:
            return size * 3 // 2
        size *= 2
    return size


class BucketedCache(KVCache):
    """A store of `max_tokens` positions in all, laid out as rows of the length that is needed now.

    Its stores are views of buffers that stay where they are while these are large enough; where a row of one length
    begins does not depend on how many there are. Arguments as of `KVCache`.

    Attributes:
        allocated: positions that there is memory for; more than `max_tokens` only where one row is longer.
        version: counts the times that the memory moved.
    """

    def __init__(
        self,
        *,
        specs: Sequence[tuple[KVSpec, KVSpec]],
        max_rows: int,
        max_tokens: int,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(specs=specs, max_rows=max_rows, max_tokens=max_tokens, device=device)
        self.version = 0
        self.allocated = max_tokens
        self._buffers: dict[KVSpec, Tensor] = {}

    def reallocated(self, spec: KVSpec, shape: tuple[int, ...], kept: Tensor | None) -> Tensor:
        """As of every store; what stays goes over by a copy, as old and new shape share the memory."""
        copy = None if kept is None else kept.clone()
        size = prod(shape)
        if spec not in self._buffers or self._buffers[spec].numel() < size:
            room = max(size, self.allocated * shape[1] * spec.heads * spec.dim)
            self._buffers[spec] = torch.zeros(room, dtype=spec.dtype, device=self.device)
        store = self._buffers[spec][:size].view(shape)
        if copy is not None:
            store[: copy.shape[0], :, :, : copy.shape[3]] = copy
        return store

    def empty(self) -> None:
        """Hold nothing, in a shape that is chosen anew; the memory stays where it is."""
        self.lengths = [0] * len(self.lengths)
        self.rows = self.length = 0

    def fits(self, rows: int, length: int) -> bool:
        return rows <= 1 or bucket(rows) * bucket(length, least=MIN_LENGTH) <= self.max_tokens

    def reserve(self, rows: int, length: int) -> None:
        """As of every store; rows that became much too long are made shorter again."""
        size = bucket(max(length, *self.lengths), least=MIN_LENGTH)
        if rows <= self.rows and size <= self.length < 2 * size:
            return
        used = self.used
        rows = max(bucket(max(rows, used)), min(self.max_tokens // size, bucket(len(self.lengths))))
        if rows * size > self.allocated:
            self.allocated = rows * size
            self.version += 1
        self.resize(rows, size, used=used)

    def decode_shape(self, rows: int, length: int) -> tuple[int, int]:
        rows = bucket(rows)
        self.reserve(rows, length)
        return rows, self.length

    def release_memory(self) -> None:
        """As of every store; the next has half the size."""
        super().release_memory()
        self._buffers.clear()
        self.allocated = self.max_tokens = max(self.max_tokens // 2, 1)
        self.version += 1
