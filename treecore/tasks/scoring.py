"""Outcomes for answers that a file holds without any: a verifier compares each with the reference of its prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.tasks.verifiers.registry import Check

NOTE = "scored"
"""Field of `provenance` that says which verifier gave rewards, and to how many ends."""


class Scored(NamedTuple):
    """Forests with rewards.

    Attributes:
        forests: the same, with a reward where one was missing and could be given.
        given: ends that got one; right: those of them that got 1 or more.
        kept: ends that had one before; lacking: ends of prompts without a reference, which have none still.
        refused: the same of prompts whose reference is none that this verifier takes.
    """

    forests: list[Forest]
    given: int
    right: int
    kept: int
    lacking: int
    refused: int


def nothing_scored(found: Scored) -> str:
    """Why no answer got a reward, as a clause; "" where one did."""
    if found.given:
        return ""
    if found.refused:
        return "the verifier takes none of the references"
    return "no prompt has a reference to compare with" if found.lacking else "every answer has a reward"


def score(
    forests: Sequence[Forest], check: Check, tell: Callable[[int, int], None] = lambda done, total: None
) -> Scored:
    """Give a reward to every end without one whose prompt has a reference that the verifier takes; rewards of the file
    stay as they are.

    What is judged is all that the model wrote from the root to the end.

    Args:
        tell: hears how many ends of how many were looked at, and may break it off by an exception.

    Raises:
        TaskError: the verifier failed.
    """
    made: list[Forest] = []
    given = right = kept = lacking = refused = done = 0
    total = sum(len(forest.leaves) for forest in forests)
    for forest in forests:
        missing = forest.leaves[np.isnan(forest.reward[forest.leaves])]
        kept += len(forest.leaves) - len(missing)
        lacking += len(missing) if not forest.reference else 0
        expected = answer_in(forest, check) if forest.reference and len(missing) else ""
        refused += len(missing) if forest.reference and not expected else 0
        done += len(forest.leaves)
        if not expected:
            made.append(forest)
            continue
        reward = forest.reward.copy()
        for number, leaf in enumerate(missing.tolist()):
            tell(done - len(missing) + number, total)
            output = "\n".join(filter(None, (forest.text[row] for row in forest.topology.path(leaf).tolist())))
            reward[leaf] = check.score(forest.prompt, [expected], output)
        given += len(missing)
        right += int((reward[missing] >= 1).sum())
        provenance = {**forest.provenance, NOTE: {"verifier": check.text, "ends": len(missing)}}
        made.append(forest.with_columns(reward=reward, provenance=provenance))
    return Scored(made, given, right, kept, lacking, refused)


def answer_in(forest: Forest, check: Check) -> str:
    """The reference, or what follows `####` in it as in GSM8K's solutions; "" where the verifier takes neither."""
    whole = forest.reference
    for answer in (whole, whole.rpartition("####")[2].strip()):
        if answer and not check.trial(forest.prompt, [answer]).refusal:
            return answer
    return ""
