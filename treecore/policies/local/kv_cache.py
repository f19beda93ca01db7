"""The KV cache: keys and values of all running sequences in one preallocated store, a row for each.

A row of the store is a slot; a sequence has one slot and its keys and values lie there without holes, so rows of
different length share one batch. Segments are copied out at the end of a step and copied in where a branch forks.
Knows tensors and positions; knows no tokens, no text and no tree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from treecore.policies.local.memory import duplicate
from treecore.policies.local.varlen_attention import RaggedRows

FIRST_LENGTH = 64
STEP = 16
MAX_PREALLOCATED = 256
"""Up to this length rows have room for the longest that is expected at once: growing costs more than the memory."""
NO_BOUND = 1 << 40
NOTHING = torch.empty(0)


class Kind(NamedTuple):
    """What a layer keeps of a token as its key, or as its value: `dim` numbers for each of its heads."""

    heads: int
    dim: int
    dtype: torch.dtype


@dataclass(frozen=True)
class Segment:
    """Keys and values of a run of tokens.

    Attributes:
        parts: `[k, heads, n, dim]` for each kind that the layers keep, in all `k` places where they do.
    """

    parts: tuple[Tensor, ...]

    @property
    def size(self) -> int:
        """Tokens."""
        return int(self.parts[0].shape[2])

    def cut(self, n: int) -> tuple[Segment, Segment]:
        """The first `n` tokens and the others; nothing is copied."""
        n = min(n, self.size)
        head, tail = (tuple(one[:, :, part] for one in self.parts) for part in (slice(n), slice(n, None)))
        return Segment(head), Segment(tail)

    def on_host(self) -> Segment:
        """The same in the host's memory."""
        return Segment(tuple(one.cpu() for one in self.parts))


@dataclass
class Feed:
    """Which rows take part in a forward pass and where their new entries go.

    Attributes:
        slot, position: `[V]` where each token that counts goes in the store.
        length: keys that attention looks at.
        rows: `[B]` slots, in batch order; None when they are simply the first B.
        batch, query: `[V]` indices of the tokens that count, in the fed batch; None when it is one a row.
        ragged: the rows where attention is to look at them in the tables, each up to its own end; None elsewhere.
    """

    slot: Tensor
    position: Tensor
    length: int
    rows: Tensor | None = None
    batch: Tensor | None = None
    query: Tensor | None = None
    ragged: RaggedRows | None = None


class KVCacheLayer(CacheLayerMixin):  # type: ignore[misc]
    """Keys and values of one layer, `[slots, heads, length, dim]`: its part of the store.

    Attributes:
        tables: its keys and its values as `[N, dim]`; entries of the same slot, head and position are at the same place
            in the tables of all layers whose keys and values are of one kind.
    """

    is_sliding = False
    supports_early_init = False

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.values = NOTHING, NOTHING
        self.tables = {"keys": NOTHING, "values": NOTHING}
        self.is_initialized = True
        self.feed: Feed | None = None

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing to do: the store makes room for all layers."""

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Put each row's new entries at that row's own position; returns all of them, `[B, heads, length, dim]`.

        Returns the tables where attention is to look at rows in them.
        """
        feed = self.feed
        assert feed is not None
        if feed.ragged is not None:
            keys, values = self.tables["keys"], self.tables["values"]
            keys.index_copy_(0, feed.ragged.new, key_states.reshape(-1, keys.shape[1]))
            values.index_copy_(0, feed.ragged.new, value_states.reshape(-1, values.shape[1]))
            return keys, values
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
        return int(self.keys.shape[-2])

    def get_max_length(self) -> int:
        return -1

    get_max_cache_shape = get_max_length  # its name in earlier releases of transformers


