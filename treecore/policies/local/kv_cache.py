"""The KV cache: keys and values of all running sequences, a row for each, in memory that grows with the batch.

A sequence has one row and its keys and values lie there without holes, so rows of different length share one batch.
Segments are copied out at the end of a step and copied in where a branch forks.
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
from treecore.policies.local.varlen_attention import VarlenRows

FIRST_LENGTH = 64
STEP = 16
MAX_PREALLOCATED = 256
"""Up to this length rows have room for the longest that is expected at once: growing costs more than the memory."""
NO_BOUND = 1 << 40
NOTHING = torch.empty(0)


class KVSpec(NamedTuple):
    """What a layer keeps of a token as its key, or as its value: `dim` numbers for each of its heads."""

    heads: int
    dim: int
    dtype: torch.dtype


@dataclass(frozen=True)
class Segment:
    """Keys and values of a run of tokens.

    Attributes:
        parts: `[k, heads, n, dim]` for each spec of the layers, in all `k` places that have it.
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
class AttentionMetadata:
    """Which rows take part in a forward pass and where their new entries go.

    Attributes:
        row, position: `[V]` where each token that counts goes in the store.
        length: keys that attention looks at.
        rows: `[B]` rows of the store, in batch order; None when they are simply the first B.
        batch, query: `[V]` indices of the tokens that count, in the fed batch; None when it is one a row.
        varlen: the rows where attention is to look at them in the flat store, each up to its own end; None elsewhere.
    """

    row: Tensor
    position: Tensor
    length: int
    rows: Tensor | None = None
    batch: Tensor | None = None
    query: Tensor | None = None
    varlen: VarlenRows | None = None


class KVCacheLayer(CacheLayerMixin):  # type: ignore[misc]
    """Keys and values of one layer, `[rows, heads, length, dim]`: its part of the store.

    Attributes:
        flat: its keys and its values as `[N, dim]`; entries of the same row, head and position are at the same place
            in those of all layers whose keys and values have one spec.
        metadata: of the next pass.
    """

    is_sliding = False
    supports_early_init = False

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.values = NOTHING, NOTHING
        self.flat = {"keys": NOTHING, "values": NOTHING}
        self.is_initialized = True
        self.metadata: AttentionMetadata | None = None

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing to do: the store makes room for all layers."""

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Put each row's new entries at that row's own position; returns all of them, `[B, heads, length, dim]`.

        Returns the flat store where attention is to look at rows in that.
        """
        to = self.metadata
        assert to is not None
        if to.varlen is not None:
            keys, values = self.flat["keys"], self.flat["values"]
            keys.index_copy_(0, to.varlen.new, key_states.reshape(-1, keys.shape[1]))
            values.index_copy_(0, to.varlen.new, value_states.reshape(-1, values.shape[1]))
            return keys, values
        if to.batch is None:
            self.keys[to.row, :, to.position] = key_states[:, :, 0]
            self.values[to.row, :, to.position] = value_states[:, :, 0]
        else:
            self.keys[to.row, :, to.position] = key_states[to.batch, :, to.query]
            self.values[to.row, :, to.position] = value_states[to.batch, :, to.query]
        if to.rows is None:
            n = len(key_states)
            return self.keys[:n, :, : to.length], self.values[:n, :, : to.length]
        return (
            self.keys[:, :, : to.length].index_select(0, to.rows),
            self.values[:, :, : to.length].index_select(0, to.rows),
        )

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        assert self.metadata is not None
        return self.metadata.length, 0

    def get_seq_length(self) -> int:
        return int(self.keys.shape[-2])

    def get_max_length(self) -> int:
        return -1

    get_max_cache_shape = get_max_length  # its name in earlier releases of transformers


