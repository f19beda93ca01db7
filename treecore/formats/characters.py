"""How often characters stand in content: where it is long, it is searched as an array, several times as fast."""

from __future__ import annotations

import numpy as np

CHUNK = 1 << 17
SHORT = 1 << 13
"""Bytes below which content is searched faster than an array of it is."""


def occurrences(data: bytes | memoryview, character: bytes) -> int:
    """How often one character stands there."""
    if len(data) < SHORT:
        return bytes(data).count(character)
    codes, code = np.frombuffer(data, dtype=np.uint8), np.uint8(character[0])
    return sum(int(np.count_nonzero(codes[start : start + CHUNK] == code)) for start in range(0, len(codes), CHUNK))


def opening_brackets(data: bytes | memoryview) -> int:
    """Number of `{` and `[`, which differ in one bit, also those inside texts."""
    codes = np.frombuffer(data, dtype=np.uint8)
    masked, opening = np.empty(CHUNK, dtype=np.uint8), np.empty(CHUNK, dtype=bool)
    total = 0
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        n = len(chunk)
        np.bitwise_and(chunk, ~np.uint8(0x20), out=masked[:n])
        np.equal(masked[:n], 0x5B, out=opening[:n])
        total += int(np.count_nonzero(opening[:n]))
    return total