class KVCache(Cache):  # type: ignore[misc]
    """The store of all layers; grows both ways to what is used.

    All that is kept of one kind is one tensor, so that a run of tokens is copied in one go.

    Args:
        kinds: what each layer keeps as key and as value.
        slots: rows that may ever be used.
        tokens: most that it makes room for, rows x positions, unless one row alone is longer.
        device: where passes run.

    Attributes:
        lengths: positions of each slot that count.
        expected: length that rows may come to, as far as it is known.
        rows, length: shape of the store.
        stores: `[rows, k, heads, length, dim]` for each kind, with `k` places that keep it; empty before the first use.
    """

    def __init__(
        self,
        *,
        kinds: Sequence[tuple[Kind, Kind]],
        slots: int,
        tokens: int = NO_BOUND,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(layers=[KVCacheLayer() for _ in kinds])
        self._places: dict[Kind, list[tuple[KVCacheLayer, str]]] = {}
        for layer, pair in zip(self.layers, kinds, strict=True):
            for name, kind in zip(("keys", "values"), pair, strict=True):
                self._places.setdefault(kind, []).append((layer, name))
        self.lengths, self.expected = [0] * slots, FIRST_LENGTH
        self.tokens, self.device = tokens, device or torch.device("cpu")
        self.rows = self.length = 0
        self.stores: dict[Kind, Tensor] = {}

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
        """Rows and length to make room for: twice what there was, or what is expected if that is little.

        Where that is beyond the bound, both ways get a like part of the room that is left: with all of it for one,
        the other would grow by one at a time, and everything be copied for each.
        """
        longer = self.length
        if length > longer:
            ahead = -(-self.expected // STEP) * STEP
            longer = max(length, ahead if ahead <= MAX_PREALLOCATED else max(2 * self.length, FIRST_LENGTH))
        more = self.rows if rows <= self.rows else min(max(rows, 2 * self.rows), len(self.lengths))
        if more * longer > self.tokens:
            room = math.sqrt(max(1.0, self.tokens / (rows * length)))
            more = max(rows, min(more, self.tokens // min(longer, int(length * room))))
            longer = max(length, min(longer, self.tokens // more))
        return more, longer

    def take_shape(self, slots: int, length: int, *, rows: int) -> None:
        """Change the shape of every store; what the first `rows` hold stays."""
        filled = max(self.lengths)
        for kind, places in self._places.items():
            kept = self.stores[kind][:rows, :, :, :filled] if kind in self.stores else None
            store = self.moved(kind, (slots, len(places), kind.heads, length, kind.dim), kept)
            self.stores[kind] = store
            for place, (layer, name) in enumerate(places):
                setattr(layer, name, store[:, place])
                layer.tables[name] = table_of(store, place)
        self.rows, self.length = slots, length

    def moved(self, kind: Kind, shape: tuple[int, ...], kept: Tensor | None) -> Tensor:
        """A store of this shape that begins with what is kept.

        The rest is zeros: attention must meet numbers even where it may not look.
        """
        store = torch.zeros(shape, dtype=kind.dtype, device=self.device)
        if kept is not None:
            store[: kept.shape[0], :, :, : kept.shape[3]] = kept
        return store

    def retreat(self) -> None:
        """Give all memory back; no slot holds anything any more."""
        self.stores.clear()
        for layer in self.layers:
            layer.keys, layer.values = NOTHING, NOTHING
            layer.tables = {"keys": NOTHING, "values": NOTHING}
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

    def ragged(self, position: Tensor) -> RaggedRows:
        """As `single`, for attention that looks at each row up to its own end; all is of one kind."""
        (store,), table = self.stores.values(), self.layers[0].tables["keys"]
        rows = RaggedRows(position + 1, shape=store.shape[1:4], size=len(table))
        feed = Feed(position, position, self.length, ragged=rows)
        for layer in self.layers:
            layer.feed = feed
        return rows

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
            tuple(duplicate(store[slot, :, :, start:end], on_host=on_host) for store in self.stores.values())
        )

    def load(self, slot: int, segments: Sequence[Segment], *, length: int | None = None) -> None:
        """Make `slot` hold these segments, one after the other, or `length` tokens of them, and nothing else."""
        sizes = [segment.size for segment in segments]
        total = sum(sizes)
        self.lengths[slot] = 0
        if segments:
            self.reserve(slot + 1, total)
        at = 0
        for segment, size in zip(segments, sizes, strict=True):
            for store, part in zip(self.stores.values(), segment.parts, strict=True):
                store[slot, :, :, at : at + size] = part
            at += size
        self.lengths[slot] = total if length is None else length

    def move(self, source: int, target: int) -> None:
        """Copy one slot onto another; the source is empty afterwards."""
        n = self.lengths[source]
        for store in self.stores.values():
            store[target, :, :, :n] = store[source, :, :, :n]
        self.lengths[target], self.lengths[source] = n, 0


def table_of(store: Tensor, place: int) -> Tensor:
    """Entries of one place of a store, `[N, dim]`: position by position, heads, places and rows one after the other.

    It begins with those of the first row and ends with the last at which all places have an entry.
    """
    rows, places, heads, length, dim = store.shape
    size = ((rows - 1) * places + 1) * heads * length
    return store.view(-1, dim)[place * heads * length :][:size]
