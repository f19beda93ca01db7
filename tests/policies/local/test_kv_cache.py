"""The store: rows of their own length, no holes, copies that stand on their own."""

from __future__ import annotations

import pytest
import torch

from treecore.policies.local.kv_cache import KVCache, KVSpec, Segment

NUMBER = KVSpec(heads=1, dim=1, dtype=torch.float32)
TWO_LAYERS = ((NUMBER, NUMBER), (NUMBER, NUMBER))
KEYS, VALUES = 2, 3
"""Places of the second layer."""


def put(cache: KVCache, rows: list[int], values: list[list[float]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Feed numbers as keys, their negatives as values; returns what attention would see and where the tokens are."""
    n_valid = [len(row) for row in values]
    position, _ = cache.prepare_prefill(rows, n_valid)
    filled = [[*map(float, row), *[99.0] * (max(n_valid) - len(row))] for row in values]
    padded = torch.tensor(filled)[:, None, :, None]
    for layer in range(len(cache)):
        keys, _ = cache.update(padded, -padded, layer)
    cache.commit(rows, n_valid)
    return keys[:, 0, :, 0], position


def seen(cache: KVCache, row: int) -> list[float]:
    return cache.read(row, 0, cache.lengths[row]).parts[0][KEYS, 0, :, 0].tolist()


def test_rows_of_different_length_have_no_holes() -> None:
    cache = KVCache(specs=TWO_LAYERS, max_rows=3)
    put(cache, [0, 1, 2], [[1, 2, 3], [4], [5, 6]])
    keys, position = put(cache, [0, 1, 2], [[7], [8], []])
    assert keys.tolist() == [[1, 2, 3, 7], [4, 8, 0, 0], [5, 6, 0, 0]]
    assert position.tolist() == [[3], [1], [2]]
    assert [seen(cache, row) for row in range(3)] == [[1, 2, 3, 7], [4, 8], [5, 6]]


def test_a_chunk_goes_behind_what_its_row_holds() -> None:
    cache = KVCache(specs=TWO_LAYERS, max_rows=2)
    put(cache, [0], [[1, 2]])
    keys, position = put(cache, [1, 0], [[3], [4, 5]])
    assert position.tolist() == [[0, 1], [2, 3]]
    assert keys.tolist() == [[3, 0, 0, 0], [1, 2, 4, 5]]


def test_segments_continue_elsewhere_and_do_not_change_with_their_row() -> None:
    cache = KVCache(specs=TWO_LAYERS, max_rows=3)
    put(cache, [0], [[1, 2, 3]])
    first, second = cache.read(0, 0, 2), cache.read(0, 2, 3)
    cache.load(2, [first, second])
    put(cache, [2], [[9]])
    cache.load(0, [])
    put(cache, [0], [[7]])
    cache.load(1, [first])
    assert [seen(cache, row) for row in range(3)] == [[7], [1, 2], [1, 2, 3, 9]]
    assert cache.read(2, 0, 4).parts[0][VALUES, 0, :, 0].tolist() == [-1, -2, -3, -9]


def test_layers_of_different_kinds_stand_beside_each_other() -> None:
    wide, half = KVSpec(2, 3, torch.float32), KVSpec(1, 2, torch.bfloat16)
    cache = KVCache(specs=((wide, half), (half, wide)), max_rows=2)
    cache.prepare_prefill([0, 1], [2, 1])
    states = {kind: torch.randn(2, kind.heads, 2, kind.dim).to(kind.dtype) for kind in (wide, half)}
    cache.update(states[wide], states[half], 0)
    cache.update(2 * states[half], 2 * states[wide], 1)
    cache.commit([0, 1], [2, 1])
    segment = cache.read(0, 0, 2)
    assert [tuple(part.shape) for part in segment.parts] == [(2, 2, 2, 3), (2, 1, 2, 2)]
    for kind, part in zip((wide, half), segment.parts, strict=True):
        assert torch.equal(part[0], states[kind][0])
        assert torch.equal(part[1], 2 * states[kind][0])
    cache.load(1, segment.cut(1))
    assert all(torch.equal(one, two) for one, two in zip(cache.read(1, 0, 2).parts, segment.parts, strict=True))


def test_a_cut_segment_shares_its_memory() -> None:
    whole = Segment((torch.arange(24.0).view(2, 2, 3, 2), torch.ones(1, 2, 3, 2)))
    head, tail = whole.cut(2)
    assert (head.size, tail.size) == (2, 1)
    for before, after, part in zip(head.parts, tail.parts, whole.parts, strict=True):
        assert torch.equal(torch.cat([before, after], dim=2), part)
        assert before.data_ptr() == part.data_ptr()
    assert [one.size for one in whole.cut(9)] == [3, 0]


def test_growing_beyond_what_is_reserved_keeps_everything() -> None:
    cache = KVCache(specs=TWO_LAYERS, max_rows=4)
    put(cache, [0], [[float(i) for i in range(50)]])
    put(cache, [3], [[float(i) for i in range(200)]])
    put(cache, [0], [[50.0]])
    assert seen(cache, 0) == [float(i) for i in range(51)]


def test_move_takes_a_row_along() -> None:
    cache = KVCache(specs=TWO_LAYERS, max_rows=3)
    put(cache, [0, 1, 2], [[1], [2], [3, 4, 5]])
    cache.move(2, 0)
    assert seen(cache, 0) == [3, 4, 5]
    assert cache.lengths == [3, 1, 0]


@pytest.mark.parametrize("expected", [128, 256, 1024])
def test_growing_up_to_the_bound_seldom_moves_what_is_held(expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, shapes = KVCache(specs=TWO_LAYERS, max_rows=128, max_tokens=64 * 256), list[tuple[int, int]]()
    cache.expected = expected
    take = cache.resize
    monkeypatch.setattr(cache, "resize", lambda *shape, used: (shapes.append(shape), take(*shape, used=used)))
    for row in range(128):
        cache.reserve(row + 1, 20 + row // 2)
        cache.lengths[row] = 20 + row // 2
    for length in range(84, 129):
        cache.reserve(128, length)
    assert len(shapes) <= 12
    assert max(rows * length for rows, length in shapes) <= cache.max_tokens


def test_rows_have_room_at_once_for_what_is_expected_where_that_is_little() -> None:
    cache = KVCache(specs=TWO_LAYERS, max_rows=8)
    cache.expected = 150
    cache.reserve(2, 20)
    assert (cache.rows, cache.length) == (2, 160)
    cache.reserve(2, 161)
    assert (cache.rows, cache.length) == (2, 161)
    long = KVCache(specs=TWO_LAYERS, max_rows=8)
    long.expected = 5000
    long.reserve(2, 20)
    assert (long.rows, long.length) == (2, 64)
    long.reserve(2, 65)
    assert (long.rows, long.length) == (2, 128)
