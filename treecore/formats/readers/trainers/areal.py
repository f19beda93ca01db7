"""AReaL: `rollout/<version>/<task_id>.jsonl`, one rollout a line, a file a group.

Fields are those of `areal/core/workflow_executor.py`, where it dumps trajectories.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from treecore.formats.fields import needed, number_in
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.paths import step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"task_id", "sample_idx", "reward", "prompt", "completion"})
LENGTHS = ("seqlen", "prompt_len")
VERSION = re.compile(r"(?:^|/)(\d+)/[^/]*$")
"""The version of the policy, which is the training step: the folder that a file lies in."""


def looks_like_areal(source: Source) -> bool:
    """Rows with the number of a sample of a task, its prompt and its completion."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="areal",
    title="AReaL rollouts",
    extensions=(".jsonl",),
    detect=looks_like_areal,
    written_by="AReaL with dump_to_file of the rollout engine: rollout/VERSION/TASK.jsonl; give the folder",
    lost="nothing",
    fields=KEYS | {"seqlen", "prompt_len", "head_version", "tail_version"},
)
def read_areal(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one task and version are a group."""
    version, folder = step_in_path(source, VERSION), posixpath.dirname(source.place)
    if version >= 0:
        notes.guess("the folder that a file lies in is the training step")
    for fields, where in rows(source):
        prompt, extra = asked(needed(fields, "prompt", where))
        turns = answered(needed(fields, "completion", where))
        whole, before = (number_in(fields, name, where) for name in LENGTHS)
        if whole is not None and before is not None and 0 <= before <= whole < 1e9 and len(turns) == 1:
            turns[0].n_tokens = int(whole - before)
        yield (
            Rollout(
                prompt=prompt,
                turns=turns,
                group=(folder, as_text(fields.get("task_id"))),
                training_step=version,
                prompt_extra=extra,
                where=where,
            )
            .scored(number_in(fields, "reward", where))
            .keep(rest_of(fields, KEYS - {"sample_idx"}))
        )