class KVCache(Cache):  # type: ignore[misc]
    """The store of all layers; grows both ways to what is used.

    All that is kept with one spec is one tensor, so that a run of tokens is copied in one go.

    Args:
        specs: what each layer keeps as key and as value.
        max_rows: that may ever be used.
        max_tokens: most that it makes room for, rows x positions, unless one row alone is longer.
        device: where passes run.

    Attributes:
        lengths: positions of each row that count.
        expected: length that rows may come to, as far as it is known.
        rows, length: shape of the store.
        stores: `[rows, k, heads, length, dim]` for each spec, with `k` places that have it; empty before the first use.
    """

    def __init__(
        self,
        *,
        specs: Sequence[tuple[KVSpec, KVSpec]],
        max_rows: int,
        max_tokens: int = NO_BOUND,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(layers=[KVCacheLayer() for _ in specs])
        self._places: dict[KVSpec, list[tuple[KVCacheLayer, str]]] = {}
        for layer, pair in zip(self.layers, specs, strict=True):
            for name, spec in zip(("keys", "values"), pair, strict=True):
                self._places.setdefault(spec, []).append((layer, name))
        self.lengths, self.expected = [0] * max_rows, FIRST_LENGTH
        self.max_tokens, self.device = max_tokens, device or torch.device("cpu")
        self.rows = self.length = 0
        self.stores: dict[KVSpec, Tensor] = {}

    def fits(self, rows: int, length: int) -> bool:
        """Whether so many rows of this length are within the bound; one row always is."""
        return rows <= 1 or rows * length <= self.max_tokens

    def reserve(self, rows: int, length: int) -> None:
        """Make room for so many rows of this length; what is held stays."""
        if rows <= self.rows and length <= self.length:
            return
        used = self.used
        self.resize(*self.shape_for(max(rows, used), max(length, *self.lengths)), used=used)

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
        if more * longer > self.max_tokens:
            room = math.sqrt(max(1.0, self.max_tokens / (rows * length)))
            more = max(rows, min(more, self.max_tokens // min(longer, int(length * room))))
            longer = max(length, min(longer, self.max_tokens // more))
        return more, longer

    def resize(self, rows: int, length: int, *, used: int) -> None:
        """Change the shape of every store; what the first `used` rows hold stays."""
        filled = max(self.lengths)
        for spec, places in self._places.items():
            kept = self.stores[spec][:used, :, :, :filled] if spec in self.stores else None
            store = self.reallocated(spec, (rows, len(places), spec.heads, length, spec.dim), kept)
            self.stores[spec] = store
            for place, (layer, name) in enumerate(places):
                setattr(layer, name, store[:, place])
                layer.flat[name] = flattened(store, place)
        self.rows, self.length = rows, length

    def reallocated(self, spec: KVSpec, shape: tuple[int, ...], kept: Tensor | None) -> Tensor:
        """A store of this shape that begins with what is kept.

        The rest is zeros: attention must meet numbers even where it may not look.
        """
        store = torch.zeros(shape, dtype=spec.dtype, device=self.device)
        if kept is not None:
            store[: kept.shape[0], :, :, : kept.shape[3]] = kept
        return store

    def release_memory(self) -> None:
        """Give all memory back; no row holds anything any more."""
        self.stores.clear()
        for layer in self.layers:
            layer.keys, layer.values = NOTHING, NOTHING
            layer.flat = {"keys": NOTHING, "values": NOTHING}
        self.lengths = [0] * len(self.lengths)
        self.rows = self.length = 0

    def decode_shape(self, rows: int, length: int) -> tuple[int, int]:
        """Make room for one more token in each of the first rows, up to `length`; returns the shape of that pass."""
        self.reserve(rows, length)
        return rows, length

    def prepare_decode(self, position: Tensor, length: int) -> None:
        """Get ready to feed one token into each of the first rows, at `position` `[B]`; `length` keys are looked at.

        A row that has no token to feed may be given its own next position: what comes to stand there does not count.
        """
        self._prepare(AttentionMetadata(torch.arange(len(position), device=position.device), position, length))

    def prepare_varlen_decode(self, position: Tensor) -> VarlenRows:
        """As `prepare_decode`, for attention that looks at each row up to its own end; all has one spec."""
        (store,), flat = self.stores.values(), self.layers[0].flat["keys"]
        rows = VarlenRows(position + 1, shape=store.shape[1:4], size=len(flat))
        self._prepare(AttentionMetadata(position, position, self.length, varlen=rows))
        return rows

    def prepare_prefill(self, rows: Sequence[int], n_valid: Sequence[int]) -> tuple[Tensor, int]:
        """Get ready to feed `n_valid[b]` tokens into row `rows[b]`; those beyond them are stored nowhere.

        Returns the position `[B, q]` of each token, and how many keys are looked at.
        """
        q, device = max(n_valid), self.device
        row = torch.tensor(rows, device=device)
        start = torch.tensor([self.lengths[one] for one in rows], device=device)
        valid = torch.arange(q, device=device)[None, :] < torch.tensor(n_valid, device=device)[:, None]
        batch, query = valid.nonzero(as_tuple=True)
        length = max(self.lengths[one] + n for one, n in zip(rows, n_valid, strict=True))
        self.reserve(max(rows) + 1, length)
        first = list(rows) == list(range(len(rows)))
        self._prepare(AttentionMetadata(row[batch], start[batch] + query, length, None if first else row, batch, query))
        return start[:, None] + torch.arange(q, device=device)[None, :], length

    def _prepare(self, metadata: AttentionMetadata) -> None:
        for layer in self.layers:
            layer.metadata = metadata

    def commit(self, rows: Sequence[int], n_valid: Sequence[int]) -> None:
        """The pass went through: the rows are longer now."""
        for row, n in zip(rows, n_valid, strict=True):
            self.lengths[row] += n

    def read(self, row: int, start: int, end: int, *, on_host: bool = False) -> Segment:
        """A copy of positions `start:end` of one row."""
        return Segment(tuple(duplicate(store[row, :, :, start:end], on_host=on_host) for store in self.stores.values()))

    def load(self, row: int, segments: Sequence[Segment], *, length: int | None = None) -> None:
        """Make `row` hold these segments, one after the other, or `length` tokens of them, and nothing else."""
        sizes = [segment.size for segment in segments]
        total = sum(sizes)
        self.lengths[row] = 0
        if segments:
            self.reserve(row + 1, total)
        at = 0
        for segment, size in zip(segments, sizes, strict=True):
            for store, part in zip(self.stores.values(), segment.parts, strict=True):
                store[row, :, :, at : at + size] = part
            at += size
        self.lengths[row] = total if length is None else length

    def move(self, source: int, target: int) -> None:
        """Copy one row onto another; the source is empty afterwards."""
        n = self.lengths[source]
        for store in self.stores.values():
            store[target, :, :, :n] = store[source, :, :, :n]
        self.lengths[target], self.lengths[source] = n, 0


def flattened(store: Tensor, place: int) -> Tensor:
    """Entries of one place of a store, `[N, dim]`: position by position, heads, places and rows one after the other.

    It begins with those of the first row and ends with the last at which all places have an entry.
    """
    rows, places, heads, length, dim = store.shape
    size = ((rows - 1) * places + 1) * heads * length
    return store.view(-1, dim)[place * heads * length :][:size]
