"""verl: a folder of `<step>.jsonl`, one rollout a line (`trainer.rollout_data_dir`, `trainer.validation_data_dir`).

Fields are those of `verl/trainer/ppo/ray_trainer.py`, `_write_generations`, and of `v1/trainer_base.py`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from treecore.formats.fields import needed, number_in, number_of, training_step_in
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"input", "output", "score"})
COUNTS = frozenset({"num_turns", "__num_turns__", "response_length", "prompt_length", "index"})
"""Numbers beside the scores that reward functions did not give."""
USED = KEYS | {"gts", "step", "uid"}
UID = re.compile(r"(.+)_(\d{1,15})_(\d{1,15})")
"""Sample, rollout and output of a rollout; outputs but the last are intermediate."""


def looks_like_verl(source: Source) -> bool:
    """Rows with a prompt, an answer, a score, and one of the fields that only verl has."""
    keys = row_keys(source)
    return keys >= KEYS and bool(keys & {"gts", "step", "uid"})


@rollout_format(
    name="verl",
    title="verl rollout dump",
    extensions=(".jsonl",),
    detect=looks_like_verl,
    written_by="verl with trainer.rollout_data_dir or trainer.validation_data_dir; one file a training step",
    lost="nothing of the file; verl writes no advantages, log probabilities or special tokens",
    fields=KEYS | {"gts", "step"},
    example="""{"input": "3*4+2?", "output": "3*4=12. 12+2=14", "gts": "14", "score": 1.0, "step": 1}
{"input": "3*4+2?", "output": "3*4=12. 12+2=15", "gts": "14", "score": 0.0, "step": 1}
""",
)
def read_verl(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of a training step with one sample of `uid`, else with one prompt, are a group.

    The v1 trainer writes a line for each output of a rollout; the last one is the answer, and those before it, whose
    score is that of the last, are kept beside it.
    """
    folder = posixpath.dirname(source.place)
    outputs: dict[tuple[int, str, str], list[_Output]] = {}
    named, unnamed = False, False
    for row in rows(source):
        uid = as_text(row.fields.get("uid"))
        named, unnamed = named or bool(uid), unnamed or not uid
        if (parted := UID.fullmatch(uid)) is None:
            yield _rollout([_Output(0, uid, row)], folder)
        else:
            key = (training_step_in(row.fields, "step"), parted[1], parted[2])
            outputs.setdefault(key, []).append(_Output(int(parted[3]), parted[1], row))
    if unnamed and not named:
        notes.guess("rollouts of one training step with the same input are one group")
    for of_one in outputs.values():
        of_one.sort(key=lambda output: output.number)
        if len(of_one) > 1:
            notes.recognise("intermediate outputs of a rollout are kept beside the last one", len(of_one) - 1)
        yield _rollout(of_one, folder)


class _Output(NamedTuple):
    """One line: the number of the output in its rollout, the sample of its prompt, "" where it has none."""

    number: int
    sample: str
    row: Row


def _rollout(outputs: Sequence[_Output], folder: str) -> Rollout:
    fields, where = outputs[-1].row
    parts: dict[str, float | None] = {}
    counts: dict[str, float | None] = {}
    rest: dict[str, Any] = {}
    for name, value in rest_of(fields, USED).items():
        if isinstance(value, bool | int | float):
            (counts if name in COUNTS else parts)[name] = number_of(value, name, where=where)
        else:
            rest[name] = value
    if len(outputs) > 1:
        before = [{name: one.row.fields.get(name) for name in ("input", "output")} for one in outputs[:-1]]
        rest |= {"intermediate_outputs": before, "input": fields.get("input")}
    prompt = as_text(needed(outputs[0].row.fields, "input", where=where))
    turn = Turn(text=as_text(needed(fields, "output", where=where)), extra=rest)
    turn.columns = {name: value for name, value in counts.items() if value is not None}
    return Rollout(
        prompt=prompt,
        turns=[turn],
        group=(folder, outputs[-1].sample or prompt),
        training_step=training_step_in(fields, "step"),
        reference=as_text(fields.get("gts")),
        where=where,
    ).scored(number_in(fields, "score", where=where), parts)
