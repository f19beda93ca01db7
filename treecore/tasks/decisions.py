"""What a step of a bundled task decides, read from its text: a plan, an argument of it, or a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

SEARCH = re.compile(r"<search>\s*(.*?)\s*(?:</search>|$)", re.DOTALL)
ANSWER = re.compile(r"<answer>\s*(.*?)\s*(?:</answer>|$)", re.DOTALL)
MOVE = re.compile(r"(\d+) *([-+*/]) *(\d+) *=")


class Decision(NamedTuple):
    """What a step decides, "" for what it does not.

    Attributes:
        plan: which kind of thing is done; argument: with what; report: what is answered.
    """

    plan: str = ""
    argument: str = ""
    report: str = ""


def look_up(text: str) -> Decision:
    """A step of `multihop`: the relation that is looked up, of whom, or the answer."""
    if (found := SEARCH.search(text)) and found[1]:
        name, _, relation = found[1].rpartition(" ")
        return Decision(plan=relation, argument=name)
    answer = ANSWER.search(text)
    return Decision(plan="answer", report=answer[1]) if answer else Decision()


def move(text: str) -> Decision:
    """A step of `countdown`: the operation, its numbers, or the answer."""
    if answer := ANSWER.search(text):
        return Decision(plan="answer", report=answer[1])
    found = MOVE.search(text)
    return Decision(plan=found[2], argument=f"{found[1]} {found[3]}") if found else Decision()


DECISIONS: Mapping[str, Callable[[str], Decision]] = {"multihop": look_up, "countdown": move}
"""Task -> how its steps are read."""
