"""Attention over rows of different length without padding, for decoding on a CPU: one new token a row.

`scaled_dot_product_attention` takes rows of one length. With one query a row and tiny heads it waits for memory, on a
CPU: it reads every row up to the longest, in an order that no processor foresees. Here scores and sums are taken by two
operations that follow lists of entries: `sampled_addmm` (a score for each entry of a sparse pattern) and
`embedding_bag` (weighted sums of rows of a table). Knows no model and no text.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

VARLEN = "treecore_varlen"
"""Name of the kind of attention, among those of the model library."""
SAFE = 60.0
"""Where the highest score of every query is within this, their exponentials need no shift to stay within float32."""
OTHERS = ("position_bias", "s_aux", "sliding_window", "softcap")
"""Arguments of attention that is of another kind when they are given."""


class Entries(NamedTuple):
    """What every head of a query looks at, `n` entries of the flat store in all.

    Attributes:
        pattern: sparse `[B x heads, N]` with an element for each entry.
        entry: `[n]` rows of the flat store.
        query: `[n]` by which of the `B x heads` queries.
        start: `[B x heads]` where the entries of each query begin.
    """

    pattern: Tensor
    entry: Tensor
    query: Tensor
    start: Tensor


class VarlenRows:
    """Where the entries of the first rows of a store lie once it is flat, see `KVCacheLayer`.

    Args:
        lengths: `[B]` entries of each row, the new one included.
        shape: places, heads and length of the store.
        size: rows of the flat store.

    Attributes:
        new: `[B x heads]` rows of the flat store that the new entries go to.
    """

    def __init__(self, lengths: Tensor, *, shape: Sequence[int], size: int) -> None:
        places, self.heads, length = shape
        row, head = torch.arange(len(lengths))[:, None], torch.arange(self.heads)
        self.lengths, self.size = lengths, size
        self.first = (row * places * self.heads + head) * length
        self.new = (self.first + lengths[:, None] - 1).flatten()
        self._entries: dict[int, Entries] = {}

    def entries(self, heads: int) -> Entries:
        """For so many heads of queries; those that share keys and values have the same."""
        found = self._entries.get(heads)
        if found is None:
            found = self._entries[heads] = self._listed(heads)
        return found

    def _listed(self, heads: int) -> Entries:
        first = self.first.repeat_interleave(heads // self.heads, dim=1).flatten()
        end = self.lengths.repeat_interleave(heads).cumsum(0)
        bounds = torch.cat([end.new_zeros(1), end])
        start = bounds[:-1]
        query = torch.repeat_interleave(end - start)
        entry = (first - start)[query] + torch.arange(len(query))
        return Entries(sparse(bounds, columns=entry, shape=(len(start), self.size)), entry, query, start)


def sparse(bounds: Tensor, *, columns: Tensor, shape: tuple[int, int]) -> Tensor:
    """A pattern with elements in these columns, those of each row between two bounds."""
    return torch.sparse_csr_tensor(bounds, columns, torch.zeros(len(columns)), shape, check_invariants=False)


_rows: ContextVar[VarlenRows | None] = ContextVar("rows", default=None)


@contextmanager
def attending_to(rows: VarlenRows) -> Iterator[None]:
    """Passes in which attention gets flat keys and values, and looks at these rows of them."""
    token = _rows.set(rows)
    try:
        yield
    finally:
        _rows.reset(token)


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """As the model library calls it; with padding, by its own function, where no rows are looked at.

    Raises:
        ValueError: the model asks for attention of another kind.
    """
    rows = _rows.get()
    if rows is None:
        padded = ALL_ATTENTION_FUNCTIONS["sdpa"]
        found: tuple[Tensor, None] = padded(module, query, key, value, attention_mask, scaling=scaling, **more)
        return found
    if other := [name for name in OTHERS if more.get(name) is not None]:
        raise ValueError(f"attention with {', '.join(other)} is of another kind")
    batch, heads, _, dim = query.shape
    scale = dim**-0.5 if scaling is None else scaling
    out = weighted(query.reshape(batch * heads, dim), rows.entries(heads), keys=key, values=value, scale=scale)
    return out.view(batch, 1, heads, -1), None


def weighted(query: Tensor, entries: Entries, *, keys: Tensor, values: Tensor, scale: float) -> Tensor:
    """For each query `[n, dim]` the mean of the values that it looks at, by the softmax of its scores.

    Args:
        keys, values: flat, `[N, dim]`.
    """
    pattern, entry, row, start = entries
    scores = torch.sparse.sampled_addmm(pattern, query, keys.t(), beta=0.0, alpha=scale).values()
    begin = start.numpy()
    highest = np.maximum.reduceat(scores.numpy(), begin)
    if np.abs(highest).max() > SAFE:
        scores.sub_(torch.from_numpy(highest)[row])
    weight = scores.exp_()
    total = torch.from_numpy(np.add.reduceat(weight.numpy(), begin))
    summed: Tensor = torch.embedding_bag(values, entry, start, False, 0, False, weight)[0]
    return summed.div_(total[:, None])


ALL_ATTENTION_FUNCTIONS.register(VARLEN, attention)
with warnings.catch_warnings():
    # torch says once in a process that this kind of tensor is in beta
    warnings.simplefilter("ignore")
    sparse(torch.zeros(1, dtype=torch.int64), columns=torch.zeros(0, dtype=torch.int64), shape=(0, 0))
