"""The words of steps in a list: what tells a step from its siblings is ink, what they share is muted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from treecore.analysis.frames import phrase
from treecore.core.forest import Forest
from treecore.core.numerals import whole
from treecore.core.step_text import plain
from treecore.views.labels import WORD, cut

MAX_WORDS, MAX_ANSWER, MAX_SIBLINGS = 160, 60, 64
"""Characters of a step's words and of what was answered, and siblings up to which it is compared with them."""


class RowWords(NamedTuple):
    """What a row says of a step.

    Attributes:
        pieces: text, and whether all siblings share it.
        note: which of several with the same words it is; "" where its words are its own.
        answered: what the environment answered, in one line.
    """

    pieces: tuple[tuple[str, bool], ...]
    note: str
    answered: str


def row_words(forest: Forest, row: int) -> RowWords:
    """The words of one step; its id where it has none."""
    own = words_of(forest, row)
    siblings = forest.topology.siblings(row).tolist()
    answered = cut(plain(forest.observation[row][:2000]), MAX_ANSWER)
    if not 2 <= len(siblings) <= MAX_SIBLINGS:
        return RowWords(((own, False),), "", answered)
    every = [words_of(forest, one) for one in siblings]
    same = [one for one, words in zip(siblings, every, strict=True) if words == own]
    at = same.index(row)
    if at:
        return RowWords(((own, True),), f"same words, {whole(at + 1)} of {whole(len(same))}", answered)
    return RowWords(differing_words(own, [words for words in every if words != own]), "", answered)


def words_of(forest: Forest, row: int) -> str:
    """The telling words of a step in one line."""
    return cut(phrase(forest, row) or f"step {forest.node_id[row]}", MAX_WORDS)


def differing_words(own: str, others: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Words in pieces: those that all others begin or end with too, and those that differ."""
    words, rest = WORD.findall(own), [WORD.findall(other) for other in others]
    begins = min((shared(words, other) for other in rest), default=0)
    ends = min((shared(words[::-1], other[::-1]) for other in rest), default=0)
    ends = min(ends, len(words) - begins)
    pieces = (
        ("".join(words[:begins]), True),
        ("".join(words[begins : len(words) - ends]), False),
        ("".join(words[len(words) - ends :]), True),
    )
    kept = tuple((text, is_shared) for text, is_shared in pieces if text)
    return kept if any(not is_shared for _, is_shared in kept) else ((own, False),)


def shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
