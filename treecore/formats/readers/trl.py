"""TRL: `completions/completions_<step>.parquet` of `GRPOTrainer(log_completions=True)`, one rollout a row.

Columns are those of `trl/trainer/grpo_trainer.py`, `log`: step, prompt, completion, one for each reward function, what
reward functions logged with `log_extra`, advantage.
"""

from __future__ import annotations

from collections.abc import Iterator

from treecore.formats.columnar import is_columnar
from treecore.formats.fields import needed, number_in, training_step_in
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.readers.reward_columns import MAX_SUMMED, Scored, explaining, leading, reward_note
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"step", "prompt", "completion"})
USED = KEYS | {"advantage"}
OTHERS = frozenset({"advantages", "gen_step"})
"""What ms-swift adds to the same names."""


def looks_like_trl(source: Source) -> bool:
    """Rows of a step, a prompt and a completion with an advantage, which early releases do not write."""
    keys = row_keys(source)
    if not keys >= KEYS or keys & OTHERS:
        return False
    return "advantage" in keys or (is_columnar(source.data) and len(keys) > len(KEYS))


@rollout_format(
    name="trl",
    title="TRL completions",
    extensions=(".parquet",),
    detect=looks_like_trl,
    written_by="TRL's GRPOTrainer with log_completions=True; a folder `completions`, one Parquet file a logging step",
    lost="nothing of the file; the weights of reward functions are not in it, so the reward is their plain sum",
    fields=USED,
)
def read_trl(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a row; those of one training step with the same prompt are a group."""
    table = list(rows(source))
    names = _reward_names(table, notes, whole=not is_columnar(source.data))
    notes.guess("rollouts of one training step with the same prompt are one group")
    rewards = frozenset(names)
    for row in table:
        yield _rollout(row, rewards)


def _reward_names(table: list[Row], notes: Notes, *, whole: bool) -> list[str]:
    """The columns that hold what reward functions gave."""
    kinds = (int, float) if whole else (float,)
    names = leading([row.fields for row in table], USED, kinds)
    found = explaining(names, [_scored(row, names) for row in table] if len(names) <= MAX_SUMMED else [])
    if found.names:
        notes.recognise(reward_note(found.names))
    if not found.sure and len(names) > 1:
        notes.guess("the reward functions have equal weights, although the advantages do not follow from their sum")
    return found.names


def _scored(row: Row, names: list[str]) -> Scored:
    fields, where = row
    group = (training_step_in(fields, "step"), as_text(fields.get("prompt")))
    return Scored(
        group, [number_in(fields, name, where=where) for name in names], number_in(fields, "advantage", where=where)
    )


def _rollout(row: Row, rewards: frozenset[str]) -> Rollout:
    fields, where = row
    prompt, extra = asked(needed(fields, "prompt", where=where))
    parts = {name: number_in(fields, name, where=where) for name in fields if name in rewards}
    given = [value for value in parts.values() if value is not None]
    rollout = Rollout(
        prompt=prompt,
        turns=answered(needed(fields, "completion", where=where)),
        group=as_text(fields["prompt"]),
        training_step=training_step_in(fields, "step"),
        prompt_extra=extra,
        where=where,
    ).scored(sum(given) if given else None, parts)
    rollout.keep(rest_of(rest_of(fields, USED), rewards))
    if (advantage := number_in(fields, "advantage", where=where)) is not None:
        rollout.last.claimed["advantage"] = advantage
    return rollout
