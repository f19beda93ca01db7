"""verl: a folder of `<step>.jsonl`, one rollout a line (`trainer.rollout_data_dir`, `trainer.validation_data_dir`).

Fields are those of `verl/trainer/ppo/ray_trainer.py`, `_write_generations`, and of `v1/trainer_base.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from treecore.formats.fields import needed, number_in, training_step_in
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_number, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"input", "output", "score"})
USED = KEYS | {"gts", "step", "uid", "request_id"}
UID = re.compile(r"(.+)_(\d+)_(\d+)")
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
    lost="intermediate outputs of the v1 trainer, which carry the score of the last one",
    fields=KEYS | {"gts", "step"},
)
def read_verl(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of a training step with one sample of `uid`, else with one prompt, are a group."""
    last: dict[tuple[Any, ...], Rollout] = {}
    for number, (fields, where) in enumerate(rows(source)):
        rollout = _rollout(fields, where)
        sample = UID.fullmatch(as_text(fields.get("uid")))
        if sample is None:
            last[(number,)] = rollout
            continue
        rollout.group = sample[1]
        key = (rollout.training_step, sample[1], sample[2])
        if key in last:
            notes.drop("intermediate outputs of a rollout")
        last[key] = rollout
    if last and all(rollout.group is None for rollout in last.values()):
        notes.guess("rollouts of one training step with the same input are one group")
    yield from last.values()


def _rollout(fields: dict[str, Any], where: str) -> Rollout:
    parts, rest = {}, rest_of(fields, USED)
    for name, value in list(rest.items()):
        if isinstance(value, bool | int | float):
            parts[name] = as_number(rest.pop(name))
    return Rollout(
        prompt=as_text(needed(fields, "input", where)),
        turns=[Turn(text=as_text(needed(fields, "output", where)), extra=rest)],
        training_step=training_step_in(fields, "step"),
        reference=as_text(fields.get("gts")),
        where=where,
    ).scored(number_in(fields, "score", where), parts)
