"""Similarity of texts as Python's difflib computes it, for many pairs at a time.

Difflib takes the longest run of characters that both texts have (of equals the first in `model`, of these the first
in `expert`), and goes on to the left and to the right of it. Here bit `j` of row `i` says that a run starts at
character `i` of `model` and `j` of `expert`; runs are taken from long to short, all pairs side by side. Knows only
texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from treecore.core.topology import IntArray

Words = NDArray[np.uint64]

INVALID = -1.0
POPULAR = 200
"""Characters from which on difflib's autojunk looks for frequent ones."""
WORD = 64
MAX_RUN = 64
MAX_PAIR = 1 << 12
"""Words of bits of one pair; for larger ones, and for longer runs, difflib itself is no slower."""
CHUNK = 1 << 17
"""Words of bits at a time."""
LOW_BITS = np.array([(1 << n) - 1 for n in range(WORD + 1)], dtype=np.uint64)


class Match(NamedTuple):
    """`matched` characters in order, `total` characters of both strings, and blocks `(in model, in expert, length)`."""

    matched: int
    total: int
    blocks: tuple[tuple[int, int, int], ...]

    @property
    def ratio(self) -> float:
        """`2 M / T`, or -1 where there is nothing to compare."""
        return 2.0 * self.matched / self.total if self.total else INVALID


def compare(model: str, expert: str, *, autojunk: bool = False) -> Match:
    """Characters that two steps share in order, as Python's difflib finds them (not symmetric in its arguments).

    Args:
        autojunk: Python's default, which ignores every frequent character once `expert` has 200 characters: one
            changed character among 400 can then halve the ratio.
    """
    blocks = SequenceMatcher(None, model, expert, autojunk=autojunk).get_matching_blocks()
    found = tuple((block.a, block.b, block.size) for block in blocks if block.size)
    return Match(matched=sum(size for _, _, size in found), total=len(model) + len(expert), blocks=found)


def matched_characters(pairs: Sequence[tuple[str, str]], *, autojunk: bool) -> IntArray:
    """`compare(model, expert).matched` of every pair `(model, expert)`. `[K]`"""
    matched = np.full(len(pairs), -1)
    length = np.array([(len(model), len(expert)) for model, expert in pairs], dtype=np.int64).reshape(-1, 2)
    words = -(-length[:, 1] // WORD)
    small = length[:, 0] * words <= MAX_PAIR
    small &= ~(autojunk & (length[:, 1] >= POPULAR))
    for width in np.unique(words[small]).tolist():
        group = np.flatnonzero(small & (words == width))
        group = group[np.argsort(-length[group, 0], kind="stable")]
        while len(group):
            n = max(1, CHUNK // max(1, int(length[group[0], 0]) * width))
            matched[group[:n]] = side_by_side([pairs[k] for k in group[:n].tolist()])
            group = group[n:]
    for k in np.flatnonzero(matched < 0).tolist():
        matched[k] = compare(*pairs[k], autojunk=autojunk).matched
    return matched


def side_by_side(pairs: Sequence[tuple[str, str]]) -> IntArray:
    """Matched characters of each pair, -1 where a run is longer than `MAX_RUN`. `[K]`"""
    matched = np.array([len(model) if model == expert else 0 for model, expert in pairs])
    run = equal_characters([model for model, _ in pairs], experts=[expert for _, expert in pairs])
    left = np.full(run.shape, LOW_BITS[WORD])
    rows = np.flatnonzero(matched == 0)
    run = run[rows]
    levels: list[tuple[IntArray, Words]] = []
    while len(rows) and len(levels) <= MAX_RUN:
        levels.append((rows, run))
        run = run[:, :-1] & shifted(run[:, 1:], 1)
        alive = run.any(axis=(1, 2))
        rows, run = rows[alive], run[alive]
    too_long = rows
    for length in range(len(levels), 0, -1):
        rows, run = levels[length - 1]
        free = left[rows]
        while len(rows):
            # What was taken before is at least as long, so a run whose two ends are free is free between them too.
            start = (run & free[:, : run.shape[1]] & shifted(free[:, length - 1 :], length - 1)).reshape(len(rows), -1)
            place = np.argmax(start != 0, axis=1)
            bits = start[np.arange(len(rows)), place]
            found = bits != 0
            rows, run, free = rows[found], run[found], free[found]
            matched[rows] += length
            take(free, place[found], bits[found], length)
            left[rows] = free
    matched[too_long] = -1
    return matched


def equal_characters(models: Sequence[str], *, experts: Sequence[str]) -> Words:
    """Bit `j` of row `i`: character `i` of the model's text is character `j` of the expert's. `[K, A, W]`"""
    model, expert = characters(models, 1, padding=-1), characters(experts, WORD, padding=-2)
    bits = np.packbits(model[:, :, None] == expert[:, None, :], axis=2, bitorder="little")
    return bits.view("<u8")


def characters(texts: Sequence[str], multiple: int, *, padding: int) -> NDArray[np.int32]:
    """Characters as numbers, all texts brought to one length, a multiple of `multiple`."""
    longest = max(map(len, texts))
    codes = np.full((len(texts), max(1, -(-longest // multiple)) * multiple), padding, dtype=np.int32)
    flat = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<i4")
    inside = np.arange(codes.shape[1]) < np.array(list(map(len, texts)))[:, None]
    codes[inside] = flat
    return codes


def shifted(words: Words, n: int) -> Words:
    """Rows of bits moved down by `n` places: bit `j` of the result is bit `j + n`. `[K, A, W]`"""
    whole, part = divmod(n, WORD)
    moved = words >> np.uint64(part)
    if whole:
        moved[:, :, :-whole], moved[:, :, -whole:] = moved[:, :, whole:].copy(), 0
    if part and whole + 1 < words.shape[2]:
        moved[:, :, : -whole - 1] |= words[:, :, whole + 1 :] << np.uint64(WORD - part)
    return moved


def take(free: Words, place: IntArray, bits: Words, length: int) -> None:
    """Take one run of each pair; what is free afterwards is above and left of it, or below and right of it.

    Args:
        free: `[K, A, W]`, changed in place.
        place, bits: `[K]`, the word where the run starts, counted over rows, and the word itself: its lowest bit.
        length: of all runs.
    """
    n_rows, width = free.shape[1:]
    i = (place // width)[:, None, None]
    j = place % width * WORD + np.frexp((bits & (~bits + np.uint64(1))).astype(np.float64))[1] - 1
    beyond = j[:, None] - np.arange(width) * WORD
    before = LOW_BITS[np.clip(beyond, 0, WORD)][:, None]
    behind = ~LOW_BITS[np.clip(beyond + length, 0, WORD)][:, None]
    row = np.arange(n_rows)[:, None]
    free &= np.where(row < i, before, np.where(row < i + length, np.uint64(0), behind))
