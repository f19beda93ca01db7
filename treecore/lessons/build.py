"""The free unit: a tree that is typed as an outline, and whether it breaks what one would expect of two methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treecore.core.forest import Forest
from treecore.core.numerals import NOISE, counted, signed
from treecore.errors import ForestError
from treecore.methods import COMPARED, compute, get_method
from treecore.views.labels import cut

MAX_LINES, LONG = 60, 40
START = "a\n  b = 1\n  c = 0\nd = 0"
"""A tree to begin with: two spaces deeper is one step later, `= 1` is right and `= 0` is wrong."""
INDENT = 2
"""Spaces that a step lies further in than the one before it; a tab is as many."""
GROUP_METHOD, FORK_METHOD = (get_method(name).title for name in COMPARED)
"""Titles of the two methods: one compares with the whole group, the other with what leaves the same fork."""
GOALS = {
    "signs": f"{GROUP_METHOD} and {FORK_METHOD} differ in sign on a step",
    "silent": f"{GROUP_METHOD} gives a step zero, and {FORK_METHOD} does not",
}
MIN_ENDS = {"signs": 5, "silent": 4}
"""Ends of the smallest trees that reach the goals."""


@dataclass(frozen=True)
class Found:
    """What a tree does: the steps that break the expectation, and a sentence."""

    done: bool
    said: str


def outline(text: str) -> Forest:
    """The forest of an outline.

    Raises:
        ForestError: a line that is no step, an outcome where more follows, or none at an end; says which line.
    """
    numbered = enumerate(text.expandtabs(INDENT).splitlines(), 1)
    lines = [(number, line) for number, line in numbered if line.strip()]
    if not 1 <= len(lines) <= MAX_LINES:
        raise ForestError(f"{counted(len(lines), 'line')}", todo=f"write from 1 to {MAX_LINES}")
    parent, words, reward, above = [-1], [""], [np.nan], [0]
    for number, line in lines:
        deep, odd = divmod(len(line) - len(line.lstrip()), INDENT)
        deep += 1
        if odd or deep > len(above):
            raise ForestError("its indent fits no step above", where=f"line {number}", todo="two spaces a step")
        name, _, outcome = line.strip().partition("=")
        if not name.strip():
            raise ForestError("a step without words", where=f"line {number}", todo="name it, such as `a = 1`")
        if outcome.strip() not in ("", "0", "1"):
            raise ForestError(
                f"no outcome {cut(outcome.strip(), LONG)!r}", where=f"line {number}", todo="write 0, 1 or none"
            )
        del above[deep:]
        if not np.isnan(reward[above[-1]]):
            raise ForestError("a step follows an outcome", where=f"line {number}", todo="take the outcome away")
        parent.append(above[-1])
        words.append(cut(name.strip(), LONG))
        reward.append(float(outcome) if outcome.strip() else np.nan)
        above.append(len(parent) - 1)
    ends = sorted({*range(len(parent))} - {*parent})
    if missing := [end for end in ends if np.isnan(reward[end])]:
        raise ForestError(
            "an end without an outcome", where=f"line {lines[missing[0] - 1][0]}", todo="write = 0 or = 1"
        )
    return Forest(parent=np.array(parent), reward=np.array(reward), text=words)


def judged(forest: Forest, goal: str) -> Found:
    """Whether a tree reaches a goal of `GOALS`, with the numbers of the step that shows it."""
    first, second = (compute(forest, name).credit for name in COMPARED)
    known = np.isfinite(first) & np.isfinite(second) & ~forest.is_prompt
    silent = (np.abs(first) <= NOISE) & (np.abs(second) > NOISE)
    apart = known & (first * second < -NOISE if goal == "signs" else silent)
    found = len(forest.leaves)
    ends = counted(found, "end")
    if not apart.any():
        return Found(
            False, f"Not yet: on none of its steps does this tree of {ends} do it. Change an outcome, or fork."
        )
    row = int(np.flatnonzero(apart)[0])
    numbers = f"{GROUP_METHOD} gives it {signed(first[row])}, {FORK_METHOD} {signed(second[row])}"
    fewer = "Can you do it with fewer?" if found > MIN_ENDS[goal] else "No tree does it with fewer."
    return Found(True, f"Done with {ends}. See the step “{forest.text[row]}”: {numbers}. {fewer}")
