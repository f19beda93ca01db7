"""Fixed shapes on memory that stays: few of them, and no move without notice."""

from __future__ import annotations

import torch

from treecore.policies.local.bucketed_cache import BucketedCache, bucket
from treecore.policies.local.kv_cache import KVSpec

NUMBER = KVSpec(heads=1, dim=1, dtype=torch.float32)


def test_buckets_waste_a_third_at_most() -> None:
    assert [bucket(n) for n in (1, 2, 3, 4, 5, 7, 9, 13, 17, 64, 65)] == [1, 2, 3, 4, 6, 8, 12, 16, 24, 64, 96]
    assert [bucket(n, least=64) for n in (1, 64, 65, 97, 129)] == [64, 64, 96, 128, 192]
    assert all(n <= bucket(n) and 2 * bucket(n) <= 3 * n for n in range(2, 2000))


def store(max_tokens: int) -> BucketedCache:
    return BucketedCache(specs=((NUMBER, NUMBER),) * 2, max_rows=6, max_tokens=max_tokens)


def put(cache: BucketedCache, values: list[float]) -> None:
    """Feed a number into each of the first rows."""
    cache.decode_shape(len(values), max(cache.lengths) + 1)
    cache.prepare_decode(torch.tensor(cache.lengths[: len(values)]), cache.length)
    states = torch.tensor(values, dtype=torch.float32)[:, None, None, None]
    for layer in range(2):
        cache.update(states, -states, layer)
    cache.commit(range(len(values)), [1] * len(values))


def held(cache: BucketedCache, row: int) -> list[float]:
    return cache.read(row, 0, cache.lengths[row]).parts[0][2, 0, :, 0].tolist()


def test_rows_get_longer_and_shorter_on_the_same_memory() -> None:
    cache = store(max_tokens=400)
    for number in range(70):
        put(cache, [number, 100 + number])
        if number == 0:
            assert (cache.rows, cache.length) == (6, 64)
            place = cache.stores[NUMBER].data_ptr()
    assert (cache.rows, cache.length) == (4, 96)
    assert held(cache, 0) == list(range(70))
    assert held(cache, 1) == list(range(100, 170))
    cache.lengths[1] = 10
    cache.lengths[0] = 5
    put(cache, [7, 8, 9])
    assert held(cache, 1) == [*range(100, 110), 8]
    assert cache.length == 96
    assert (cache.stores[NUMBER].data_ptr(), cache.version) == (place, 0)


def test_rows_that_became_much_too_long_are_shortened() -> None:
    cache = store(max_tokens=400)
    for number in range(130):
        put(cache, [number])
    assert (cache.rows, cache.length) == (2, 192)
    cache.lengths[0] = 12
    put(cache, [5])
    assert (cache.rows, cache.length) == (6, 64)
    assert held(cache, 0) == [*range(12), 5]


def test_memory_moves_for_a_row_that_is_longer_than_the_bound_and_after_memory_was_released() -> None:
    cache = store(max_tokens=64)
    for number in range(64):
        put(cache, [number])
    assert cache.version == 0
    put(cache, [64])
    assert (cache.version, cache.allocated) == (1, 96)
    assert held(cache, 0) == list(range(65))
    cache.release_memory()
    assert (cache.version, cache.allocated, cache.max_tokens) == (2, 32, 32)
