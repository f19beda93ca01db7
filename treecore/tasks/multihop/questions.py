"""Questions of one to three look-ups over the knowledge base: compose, parse, split. Knows no rewards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from zlib import crc32

from treecore.errors import TaskError
from treecore.tasks.multihop.knowledge import ATTRIBUTES, PERSONS, RELATIONS, knowledge_base

MAX_HOPS = 3
_HELD_OUT_SHARE = 4
_SHAPE = re.compile(r"(?:who|where|what) is((?: the [a-z]+ of)+) ([a-z]+)")


@dataclass(frozen=True)
class Question:
    """Start at `person` and follow `words` in order; an attribute may only come last."""

    person: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """As a person would ask: `where is the home of the boss of paul ?`."""
        last = self.words[-1]
        head = "who" if last in RELATIONS else "where" if last == "home" else "what"
        chain = " of ".join(f"the {word}" for word in reversed(self.words))
        return f"{head} is {chain} of {self.person} ?"

    @property
    def held_out(self) -> bool:
        """True for the quarter of all questions that training never sees."""
        return crc32(self.text.encode()) % _HELD_OUT_SHARE == 0


@cache
def all_questions() -> tuple[Question, ...]:
    """Every question whose path never visits a person twice, in a fixed order."""
    return tuple(question for question in _enumerate() if not _revisits(question))


def _enumerate() -> Iterator[Question]:
    for hops in range(1, MAX_HOPS + 1):
        for relations in product(RELATIONS, repeat=hops - 1):
            for last, person in product((*RELATIONS, *ATTRIBUTES), PERSONS):
                yield Question(person, (*relations, last))


def _revisits(question: Question) -> bool:
    seen = [question.person, *knowledge_base().follow(question.person, question.words)]
    return len(set(seen)) < len(seen)


def parse_question(text: str) -> Question:
    """Read a question that a user typed; case, extra spaces and the question mark do not matter.

    Raises:
        TaskError: not of the known shape, an unknown name or word, or too many look-ups.
    """
    match = _SHAPE.fullmatch(" ".join(text.lower().replace("?", " ").split()))
    if match is None:
        raise TaskError(
            f"{text.strip()!r} is not a question this task understands",
            todo="ask like 'where is the home of the teacher of the boss of paul ?'",
        )
    words = tuple(reversed(re.findall(r"the ([a-z]+) of", match.group(1))))
    _check(match.group(2), words)
    return Question(match.group(2), words)


def _check(person: str, words: tuple[str, ...]) -> None:
    if person not in PERSONS:
        raise TaskError(f"nobody is called {person!r}", todo=f"the known names are {', '.join(PERSONS)}")
    if len(words) > MAX_HOPS:
        raise TaskError(f"the question has {len(words)} look-ups", todo=f"ask for at most {MAX_HOPS}")
    for place, word in enumerate(words):
        if word in RELATIONS or (word in ATTRIBUTES and place == len(words) - 1):
            continue
        if word in ATTRIBUTES:
            raise TaskError(f"{word!r} has no boss, home or the like", todo=f"put 'the {word} of' first")
        raise TaskError(
            f"nothing is known about {word!r}",
            todo=f"relations are {', '.join(RELATIONS)}; attributes are {', '.join(ATTRIBUTES)}",
        )
