"""Agent Lightning from 1.0 on: `step_N/train_trajectories.jsonl.zip` and its like, one rollout a line.

Fields are those of `agentlightning/verl/rollout_adapter.py`, where it uploads compact trajectories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from treecore.formats.fields import n_tokens_of, needed, number_in
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.paths import path_of, step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"rollout_id", "reward", "prompt", "response"})
STEP = re.compile(r"(?:^|/)step_(\d+)/")
KIND = re.compile(r"(\w+)_trajectories\b")


def looks_like_trajectories(source: Source) -> bool:
    """Rows with the four fields that every rollout has."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="agent_lightning",
    title="Agent Lightning trajectories",
    extensions=(".jsonl",),
    detect=looks_like_trajectories,
    written_by="Agent Lightning from 1.0 on, artifacts of its runs: step_N/train_trajectories.jsonl.zip",
    lost="nothing of the file; of rollouts of several turns it has the last one, with those before it in the prompt",
    fields=KEYS | {"n_turns", "resp_tokens", "prompt_tokens", "duration_s", "total_s"},
)
def read_trajectories(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one training step and kind with the same prompt are a group."""
    step, kind = step_in_path(source, STEP), KIND.findall(path_of(source))
    notes.guess("rollouts of one training step with the same prompt are one group, as no group is recorded")
    for fields, where in rows(source):
        prompt, extra = asked(needed(fields, "prompt", where=where))
        turns = answered(needed(fields, "response", where=where))
        turns[-1].n_tokens = n_tokens_of(number_in(fields, "resp_tokens", where=where))
        if (number_in(fields, "n_turns", where=where) or 1) > 1:
            notes.recognise("the prompt of a rollout of several turns holds all turns but the last")
        turns[-1].extra["rollout_id"] = as_text(fields.get("rollout_id"))
        yield (
            Rollout(
                prompt=prompt,
                turns=turns,
                group=(kind[-1] if kind else "", prompt),
                training_step=step,
                prompt_extra=extra,
                where=where,
            )
            .scored(number_in(fields, "reward", where=where))
            .keep(rest_of(fields, KEYS))
        )
