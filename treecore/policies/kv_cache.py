"""Keys and values of many branches in one preallocated store, each row with a length of its own.

A row of the store is a slot; a branch sits in one slot and its keys and values lie there without holes, so rows of
different length share one batch. Segments are copied out at the end of a step and copied in where a branch forks.
Knows tensors and positions; knows no tokens, no text and no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from treecore.policies.memory import duplicate

FIRST_LENGTH = 64
NO_BOUND = 1 << 40
NOTHING = torch.empty(0)


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

    def on_host(self) -> Segment:
        """The same in the host's memory."""
        return Segment(tuple(one.cpu() for one in self.keys), tuple(one.cpu() for one in self.values))


@dataclass
class Feed:
    """Which rows take part in a forward pass and where their new entries go.

    Attributes:
        slot, position: `[V]` where each token that counts goes in the store.
        length: keys that attention looks at.
        rows: `[B]` slots, in batch order; None when they are simply the first B.
        batch, query: `[V]` indices of the tokens that count, in the fed batch; None when it is one a row.
    """

    slot: Tensor
    position: Tensor
    length: int
    rows: Tensor | None = None
    batch: Tensor | None = None
    query: Tensor | None = None


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]
    """Keys and values of one layer, `[slots, heads, length, dim]`."""

    is_sliding = False
    supports_early_init = False

    def __init__(self) -> None:
        super().__init__()
        self.slots = self.length = 0
        self.feed: Feed | None = None

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Make the store for the shapes that this layer turns out to have, `[..., heads, n, dim]`."""
        self.keys = self.room("keys", key_states)
        self.values = self.room("values", value_states)
        self.is_initialized = True

    def room(self, name: str, like: Tensor) -> Tensor:
        """Zeros for `name`: attention must meet numbers even where it may not look."""
        return like.new_zeros((self.slots, like.shape[-3], self.length, like.shape[-1]))

    def resize(self, slots: int, length: int, *, rows: int, filled: int) -> None:
        """Take another shape; the first `filled` positions of the first `rows` slots stay."""
        self.slots, self.length = slots, length
        if not self.is_initialized:
            return
        for name in ("keys", "values"):
            kept = getattr(self, name)[:rows, :, :filled]
            room = self.room(name, kept)
            room[: len(kept), :, : kept.shape[2]] = kept
            setattr(self, name, room)

    def release(self) -> None:
        """Give the memory back; nothing is held any more."""
        self.keys, self.values = NOTHING, NOTHING
        self.is_initialized = False
        self.slots = self.length = 0

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Put each row's new entries at that row's own position; returns all of them, `[B, heads, length, dim]`."""
        feed = self.feed
        assert feed is not None
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        if feed.batch is None:
            self.keys[feed.slot, :, feed.position] = key_states[:, :, 0]
            self.values[feed.slot, :, feed.position] = value_states[:, :, 0]
        else:
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
    """The store of all layers; grows both ways to what is used.

    Args:
        layers: number of layers.
        slots: rows that may ever be used.
        tokens: most that it makes room for, rows x positions, unless one row alone is longer.
        device: where passes run.
        layer: makes the store of one layer.

    Attributes:
        lengths: positions of each slot that count.
        rows, length: shape of the store.
    """

    def __init__(
        self,
        *,
        layers: int,
        slots: int,
        tokens: int = NO_BOUND,
        device: torch.device | None = None,
        layer: Callable[[], SlotLayer] = SlotLayer,
    ) -> None:
        super().__init__(layers=[layer() for _ in range(layers)])
        self.lengths = [0] * slots
        self.tokens, self.device = tokens, device or torch.device("cpu")
        self.rows = self.length = 0

    def fits(self, rows: int, length: int) -> bool:
        """Whether so many rows of this length are within the bound; one row always is."""
        return rows <= 1 or rows * length <= self.tokens

    def reserve(self, rows: int, length: int) -> None:
        """Make room for so many rows of this length; what is held stays."""
        if rows <= self.rows and length <= self.length:
            return
        used = self.used
        self.take_shape(*self.shape_for(max(rows, used), max(length, *self.lengths)), rows=used)

    @property
    def used(self) -> int:
        """Rows up to the last that holds anything."""
        return max((row + 1 for row, n in enumerate(self.lengths) if n), default=0)

    def shape_for(self, rows: int, length: int) -> tuple[int, int]:
        """Rows and length to make room for: twice what there was, as long as that is within the bound."""
        wanted = self.length if length <= self.length else max(length, 2 * self.length, FIRST_LENGTH)
        length = max(length, min(wanted, self.tokens // rows))
        wanted = self.rows if rows <= self.rows else max(rows, 2 * self.rows)
        return max(rows, min(wanted, self.tokens // length, len(self.lengths))), length

    def take_shape(self, slots: int, length: int, *, rows: int) -> None:
        """Change the shape of every layer; what the first `rows` hold stays."""
        filled = max(self.lengths)
        for layer in self.layers:
            layer.resize(slots, length, rows=rows, filled=filled)
        self.rows, self.length = slots, length

    def retreat(self) -> None:
        """Give all memory back; no slot holds anything any more."""
        for layer in self.layers:
            layer.release()
        self.lengths = [0] * len(self.lengths)
        self.rows = self.length = 0

    def step_shape(self, rows: int, length: int) -> tuple[int, int]:
        """Make room for one more token in each of the first rows, up to `length`; returns the shape of that pass."""
        self.reserve(rows, length)
        return rows, length

    def single(self, position: Tensor, length: int) -> None:
        """Get ready to feed one token into each of the first rows, at `position` `[B]`; `length` keys are looked at.

        A row that has no token to feed may be given its own next position: what comes to stand there does not count.
        """
        feed = Feed(torch.arange(len(position), device=position.device), position, length)
        for layer in self.layers:
            layer.feed = feed

    def chunks(self, rows: Sequence[int], n_valid: Sequence[int]) -> tuple[Tensor, int]:
        """Get ready to feed `n_valid[b]` tokens into slot `rows[b]`; those beyond them are stored nowhere.

        Returns the position `[B, q]` of each token, and how many keys are looked at.
        """
        q, device = max(n_valid), self.device
        slot = torch.tensor(rows, device=device)
        start = torch.tensor([self.lengths[row] for row in rows], device=device)
        valid = torch.arange(q, device=device)[None, :] < torch.tensor(n_valid, device=device)[:, None]
        batch, query = valid.nonzero(as_tuple=True)
        length = max(self.lengths[row] + n for row, n in zip(rows, n_valid, strict=True))
        self.reserve(max(rows) + 1, length)
        prefix = list(rows) == list(range(len(rows)))
        feed = Feed(slot[batch], start[batch] + query, length, None if prefix else slot, batch, query)
        for layer in self.layers:
            layer.feed = feed
        return start[:, None] + torch.arange(q, device=device)[None, :], length

    def commit(self, rows: Sequence[int], n_valid: Sequence[int]) -> None:
        """The feed went through: the rows are longer now."""
        for row, n in zip(rows, n_valid, strict=True):
            self.lengths[row] += n

    def read(self, slot: int, start: int, end: int, *, on_host: bool = False) -> Segment:
        """A copy of positions `start:end` of one slot."""
        return Segment(
            tuple(duplicate(layer.keys[slot, :, start:end], on_host=on_host) for layer in self.layers),
            tuple(duplicate(layer.values[slot, :, start:end], on_host=on_host) for layer in self.layers),
        )

    def load(self, slot: int, segments: Sequence[Segment], *, length: int | None = None) -> None:
        """Make `slot` hold these segments, one after the other, or `length` tokens of them, and nothing else."""
        sizes = [segment.size for segment in segments]
        total = sum(sizes)
        self.lengths[slot] = 0
        if segments:
            self.reserve(slot + 1, total)
        for number, layer in enumerate(self.layers if segments else ()):
            if not layer.is_initialized:
                kinds = (segments[0].keys[number], segments[0].values[number])
                layer.lazy_initialization(*(one[:, :0].to(self.device) for one in kinds))
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
