"""AReaL: `rollout/<version>/<task_id>.jsonl`, one rollout a line, a file a group.

Fields are those of `areal/infra/workflow_executor.py` (earlier `areal/core`), where it dumps trajectories.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from treecore.formats.fields import list_in, n_tokens_of, needed, number_in, wrong
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.paths import step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"task_id", "reward", "prompt", "completion"})
OURS = frozenset({"sample_idx", "head_version", "prompt_len"})
"""One of these is there; releases differ in which."""
LENGTHS = ("seqlen", "prompt_len")
SEGMENTS, WRITTEN = "segments", "gen"
"""Pieces of a rollout of several turns, and the role of those that the model wrote."""
USED = KEYS | {SEGMENTS}
VERSION = re.compile(r"(?:^|/)(\d+)/[^/]*$")
"""The version of the policy, which is the training step: the folder that a file lies in."""


def looks_like_areal(source: Source) -> bool:
    """Rows with the number of a sample of a task, its prompt and its completion."""
    keys = row_keys(source)
    return keys >= KEYS and bool(keys & OURS)


@rollout_format(
    name="areal",
    title="AReaL rollouts",
    extensions=(".jsonl",),
    detect=looks_like_areal,
    written_by="AReaL with dump_to_file of the rollout engine: rollout/VERSION/TASK.jsonl; give the folder",
    lost="nothing",
    fields=KEYS | OURS | {"seqlen", "tail_version", "version_rle"},
)
def read_areal(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one task and version are a group."""
    version, folder = step_in_path(source, VERSION), posixpath.dirname(source.place)
    if version >= 0:
        notes.guess("the folder that a file lies in is the training step")
    for fields, where in rows(source):
        prompt, extra = asked(needed(fields, "prompt", where=where))
        turns = turns_in(fields, where) or answered(needed(fields, "completion", where=where))
        whole, before = (number_in(fields, name, where=where) for name in LENGTHS)
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
            .scored(number_in(fields, "reward", where=where))
            .keep(rest_of(fields, USED if len(turns) > 1 else USED - {SEGMENTS}))
        )


def turns_in(fields: Mapping[str, Any], where: str) -> list[Turn]:
    """The turns of a rollout of several, which the model and its environment wrote in turn; none where it has one.

    Raises:
        FormatError: a segment is no object, or its length no number of tokens.
    """
    turns: list[Turn] = []
    for segment in list_in(fields, SEGMENTS, where=where):
        if not isinstance(segment, dict):
            raise wrong(SEGMENTS, segment, "a list of objects", where=where)
        text, length = as_text(segment.get("text")), number_in(segment, "len", where=where)
        if segment.get("role") == WRITTEN:
            turns.append(Turn(text=text, n_tokens=n_tokens_of(length)))
        elif turns:
            turns[-1].observation += text
    return turns
