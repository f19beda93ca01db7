"""Answers in steps that people or programs labelled: TRL's stepwise supervision, and the forks of Step-DPO."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treecore.core.numerals import counted
from treecore.errors import FormatError
from treecore.formats.fields import list_in, needed, number_of
from treecore.formats.messages import asked
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, row_kinds, rows
from treecore.formats.source import Source

STEPWISE = frozenset({"prompt", "completions", "labels"})
FORKS = frozenset({"prompt", "initial_reason_steps", "chosen", "rejected"})
USED_OF_FORK = FORKS | {"full_chosen", "full_rejected", "answer"}
LABEL = "label"
"""Column of labels of steps: 1 right, -1 wrong, 0 neither."""


def looks_like_stepwise(source: Source) -> bool:
    """Rows of a prompt, steps and their labels."""
    kinds = row_kinds(source)
    return kinds.keys() >= STEPWISE and kinds["completions"] == kinds["labels"] == "list"


@rollout_format(
    name="stepwise",
    title="TRL stepwise supervision",
    extensions=(".jsonl", ".parquet"),
    detect=looks_like_stepwise,
    written_by="data sets for TRL's PRMTrainer, and `treecore export` as `stepwise`: prompt, steps, a label for each",
    fields=STEPWISE,
    example='{"prompt": "3*4+2?", "completions": ["3*4=12.", "12+2=15"], "labels": [true, false]}',
)
def read_stepwise(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a row, a turn a step; rows of the same prompt are a group. Outcomes are not in such files."""
    found = [_labelled(fields, where) for fields, where in rows(source)]
    labels = [turn.columns for rollout in found for turn in rollout.turns if LABEL in turn.columns]
    if not any(column[LABEL] < 0 for column in labels):
        for column in labels:
            column[LABEL] = 1.0 if column[LABEL] > 0 else -1.0
    notes.recognise('labels of steps, 1 right and -1 wrong, as the column "label"')
    yield from found


def _labelled(fields: dict[str, Any], where: str) -> Rollout:
    steps, labels = list_in(fields, "completions", where=where), list_in(fields, "labels", where=where)
    if len(labels) != len(steps):
        raise FormatError(
            f'"labels" has {counted(len(labels), "value")} for {counted(len(steps), "step")}',
            where=where,
            todo="give each step a label",
        )
    prompt, extra = asked(needed(fields, "prompt", where=where))
    turns = [Turn(text=as_text(step)) for step in steps] or [Turn()]
    for turn, label in zip(turns, labels, strict=False):
        if (number := number_of(label, "labels", where=where)) is not None:
            turn.columns[LABEL] = number
    turns[-1].extra = rest_of(fields, STEPWISE)
    return Rollout(prompt=prompt, turns=turns, prompt_extra=extra, where=where)


def looks_like_step_dpo(source: Source) -> bool:
    """Rows of a prompt, the steps before the fork, and two next steps."""
    return row_keys(source) >= FORKS


@rollout_format(
    name="step_dpo",
    title="Step-DPO pairs",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_step_dpo,
    written_by="Step-DPO's data sets: a right and a wrong next step after the same beginning of an answer",
    fields=FORKS,
)
def read_step_dpo(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a row: the steps before, then the two next steps, and what follows each; rows of a prompt are a group."""
    for fields, where in rows(source):
        prompt, extra = asked(needed(fields, "prompt", where=where))
        rest = rest_of(fields, USED_OF_FORK)
        turns = []
        if before := as_text(fields.get("initial_reason_steps")):
            turns.append(Turn(text=before))
        fork = len(turns) - 1 if turns else PROMPT
        for side, label in (("chosen", 1.0), ("rejected", -1.0)):
            step = as_text(needed(fields, side, where=where))
            turns.append(Turn(text=step, parent=fork, columns={LABEL: label}))
            whole = as_text(fields.get(f"full_{side}"))
            if whole.startswith(step) and len(whole) > len(step):
                turns.append(Turn(text=whole[len(step) :], parent=len(turns) - 1))
            elif whole and whole != step:
                turns[-1].extra[f"full_{side}"] = whole
            turns[-1].reward = float(label > 0)
        yield Rollout(
            prompt=prompt, turns=turns, reference=as_text(fields.get("answer")), prompt_extra=extra | rest, where=where
        )
    notes.recognise("the chosen answer counts 1, the rejected one 0; the label of their first steps is 1 and -1")
