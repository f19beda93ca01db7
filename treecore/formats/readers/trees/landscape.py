"""landscape-of-thoughts: several lines of thought for one question (`step-1-sample-reasoning-trace.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treecore.formats.fields import list_in, number_of, wrong
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

TRIALS = "trial_thoughts"
USED = frozenset({TRIALS, "model_input", "query", "answer_gt_short", "dataset", "model", "method"})


def looks_like_landscape(source: Source) -> bool:
    """An object with trials."""
    return TRIALS in row_keys(source)


@rollout_format(
    name="landscape_of_thoughts",
    title="landscape-of-thoughts",
    extensions=(".json",),
    detect=looks_like_landscape,
    written_by="landscape-of-thoughts: `thoughts/<model>--<method>--<dataset>--<number>.json`",
    fields=USED,
)
def read_landscape(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a trial, a turn a thought; all of one file are a group."""
    for fields, where in rows(source):
        asked = fields.get("model_input") if fields.get("model_input") is not None else fields.get("query")
        meta: dict[str, Any] = {
            "prompt": as_text(asked),
            "group": where,
            "task": as_text(fields.get("dataset")),
            "reference": as_text(fields.get("answer_gt_short")),
            "prompt_extra": rest_of(fields, USED),
            "policy": rest_of({"name": fields.get("model"), "method": fields.get("method")}, set()),
        }
        for number, trial in enumerate(list_in(fields, TRIALS, where=where)):
            yield Rollout(**meta, turns=_turns(trial, f"{where}, trial {number + 1}"), where=where)
    notes.recognise("whether a trial's answer is right as the reward")


def _turns(trial: Any, where: str) -> list[Turn]:
    """Thoughts, the answer that was read from them, and whether it is right, which early files do not hold."""
    if not isinstance(trial, list) or not trial:
        raise wrong(TRIALS, trial, "a list of thoughts, answer and whether it is right", where=where)
    thoughts = trial[0] if isinstance(trial[0], list) else [trial[0]]
    turns = [Turn(text=as_text(thought)) for thought in thoughts] or [Turn()]
    if len(trial) > 1 and trial[1] is not None:
        turns[-1].extra["answer"] = trial[1]
    if len(trial) > 2 and (right := number_of(trial[2], TRIALS, where=where)) is not None:
        turns[-1].reward = right
    return turns
