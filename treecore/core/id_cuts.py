"""Where trajectories part by their token ids, and how far their words go along. Knows trees, texts and tokens.

Ids may be recorded without the text of each token. Then the words that belong to tokens which answers share are those
in which they are alike, up to the beginning of the word in which they differ.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from treecore.core.forest import Forest
from treecore.core.topology import IntArray
from treecore.core.transforms import split

WORD = re.compile(r" ?[^\W\u3040-\u9fff]*$")
"""A word at the end of a text, with the blank before it, as most vocabularies part them; signs that need no blanks
between words are words of their own."""
Cuts = dict[int, dict[int, int]]
"""Row -> number of tokens before a cut -> characters of its text before it; 0 where tokens have texts."""


def has_all_tokens(forest: Forest) -> bool:
    """Whether every token that the model wrote is recorded with its text or its id, so that answers can be compared."""
    table = forest.tokens
    if table is None:
        return False
    held = bool((forest.n_model_tokens <= np.diff(table.start)).all())
    if table.text is not None:
        return held
    has_words = np.array([text != "" for text in forest.text])
    return held and table.id is not None and bool((forest.n_model_tokens[has_words] > 0).all())


def cut_where_parting(forest: Forest) -> Forest:
    """Steps cut where trajectories with a common beginning part; the forest must have `has_all_tokens`."""
    if not (cuts := cuts_between(forest)):
        return forest
    assert forest.tokens is not None
    return split(forest, cuts, texts=forest.tokens.text or stand_ins(forest, cuts))


def cuts_between(forest: Forest) -> Cuts:
    """Tokens inside of steps where trajectories with a common beginning part."""
    table = forest.tokens
    assert table is not None
    topology, own = forest.topology, forest.n_model_tokens
    names: Any = table.id if table.id is not None else table.text
    assert names is not None
    cuts: Cuts = {}
    groups = [[(int(row), 0) for row in _below(forest, topology.roots)]]
    while groups:
        parted: dict[Hashable, list[tuple[int, int]]] = {}
        for row, at in groups.pop():
            if at < own[row]:
                parted.setdefault(names[table.start[row] + at], []).append((row, at))
        for sharing in parted.values():
            together = [(row, at) for row, at in sharing if at + 1 < own[row] or not topology.is_leaf[row]]
            if len(together) < 2:
                continue
            length = 1
            while _agree(forest, names, together, length):
                length += 1
            begun = {row: cuts[row][at] if at else 0 for row, at in together}
            alike = 0 if table.text is not None else words_alike([forest.text[row][n:] for row, n in begun.items()])
            following: dict[str, list[tuple[int, int]]] = {}
            for row, at in together:
                stop = at + length
                if stop < own[row]:
                    cuts.setdefault(row, {})[stop] = begun[row] + alike
                    following.setdefault("", []).append((row, stop))
                else:
                    children = [(int(child), 0) for child in topology.children(row)]
                    following.setdefault(forest.observation[row], []).extend(children)
            groups.extend(group for group in following.values() if len(group) > 1)
    return cuts


def stand_ins(forest: Forest, cuts: Mapping[int, Mapping[int, int]]) -> list[str]:
    """Texts of tokens without one, of which only those between two cuts together are right. `[T]`"""
    assert forest.tokens is not None
    found = [""] * forest.tokens.total
    for row, places in cuts.items():
        start, before = int(forest.tokens.start[row]), 0
        for stop, chars in sorted(places.items()):
            found[start + stop - 1] = forest.text[row][before:chars]
            before = chars
    return found


def words_alike(texts: list[str]) -> int:
    """Characters of the words that all begin with; of the characters where they differ inside their first word."""
    first, last = min(texts), max(texts)
    differ = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    alike = first[: next(differ, len(first))]
    if not any(text[len(alike) : len(alike) + 1].isalnum() for text in texts):
        return len(alike)
    return WORD.search(alike).start() or len(alike)  # type: ignore[union-attr]  # it matches nothing at least


def _below(forest: Forest, rows: IntArray) -> list[int]:
    """Rows, each empty root replaced by its children."""
    found: list[int] = []
    for row in rows:
        found.extend(forest.topology.children(int(row)).tolist() if forest.is_prompt[row] else [int(row)])
    return found


def _agree(forest: Forest, names: Any, together: list[tuple[int, int]], length: int) -> bool:
    """Whether all have one more token in common; the last token of a leaf is always its own."""
    assert forest.tokens is not None
    found = set()
    for row, at in together:
        left = forest.n_model_tokens[row] - at - length
        if left < (2 if forest.topology.is_leaf[row] else 1):
            return False
        found.add(names[forest.tokens.start[row] + at + length])
    return len(found) == 1
