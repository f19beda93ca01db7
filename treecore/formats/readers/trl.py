"""TRL: `completions/completions_<step>.parquet` of `GRPOTrainer(log_completions=True)`, one rollout a row.

Columns are those of `trl/trainer/grpo_trainer.py`, `log`: step, prompt, completion, one for each reward function, what
reward functions logged with `log_extra`, advantage.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from treecore.core.topology import FloatArray
from treecore.formats.answers import Answers
from treecore.formats.columnar import is_columnar
from treecore.formats.field_table import FieldTable
from treecore.formats.message_columns import answers_of, prompts_of
from treecore.formats.notes import Notes
from treecore.formats.readers.reward_columns import (
    MAX_SUMMED,
    explaining,
    leading,
    named_as_rewards,
    reward_note,
    reward_of,
)
from treecore.formats.registry import rollout_format
from treecore.formats.rows import as_text, row_kinds
from treecore.formats.source import Source
from treecore.formats.whole_table import field_table

KEYS = frozenset({"step", "prompt", "completion"})
USED = KEYS | {"advantage"}
OTHERS = frozenset({"advantages", "gen_step"})
"""What ms-swift adds to the same names."""


def looks_like_trl(source: Source) -> bool:
    """Rows of a step, a prompt and a completion with an advantage, which early releases do not write; one for each
    token is of another trainer.
    """
    kinds = row_kinds(source)
    keys = kinds.keys()
    if not keys >= KEYS or keys & OTHERS or (kinds["completion"], kinds.get("advantage")) == ("text", "list"):
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
def read_trl(source: Source, notes: Notes) -> Iterator[Answers]:
    """A rollout a row, or an item of its lists; those of one training step with the same prompt are a group."""
    table = field_table(source).unfolded("completion")
    if not table.size:
        return
    steps, asked = table.steps("step"), table.needed("prompt")
    groups, claimed = list(map(as_text, asked)), table.numbers("advantage")
    names = leading(table, USED, {float} if is_columnar(source.data) else {int, float})
    is_reward = frozenset(
        _reward_names(table, names, list(zip(steps, groups, strict=True)), claimed, notes)
    ).__contains__
    notes.guess("rollouts of one training step with the same prompt are one group")
    rest = table.rest(USED)
    prompts, said = prompts_of(asked), answers_of(table.needed("completion"))
    answers = Answers(
        prompt=prompts.texts,
        text=said.texts,
        reward=reward_of(rest, table.size, is_reward),
        where=table.where,
        group=groups,
        training_step=steps,
        prompt_extra=prompts.extra,
        claimed={"advantage": claimed},
        turns=said.turns,
    )
    answers.keep(named_as_rewards(rest, is_reward))
    yield answers


def _reward_names(
    table: FieldTable, names: list[str], keys: Sequence[Hashable], claimed: FloatArray, notes: Notes
) -> list[str]:
    """The columns that hold what reward functions gave.

    Args:
        keys: the group of each row.
    """
    numbers: dict[Hashable, int] = {}
    group = [numbers.setdefault(key, len(numbers)) for key in keys]
    parts = [table.numbers(name) for name in names] if len(names) <= MAX_SUMMED else []
    found = explaining(names, parts, claimed=claimed, group=group)
    if found.names:
        notes.recognise(reward_note(found.names))
    if not found.sure and len(names) > 1:
        notes.guess("the reward functions have equal weights, although the advantages do not follow from their sum")
    return found.names
