"""verl: a folder of `<step>.jsonl`, one rollout a line (`trainer.rollout_data_dir`, `trainer.validation_data_dir`).

Fields are those of `verl/trainer/ppo/ray_trainer.py`, `_write_generations`, and of `v1/trainer_base.py`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from treecore.formats.answers import Answers
from treecore.formats.notes import Notes
from treecore.formats.readers.reward_columns import named_as_rewards
from treecore.formats.registry import rollout_format
from treecore.formats.rows import row_keys
from treecore.formats.source import Source
from treecore.formats.whole_table import field_table

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
def read_verl(source: Source, notes: Notes) -> Iterator[Answers]:
    """A rollout a line; those of a training step with one sample of `uid`, else with one prompt, are a group.

    The v1 trainer writes a line for each output of a rollout; the last one is the answer, and those before it, whose
    score is that of the last, are kept beside it.
    """
    whole = field_table(source)
    if not whole.size:
        return
    uids, prompts = whole.texts("uid"), whole.texts("input", needed=True)
    if not any(uids):
        notes.guess("rollouts of one training step with the same input are one group")
    samples, outputs = _samples(uids), _outputs(whole.steps("step"), uids)
    last = [rows[-1] for rows in outputs]
    table = whole if len(last) == whole.size else whole.take(last)
    folder = posixpath.dirname(source.place)
    answers = Answers(
        prompt=[prompts[rows[0]] for rows in outputs],
        text=table.texts("output", needed=True),
        reward=table.numbers("score"),
        where=table.where,
        group=[(folder, samples[rows[-1]] or prompts[rows[0]]) for rows in outputs],
        training_step=table.steps("step"),
        reference=table.texts("gts"),
    )
    answers.keep(named_as_rewards(table.rest(USED), lambda name: name not in COUNTS))
    said = whole["output"]
    for number, rows in enumerate(outputs):
        if len(rows) > 1:
            notes.recognise("intermediate outputs of a rollout are kept beside the last one", len(rows) - 1)
            before = [{"input": prompts[row], "output": said[row]} for row in rows[:-1]]
            answers.extra.setdefault(number, {}).update(intermediate_outputs=before, input=prompts[rows[-1]])
    yield answers


def _samples(uids: Sequence[str]) -> Sequence[str]:
    """The sample of its prompt that each row is of; "" where it has none."""
    if not any(uids):
        return uids
    return [parted[1] if (parted := UID.fullmatch(uid)) else uid for uid in uids]


def _outputs(steps: Sequence[int], uids: Sequence[str]) -> list[list[int]]:
    """The rows of each rollout, which are its outputs in their order."""
    if not any(uids):
        return [[row] for row in range(len(uids))]
    found: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for row, (step, uid) in enumerate(zip(steps, uids, strict=True)):
        parted = UID.fullmatch(uid)
        key = (row,) if parted is None else (step, parted[1], parted[2])
        found.setdefault(key, []).append((0 if parted is None else int(parted[3]), row))
    return [[row for _, row in sorted(outputs)] for outputs in found.values()]
