"""What is looked for in the steps: the scripts' own functions against the slow, obvious ones."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from functools import cache
from typing import Any

from browser import ROOT
from scripts import needs_node, value_in

pytestmark = needs_node
LETTERS = "abé"
QUERIES = [
    "find",
    "FIND the",
    " the ",
    "nothing found",
    "→",
    "zzz",
    "fimd",
    "find tha",
    "vera of",
    "",
    "(",
    "\\w",
    "ünï",
]


def asked(scene: dict[str, Any], queries: list[str]) -> list[list[Any]]:
    """Hits and offer of each query, as the canvas finds them."""
    given = f"const scene = {json.dumps(scene)};\nconst queries = {json.dumps(queries)};"
    every = "queries.map((one) => [hitsOf(scene, one), offerFor(scene, one)])"
    return list(value_in(ROOT / "app" / "canvas" / "js" / "search.js", every, before=given))


def scene_of(texts: list[str], order: list[int] | None = None) -> dict[str, Any]:
    label = [text[:20] for text in texts]
    return {"text": texts, "label": label, "observation": [""] * len(texts), "order": order or [*range(len(texts))]}


def hits(scene: dict[str, Any], query: str) -> list[int]:
    wanted = query.strip().lower()
    columns = ("text", "label", "observation")
    return [row for row in scene["order"] if wanted and any(wanted in scene[name][row].lower() for name in columns)]


@cache
def changes(one: str, other: str) -> int:
    """Letters to put in, take out or change."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        changes(one[1:], other[1:]) + (one[0] != other[0]), changes(one[1:], other) + 1, changes(one, other[1:]) + 1
    )


def nearest(scene: dict[str, Any], word: str) -> str:
    """The word with the fewest changes, then the most frequent, then the first of the alphabet."""
    count = Counter[str]()
    for text, label in zip(scene["text"], scene["label"], strict=True):
        count.update(re.findall(r"[^\W_]+", f"{label}\n{text}".lower()))
    return min(count, key=lambda other: (changes(word, other), -count[other], other))


def test_hits_are_all_steps_with_these_words_in_the_order_drawn() -> None:
    texts = ["Find the boss of Vera", "find nothing", "(nothing found)", "look up ünïcode → a\\w", "THE vera of", ""]
    scene = scene_of(texts, order=[5, 4, 0, 1, 2, 3])
    scene["observation"] = ["", "nothing found", "", "", "zzz?", ""]
    found = [rows for rows, _ in asked(scene, QUERIES)]
    assert found == [hits(scene, query) for query in QUERIES]
    assert found[QUERIES.index("nothing found")] == [1, 2]


def test_the_nearest_word_is_that_of_the_slow_way() -> None:
    draw = random.Random(3)
    words = ["".join(draw.choices(LETTERS, k=draw.randint(2, 7))) for _ in range(40)]
    scene = scene_of([" ".join(draw.choices(words, k=5)) for _ in range(60)])
    queries = ["".join(draw.choices(LETTERS + "x", k=draw.randint(1, 8))) for _ in range(60)]
    for query, (rows, offer) in zip(queries, asked(scene, queries), strict=True):
        if not rows:
            assert offer == nearest(scene, query), query


def test_words_that_occur_stay_in_what_is_offered() -> None:
    scene = scene_of(["find the boss of vera", "look up pia"])
    assert asked(scene, ["fnd the bos", "look vera", "xxxxxxx"]) == [[[], "find the boss"], [[], "look"], [[], "boss"]]
    assert asked(scene_of(["", ""]), ["a"]) == [[[], ""]]
