"""Checks of what trajectories say and what a trainer claims of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from treecore.analysis.findings import Finding, forest_place, node_places
from treecore.analysis.naming import Naming
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, counted_of
from treecore.core.step_text import beside_text
from treecore.methods import METHODS
from treecore.tasks.verifiers.mathematics.stated import stated
from treecore.tasks.verifiers.text import answer_part, final_answer

END = 500
"""Characters at the end of a text in which it may state its answer."""
SUM = 1e-3
"""A sum of claimed advantages is 0 up to this, relative to the largest of them: trainers keep single precision."""


def check_duplicates(forests: Forests) -> Iterator[Finding]:
    """Trajectories of a prompt with the same words and calls, all of which count as evidence."""
    rows: list[int] = []
    for number, forest in enumerate(forests):
        beside = {row: beside_text(fields) for row, fields in forest.node_extra.items()}
        seen: set[tuple[str, ...]] = set()
        for leaf in np.flatnonzero(forest.topology.is_leaf & ~forest.is_prompt).tolist():
            words = tuple(forest.text[row] + beside.get(row, "") for row in forest.topology.path(leaf).tolist())
            if words in seen and any(words):
                rows.append(leaf + int(forests.offset[number]))
            seen.add(words)
    if rows:
        total = int(forests.topology.is_leaf.sum())
        yield Finding(
            "duplicate-trajectory",
            f"{counted_of(len(rows), 'trajectory', 'trajectories', total=total)} {'has' if len(rows) == 1 else 'have'} "
            "the words of another one of the same prompt",
            node_places(forests, np.array(rows)),
            "sample at a higher temperature, or mind that they are one answer counted several times",
        )


def check_prompts(forests: Forests) -> Iterator[Finding]:
    """Groups whose rollouts say that they answer different prompts."""
    numbers = [number for number, forest in enumerate(forests) if len(prompts_of(forest)) > 1]
    if numbers:
        yield Finding(
            "mixed-prompts",
            f"{counted_of(len(numbers), 'group', total=len(forests))} {'holds' if len(numbers) == 1 else 'hold'} "
            "rollouts of different prompts",
            tuple(forest_place(forests, number) for number in numbers),
            "check how rollouts are grouped: comparing them says nothing",
        )


def prompts_of(forest: Forest) -> set[str]:
    """The prompts that rollouts of a forest name: its own, and others that a reader found in its group."""
    return {forest.prompt} | {str(row["prompt"]) for row in forest.node_extra.values() if "prompt" in row}


def check_answers(forests: Forests) -> Iterator[Finding]:
    """Answers that are the reference word for word, or say that it is the answer, and earned nothing."""
    rows = [
        leaf + int(forests.offset[number])
        for number, forest in enumerate(forests)
        if forest.reference
        for leaf in np.flatnonzero(forest.topology.is_leaf & (forest.reward <= 0)).tolist()
        if says(forest.text[leaf], reference=plain(forest.reference))
    ]
    if rows:
        yield Finding(
            "right-but-unrewarded",
            f"{counted(len(rows), 'answer is the reference and has', 'answers are the reference and have')} a reward "
            "of 0 or less",
            node_places(forests, np.array(rows)),
            "check the verifier: it refuses what is right, or the answer stands where it does not look",
        )


def says(text: str, *, reference: str) -> bool:
    """Whether the answer that a text gives in tags or a box, or else states at its end (`#### 14`), is this one."""
    answer = final_answer(text)
    if plain(answer) == reference:
        return True
    end = text[-END:]
    if reference not in plain(end) or answer != answer_part(text).strip():
        return False
    found = stated(end.replace("**", ""))
    return found is not None and found.certain and plain(found.text.strip("$ ")) == reference


def plain(answer: str) -> str:
    """An answer without spaces around it, and in small letters."""
    return " ".join(answer.split()).casefold()


def check_claimed_sums(forests: Forests, naming: Naming) -> Iterator[Finding]:
    """Claimed advantages of a prompt that do not cancel, where the method says that they do."""
    for name in dict.fromkeys(name for forest in forests for name in forest.claimed):
        if name not in METHODS or not any(
            one.over == "prompt" and not one.times for one in METHODS[name].laws.vanishing
        ):
            continue
        numbers = [number for number, forest in enumerate(forests) if not cancels(forest, name)]
        if numbers:
            yield Finding(
                "claimed-sum",
                f"advantages claimed for {naming.method(name)} do not sum to 0 in "
                f"{counted_of(len(numbers), 'prompt', total=len(forests))}",
                tuple(forest_place(forests, number) for number in numbers),
                "check whether rollouts of the group are missing",
            )


def cancels(forest: Forest, name: str) -> bool:
    """Whether the claims on leaves sum to 0, or there are none."""
    claims = forest.claimed.get(name, np.empty(0))[: len(forest)]
    known = claims[forest.topology.is_leaf & ~np.isnan(claims)] if len(claims) else claims
    return len(known) < 2 or abs(float(known.sum())) <= SUM * max(float(np.abs(known).max()), 1.0) * len(known)
