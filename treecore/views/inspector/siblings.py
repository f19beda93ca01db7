"""The cards of siblings: their words part by part, what differs, which read alike, outcomes and credit. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import groupby, islice

import numpy as np

from treecore.core.forest import Forest
from treecore.core.numerals import counted, short, whole
from treecore.core.step_text import answered, step_parts
from treecore.methods.registry import Credit
from treecore.views.inspector.cards import Card, Piece, StepPart

MAX_SIBLINGS, MAX_WORDS = 40, 800
WORD = re.compile(r"\s+|\S+")


def compared(credit: Credit, row: int) -> np.ndarray:
    """The steps shown side by side: the steps taken at a fork, else the step and its siblings."""
    children = credit.shape.steps_from(row)
    rows = children if len(children) >= 2 else credit.shape.siblings(row)
    return rows if len(rows) >= 2 else np.empty(0, dtype=np.int64)


def siblings(credit: Credit, row: int) -> tuple[Card, ...]:
    """Cards of the compared steps, what differs marked, outcomes and credit beneath."""
    forest, every = credit.forests[0], compared(credit, row)
    if not len(every):
        return ()
    start, rows = nearest(every, row)
    steps = [parts_of(forest, one) or (StepPart("text", f"step {forest.node_id[one]}"),) for one in rows]
    places = branches(steps, start=start, total=len(every))
    return tuple(
        Card(
            id=str(forest.node_id[one]),
            label=pieces,
            kinds=tuple(part.kind for part in parts),
            place=place,
            note=outcomes(forest, one),
            number=credit.ends.words(float(credit.credit[one])),
            sign=sign(credit, one),
            chosen=one == row,
        )
        for one, parts, pieces, place in zip(rows, steps, differing(steps), places, strict=True)
    )


def sign(credit: Credit, row: int) -> int | None:
    """1, 0 or -1, 0 where the credit is a level; None where it is not assigned."""
    value = credit.credit[row]
    if np.isnan(value):
        return None
    return 0 if credit.is_level else int(np.sign(np.round(value, 9)))


def nearest(rows: np.ndarray, row: int) -> tuple[int, list[int]]:
    """At most 40 of the siblings, those around the chosen one, else the first; and how many come before them."""
    at = int(np.flatnonzero(rows == row)[0]) if row in rows else 0
    start = max(min(at - MAX_SIBLINGS // 2, len(rows) - MAX_SIBLINGS), 0)
    return start, [int(one) for one in rows[start : start + MAX_SIBLINGS]]


def parts_of(forest: Forest, row: int) -> tuple[StepPart, ...]:
    """All parts of a step as they were written, what was answered last."""
    parts = [StepPart(kind, text) for kind, text in step_parts(forest.text[row], forest.node_extra.get(row, {}))]
    observation = answered(forest.observation[row])
    return (*parts, *((StepPart("answered", observation),) if observation else ()))


def branches(steps: Sequence[tuple[StepPart, ...]], *, start: int, total: int) -> list[str]:
    """Which branch each card is and which one before it reads the same; "" where words alone tell all apart.

    Args:
        steps: parts of the steps shown; start: how many branches come before them; total: of the fork.
    """
    first: dict[tuple[StepPart, ...], int] = {}
    same = [first.setdefault(parts, number) for number, parts in enumerate(steps, start + 1)]
    if len(first) == total:
        return [""] * len(steps)
    return [
        f"branch {number} of {whole(total)}" + ("" if one == number else f", same words as branch {one}")
        for number, one in enumerate(same, start + 1)
    ]


def differing(steps: Sequence[tuple[StepPart, ...]]) -> list[tuple[Piece, ...]]:
    """Words of each step in pieces, marked where they differ from the first step's (its own: from the next other).

    No piece reaches from one part into another, and equal words of parts of different kinds differ; so does a blank
    between two words that do.
    """
    split = [words_in(parts) for parts in steps]
    kinds = [[(parts[part].kind, word) for part, word in words] for parts, words in zip(steps, split, strict=True)]
    other = next((one for one in kinds if one != kinds[0]), kinds[0])
    found = []
    for words, own in zip(split, kinds, strict=True):
        matcher = difflib.SequenceMatcher(None, other if own == kinds[0] else kinds[0], own, autojunk=False)
        differs = [tag != "equal" for tag, _, _, low, high in matcher.get_opcodes() for _ in range(low, high)]
        for at, (_, word) in enumerate(words[1:-1], 1):
            differs[at] |= word.isspace() and differs[at - 1] and differs[at + 1]
        runs = groupby(zip(words, differs, strict=True), key=lambda one: (one[0][0], one[1]))
        found.append(tuple(Piece("".join(word for (_, word), _ in run), mark, part) for (part, mark), run in runs))
    return found


def words_in(parts: tuple[StepPart, ...]) -> list[tuple[int, str]]:
    """The first words of a step and the blanks between them, each with the number of its part."""
    every = ((number, word) for number, part in enumerate(parts) for word in WORD.findall(part.text))
    return list(islice(every, MAX_WORDS))


def outcomes(forest: Forest, row: int) -> str:
    """`3 leaves · 2 right · mean reward 2/3`."""
    leaves = forest.topology.leaves_under(row)
    rewards = forest.reward[leaves]
    known = rewards[~np.isnan(rewards)]
    beneath = counted(len(leaves), "leaf", "leaves")
    if not len(known):
        return f"{beneath} · no outcome"
    reward = "reward" if len(known) == 1 else "mean reward"
    return f"{beneath} · {reward} {short(float(known.mean()))}"
