"""OpenR math-aps: trees of OmegaPRM with a Monte Carlo value a node (`data/omegaPRM_v2/omegaprm.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treecore.formats.fields import needed, number_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.fields import keep
from treecore.formats.readers.trees.nested import walk
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"question", "reasoning_steps"})
VALUE = "mc_value"


def looks_like_openr(source: Source) -> bool:
    """Rows of a question and reasoning steps with values."""
    if not row_keys(source) >= KEYS:
        return False
    steps = source.head.get("reasoning_steps")
    first = steps[0] if isinstance(steps, list) and steps else steps
    return isinstance(first, dict) and VALUE in first


@rollout_format(
    name="openr",
    title="OpenR math-aps",
    extensions=(".json", ".jsonl"),
    detect=looks_like_openr,
    written_by="OpenR's `run_omegaprm.py`: `question_N.json`, nested with `--save_data_tree`, else a list of prefixes",
    fields=KEYS | {"final_answer"},
)
def read_openr(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a row; its root stands for the question."""
    for fields, where in rows(source):
        question = as_text(needed(fields, "question", where=where))
        steps = needed(fields, "reasoning_steps", where=where)
        turns = (
            _prefixes(steps, question, where=where)
            if isinstance(steps, list)
            else _nested(steps, question, where=where)
        )
        yield Rollout(
            prompt=question,
            turns=turns,
            group=where,
            reference=as_text(fields.get("final_answer")),
            prompt_extra=rest_of(fields, KEYS | {"final_answer"}),
            where=where,
        )
    notes.recognise('values of steps as the column "mc_value"')
    notes.guess("a last step whose value is 0 or 1 ended so, which is its reward")


def _nested(root: Any, question: str, *, where: str) -> list[Turn]:
    """Steps of a nested tree."""
    if not isinstance(root, dict):
        raise wrong("reasoning_steps", root, "an object or a list", where=where)
    turns = []
    for node in walk(root, "children", where=where):
        text = as_text(node.fields.get("text"))
        turn = Turn(text="" if node.above < 0 and text.strip() == question.strip() else text, parent=node.above)
        _value(turn, node.fields, node.is_leaf and node.above >= 0, node.where)
        keep(turn, node.fields, ("text", "children", VALUE))
        turns.append(turn)
    return turns


def _prefixes(steps: list[Any], question: str, *, where: str) -> list[Turn]:
    """Steps of a list of prefixes: each hangs below the longest other that it begins with, in the order of the file."""
    found: dict[str, tuple[dict[str, Any], int]] = {}
    for number, step in enumerate(steps):
        if not isinstance(step, dict):
            raise wrong("reasoning_steps", step, "a list of objects", where=f"{where}, step {number + 1}")
        text = as_text(step.get("solution_prefix"))
        found.setdefault(text.removeprefix(question), (step, number))
    found.setdefault("", ({}, -1))
    turns: list[Turn] = []
    stack: list[tuple[str, int]] = []
    for text in sorted(found):
        while stack and not text.startswith(stack[-1][0]):
            stack.pop()
        before, above = stack[-1] if stack else ("", -1)
        fields, born = found[text]
        turn = Turn(text=text[len(before) :], parent=above, born=born + 1)
        stack.append((text, len(turns)))
        keep(turn, fields, ("solution_prefix", VALUE))
        turns.append(turn)
    inner = {turn.parent for turn in turns}
    for number, (turn, text) in enumerate(zip(turns, sorted(found), strict=True)):
        _value(turn, found[text][0], number not in inner and number > 0, where)
    return turns


def _value(turn: Turn, fields: dict[str, Any], is_end: bool, where: str) -> None:
    value = number_in(fields, VALUE, where=where)
    if value is not None:
        turn.columns[VALUE] = value
        if is_end and value in (0, 1):
            turn.reward = value
