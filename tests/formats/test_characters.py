"""Characters counted in arrays: as many as one by one, wherever they stand."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.formats.characters import CHUNK, SHORT, occurrences, opening_brackets

SIZES = (0, 1, SHORT - 1, SHORT, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5)


@pytest.mark.parametrize("size", SIZES)
def test_as_many_as_one_by_one(size: int) -> None:
    data = np.random.default_rng(size).choice(np.frombuffer(b'[{}];",x', dtype=np.uint8), size).tobytes()
    for character in (b"[", b"{", b'"', b","):
        assert occurrences(data, character) == data.count(character)
        assert occurrences(memoryview(data), character) == data.count(character)
    assert opening_brackets(data) == data.count(b"[") + data.count(b"{")


def test_the_first_and_the_last_of_a_chunk_count() -> None:
    data = bytearray(b"x" * (CHUNK + SHORT))
    for place in (0, CHUNK - 1, CHUNK, len(data) - 1):
        data[place : place + 1] = b"{"
    assert occurrences(bytes(data), b"{") == opening_brackets(bytes(data)) == 4
