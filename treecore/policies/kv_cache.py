"""Keys and values of many branches in one preallocated store, each row with a length of its own.

A row of the store is a slot; a branch sits in one slot and its keys and values lie there without holes, so rows of
different length share one batch. Segments are copied out at the end of a step and copied in where a branch forks.
Knows tensors and positions; knows no tokens, no text and no tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

FIRST_LENGTH = 64


@dataclass(frozen=True)
class Segment:
    """Keys and values of a run of tokens, one tensor `[heads, n, dim]` a layer each."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        """Tokens."""
        return int(self.keys[0].shape[1])

    def cut(self, n: int) -> tuple[Segment, Segment]:
        """The first `n` tokens and the others; nothing is copied."""
        n = min(n, self.size)
        head = Segment(tuple(one[:, :n] for one in self.keys), tuple(one[:, :n] for one in self.values))
        tail = Segment(tuple(one[:, n:] for one in self.keys), tuple(one[:, n:] for one in self.values))
        return head, tail


@dataclass
class Feed:
    """Which rows take part in a forward pass and where their new entries go.

    Attributes:
        rows: `[B]` slots, in batch order; None when they are simply the first B.
        batch, query: `[V]` indices of the tokens that count, in the fed batch.
        slot, position: `[V]` where each of them goes in the store.
        length: keys that attention looks at.
    """

    rows: Tensor | None
    batch: Tensor
    query: Tensor
    slot: Tensor
    position: Tensor
    length: int


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]
    """Keys and values of one layer, `[slots, heads, length, dim]`; grows both ways to what is used."""

    is_sliding = False
    supports_early_init = False

    def __init__(self) -> None:
        super().__init__()
        self.slots = self.length = 0
        self.feed: Feed | None = None

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Make the store for the shapes that this layer turns out to have."""
        self.keys = self._empty(key_states)
        self.values = self._empty(value_states)
        self.is_initialized = True

    def _empty(self, like: Tensor) -> Tensor:
        shape = (self.slots, like.shape[1], self.length, like.shape[3])
        return torch.zeros(shape, dtype=like.dtype, device=like.device)

    def reserve(self, slots: int, length: int) -> None:
        """Make room for so many slots of this length; what is held stays."""
        if slots <= self.slots and length <= self.length:
            return
        held = (self.slots, self.length)
        if slots > self.slots:
            self.slots = max(slots, 2 * self.slots)
        if length > self.length:
            self.length = max(length, 2 * self.length, FIRST_LENGTH)
        if self.is_initialized:
            for name in ("keys", "values"):
                kept = getattr(self, name)
                grown = self._empty(kept)
                grown[: held[0], :, : held[1]] = kept
                setattr(self, name, grown)

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Put each row's new entries at that row's own position; returns all of them, `[B, heads, length, dim]`."""
        feed = self.feed
        assert feed is not None
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys[feed.slot, :, feed.position] = key_states[feed.batch, :, feed.query]
        self.values[feed.slot, :, feed.position] = value_states[feed.batch, :, feed.query]
        if feed.rows is None:
            n = len(key_states)
            return self.keys[:n, :, : feed.length], self.values[:n, :, : feed.length]
        return (
            self.keys[:, :, : feed.length].index_select(0, feed.rows),
            self.values[:, :, : feed.length].index_select(0, feed.rows),
        )

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        assert self.feed is not None
        return self.feed.length, 0

    def get_seq_length(self) -> int:
        return self.length

    def get_max_length(self) -> int:
        return -1


class SlotCache(Cache):  # type: ignore[misc]
    """The store of all layers.

    Args:
        layers: number of layers.
        slots: rows that may ever be used.
    """

    def __init__(self, *, layers: int, slots: int) -> None:
        super().__init__(layers=[SlotLayer() for _ in range(layers)])
        self.lengths = [0] * slots

    def plan(self, rows: Sequence[int], n_valid: Sequence[int], device: torch.device) -> Tensor:
        """Get ready to feed `n_valid[b]` tokens into slot `rows[b]`.

        Returns the mask `[B, 1, q, length]`, True where a token may look: at its own row and not ahead. Tokens beyond
        `n_valid` look at something too, so that nothing becomes NaN; they are stored nowhere.
        """
        q = max(n_valid)
        start = torch.tensor([self.lengths[row] for row in rows], device=device)
        valid = torch.arange(q, device=device)[None, :] < torch.tensor(n_valid, device=device)[:, None]
        batch, query = valid.nonzero(as_tuple=True)
        slot = torch.tensor(rows, device=device)
        length = max(self.lengths[row] + n for row, n in zip(rows, n_valid, strict=True))
        prefix = list(rows) == list(range(len(rows)))
        feed = Feed(None if prefix else slot, batch, query, slot[batch], start[batch] + query, length)
        reach = start[:, None] + torch.arange(q, device=device)[None, :]
        mask = torch.arange(length, device=device)[None, None, None, :] <= reach[:, None, :, None]
        for layer in self.layers:
            layer.reserve(max(rows) + 1, length)
            layer.feed = feed
        return mask

    def commit(self, rows: Sequence[int], n_valid: Sequence[int]) -> None:
        """The feed went through: the rows are longer now."""
        for row, n in zip(rows, n_valid, strict=True):
            self.lengths[row] += n

    def read(self, slot: int, start: int, end: int) -> Segment:
        """A copy of positions `start:end` of one slot."""
        return Segment(
            tuple(layer.keys[slot, :, start:end].clone() for layer in self.layers),
            tuple(layer.values[slot, :, start:end].clone() for layer in self.layers),
        )

    def load(self, slot: int, segments: Sequence[Segment], *, length: int | None = None) -> None:
        """Make `slot` hold these segments, one after the other, or `length` tokens of them, and nothing else."""
        sizes = [segment.size for segment in segments]
        total = sum(sizes)
        for number, layer in enumerate(self.layers if segments else ()):
            layer.reserve(slot + 1, total)
            at = 0
            for segment, size in zip(segments, sizes, strict=True):
                layer.keys[slot, :, at : at + size] = segment.keys[number]
                layer.values[slot, :, at : at + size] = segment.values[number]
                at += size
        self.lengths[slot] = total if length is None else length

    def move(self, source: int, target: int) -> None:
        """Copy one slot onto another; the source is empty afterwards."""
        n = self.lengths[source]
        for layer in self.layers:
            if layer.is_initialized:
                layer.keys[target, :, :n] = layer.keys[source, :, :n]
                layer.values[target, :, :n] = layer.values[source, :, :n]
        self.lengths[target], self.lengths[source] = n, 0
