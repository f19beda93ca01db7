"""What kind of thing differs between the steps taken at a fork: plan, argument, report, or words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from treecore.core.forest import Forest
from treecore.core.step_text import split_step
from treecore.tasks.decisions import DECISIONS, Decision

WORD = re.compile(r"\S+")
MAJORITY = 0.5
"""Share of the words that must differ for them to be most."""
MAX_CHARS = 4000
"""Characters of a step that are read."""


class Kind(NamedTuple):
    """What may differ: a name, a heading, and what it means."""

    name: str
    title: str
    means: str


KINDS = (
    Kind("plan", "the plan", "other action or relation"),
    Kind("argument", "the argument", "other argument of it"),
    Kind("report", "the report", "other answer"),
    Kind("wording", "only wording", "same call, same answer"),
    Kind("most_words", "most words", "half of the words or more"),
    Kind("some_words", "some words", "less than half of the words"),
    Kind("no_words", "no words", "the same words, drawn twice"),
)
"""From the coarsest; the last three where neither the task nor a recorded call tells what a step decides."""


def difference(forest: Forest, rows: Sequence[int]) -> str:
    """Name of the kind of thing that differs between some steps: the coarsest in which any two do."""
    texts = [forest.text[row][:MAX_CHARS] for row in rows]
    read = DECISIONS.get(forest.task)
    decided = [read(text) if read else from_tags(text, forest, row) for text, row in zip(texts, rows, strict=True)]
    if not any(any(one) for one in decided):
        return by_words(texts)
    for name in ("plan", "argument", "report"):
        if len({getattr(one, name) for one in decided}) > 1:
            return name
    return "wording"


def from_tags(text: str, forest: Forest, row: int) -> Decision:
    """What a step decides by its recorded call and answer, whatever its task."""
    step = split_step(text, forest.node_extra.get(row, {}))
    if step.call:
        name, argument = call_parts(step.call)
        return Decision(plan=name, argument=argument)
    return Decision(plan="answer", report=step.answer) if step.answer else Decision()


def call_parts(call: str) -> tuple[str, str]:
    """Tool and arguments of a call: fields of a JSON object, else the first word and the rest."""
    try:
        found = orjson.loads(call)
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("name"), str):
        return found["name"], orjson.dumps(found.get("arguments"), option=orjson.OPT_SORT_KEYS).decode()
    name, _, rest = call.partition(" ")
    return name, rest


def by_words(texts: Sequence[str]) -> str:
    """The kind by the share of words that not all steps have in common."""
    words = [set(WORD.findall(text)) for text in texts]
    every = set[str]().union(*words)
    if len(set(texts)) == 1 or not every:
        return "no_words"
    differ = every - set.intersection(*words)
    return "most_words" if len(differ) >= MAJORITY * len(every) else "some_words"
