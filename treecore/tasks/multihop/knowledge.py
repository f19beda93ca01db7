"""A small fictional world: who is whose boss, who lives where. Knows facts, not questions or tools."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

PERSONS = (
    "anna",
    "ben",
    "clara",
    "dan",
    "emil",
    "fay",
    "gus",
    "hana",
    "hugo",
    "iris",
    "ivan",
    "jade",
    "kurt",
    "lena",
    "milo",
    "nora",
    "otto",
    "paul",
    "pia",
    "rosa",
    "sam",
    "tom",
    "vera",
    "xena",
)
RELATIONS = ("boss", "teacher", "friend", "neighbour", "parent", "rival")
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "home": ("cairo", "dakar", "delhi", "lagos", "lima", "oslo", "paris", "prague", "quito", "rome", "seoul"),
    "job": ("baker", "farmer", "judge", "miner", "nurse", "painter", "pilot", "tailor"),
    "pet": ("cat", "dog", "ferret", "gecko", "parrot", "rabbit", "snake", "turtle"),
    "instrument": ("cello", "drum", "flute", "guitar", "harp", "piano", "trumpet", "violin"),
}
KNOWLEDGE_SEED = 7


@dataclass(frozen=True)
class KnowledgeBase:
    """Facts as `(person, relation or attribute) -> one word`; every person has every fact."""

    facts: Mapping[tuple[str, str], str]

    def lookup(self, name: str, *, word: str) -> str | None:
        """The fact, or None when there is none."""
        return self.facts.get((name, word))

    def follow(self, person: str, words: tuple[str, ...]) -> list[str]:
        """Where a chain of look-ups from `person` leads, one entry a word; KeyError if a fact is missing."""
        path: list[str] = []
        for word in words:
            person = self.facts[person, word]
            path.append(person)
        return path


@cache
def knowledge_base(seed: int = KNOWLEDGE_SEED) -> KnowledgeBase:
    """The world of `seed`. Nobody is in a relation with themselves."""
    rng = random.Random(seed)
    facts: dict[tuple[str, str], str] = {}
    for person in PERSONS:
        others = [other for other in PERSONS if other != person]
        facts.update({(person, relation): rng.choice(others) for relation in RELATIONS})
        facts.update({(person, word): rng.choice(values) for word, values in ATTRIBUTES.items()})
    return KnowledgeBase(facts)
