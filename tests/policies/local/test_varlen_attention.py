"""Attention without padding, against `scaled_dot_product_attention` with a mask."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from treecore.policies.local.kv_cache import KVCache, KVSpec
from treecore.policies.local.varlen_attention import attending_to, attention

HEADS, DIM, LENGTHS = 2, 8, (3, 1, 17, 9)
KIND = KVSpec(heads=HEADS, dim=DIM, dtype=torch.float32)
LAYERS = 3


def filled() -> KVCache:
    """A store with rows of different length, and what does not count as large as numbers get."""
    cache = KVCache(specs=[(KIND, KIND)] * LAYERS, max_rows=len(LENGTHS) + 2)
    cache.reserve(len(LENGTHS), max(LENGTHS) + 1)
    generator = torch.Generator().manual_seed(0)
    for store in cache.stores.values():
        store.fill_(torch.finfo(torch.float32).max)
        for row, length in enumerate(LENGTHS):
            held = store[row, :, :, :length]
            held.copy_(torch.randn(held.shape, generator=generator))
    cache.lengths[: len(LENGTHS)] = LENGTHS
    return cache


@pytest.mark.parametrize("scale", [None, 0.1, 300.0])
@pytest.mark.parametrize("heads", [HEADS, 3 * HEADS])
def test_it_is_attention_up_to_the_end_of_each_row(heads: int, scale: float | None) -> None:
    cache, generator = filled(), torch.Generator().manual_seed(1)
    for layer in range(LAYERS):
        query = torch.randn(len(LENGTHS), heads, 1, DIM, generator=generator)
        new = [torch.randn(len(LENGTHS), HEADS, 1, DIM, generator=generator) for _ in range(2)]
        with attending_to(cache.prepare_varlen_decode(torch.tensor(LENGTHS))):
            out, _ = attention(None, query, *cache.update(*new, layer), None, scaling=scale)
        held = cache.layers[layer]
        for row, length in enumerate(LENGTHS):
            keys, values = held.keys[row : row + 1, :, : length + 1], held.values[row : row + 1, :, : length + 1]
            assert torch.equal(keys[0, :, -1], new[0][row, :, 0])
            assert torch.equal(values[0, :, -1], new[1][row, :, 0])
            expected = scaled_dot_product_attention(
                query[row : row + 1], keys, values, scale=scale, enable_gqa=heads > HEADS
            )
            # Both are rounded in the logits, to the size of these, and a weight is off by as much as its logit.
            largest = (scale or 1.0) * float(query[row].norm(dim=-1).max() * keys.norm(dim=-1).max())
            rounding = torch.finfo(torch.float32).eps * largest
            torch.testing.assert_close(
                out[row], expected[0].transpose(0, 1), rtol=max(1e-4, rounding), atol=max(1e-5, rounding)
            )


@pytest.mark.parametrize("name", ["softcap", "s_aux", "sliding_window", "position_bias"])
def test_attention_of_another_kind_is_refused(name: str) -> None:
    cache = filled()
    query = torch.zeros(len(LENGTHS), HEADS, 1, DIM)
    with attending_to(cache.prepare_varlen_decode(torch.tensor(LENGTHS))), pytest.raises(ValueError, match=name):
        attention(None, query, *cache.update(query, query, 0), None, **{name: 3})
