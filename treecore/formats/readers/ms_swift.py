"""ms-swift: `completions.jsonl` of GRPO with `--log_completions true`; a line is a step, a dict of columns.

Names are those of `swift/rlhf_trainers/grpo_trainer.py`, `swift/megatron/trainers/rollout_mixin.py` and, for plain
rows, `swift/ray/megatron/base_trainer.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import Any

from treecore.core.numerals import counted
from treecore.errors import FormatError
from treecore.formats.columnar import is_columnar
from treecore.formats.field_table import NULL
from treecore.formats.fields import needed, number_in, training_step_in
from treecore.formats.messages import answered, asked, is_chat
from treecore.formats.notes import Notes
from treecore.formats.readers.chat_parts import starts_of
from treecore.formats.readers.reward_columns import reward_note
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import Row, as_text, rest_of, row_kinds, rows
from treecore.formats.source import Source

CHAT = "messages"
"""In place of prompt and completion where the trainer logs chats."""
NOT_WITH_CHAT = frozenset({"prompt", "completion", "advantage", "reward", "score"})
"""Names beside chats of other tools."""
USED = frozenset({"step", "gen_step", "prompt", "completion", "advantages", "solution"})
NO_REWARDS = frozenset({"entropy", "num_turns"})
"""Numbers of a rollout that the trainer logs beside rewards."""
NEVER = USED | NO_REWARDS
SCORES = frozenset({float, int, bool, NULL})


def looks_like_ms_swift(source: Source) -> bool:
    """Columns of equal length as lists, or rows with the names that only it writes."""
    kinds = row_kinds(source)
    keys = kinds.keys()
    if CHAT in keys and not keys & NOT_WITH_CHAT and keys & {"step", "gen_step"}:
        lists = kinds[CHAT] == "list" and not is_columnar(source.data) and _is_column(source.head[CHAT])
        return lists or bool(keys & {"advantages", "gen_step"})
    if not keys >= {"prompt", "completion"} or not keys & {"step", "gen_step"} or "advantage" in keys:
        return False
    if keys & {"advantages", "gen_step"}:
        return True
    return kinds["prompt"] == "list" and not is_columnar(source.data) and _is_column(source.head["prompt"])


@rollout_format(
    name="ms_swift",
    title="ms-swift completions",
    extensions=(".jsonl",),
    detect=looks_like_ms_swift,
    written_by="ms-swift's GRPO and GKD trainers with --log_completions true; `completions.jsonl` in the output folder",
    lost="nothing of the file; the weights of reward functions are not in it, so the reward is their plain sum",
    fields=USED,
)
def read_ms_swift(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout an item of the columns; those of one training step with the same prompt are a group."""
    notes.guess("rollouts of one training step with the same prompt are one group")
    for line in map(_in_parts, rows(source)):
        shared = _shared(line.fields)
        for row in _unfolded(line):
            rollout, names = _rollout(row, shared)
            if names:
                notes.recognise(reward_note(names))
            yield rollout


def _in_parts(line: Row) -> Row:
    """A line of chats as one of prompts and completions, parted before the answer to the user's last message."""
    fields = line.fields
    given = fields.get(CHAT)
    if "prompt" in fields or not isinstance(given, list):
        return line
    parts = [_parted(one) for one in given] if _is_column(given) else _parted(given)
    rest = {name: value for name, value in fields.items() if name != CHAT}
    if isinstance(parts, tuple):
        return Row({"prompt": parts[0], "completion": parts[1], **rest}, line.where)
    prompts, completions = [prompt for prompt, _ in parts], [completion for _, completion in parts]
    return Row({"prompt": prompts, "completion": completions, **rest}, line.where)


def _parted(chat: Any) -> tuple[Any, Any]:
    """Prompt and completion of a chat."""
    if not is_chat(chat):
        return chat, None
    end = starts_of(chat).last
    return chat[:end], chat[end:]


def _is_column(value: Any) -> bool:
    """Whether this is a list of texts, not one chat."""
    return isinstance(value, list) and not any(isinstance(one, dict) for one in value)


def _shared(fields: dict[str, Any]) -> dict[str, Any]:
    """What a line of columns says of all its items."""
    if not _is_column(fields.get("prompt")):
        return {}
    return {name: value for name, value in rest_of(fields, USED).items() if not isinstance(value, list)}


def _unfolded(line: Row) -> Iterator[Row]:
    """A row for each item of the columns; the line itself where it is a row already.

    Raises:
        FormatError: columns of unequal length.
    """
    fields, where = line
    prompts, answers = fields.get("prompt"), fields.get("completion")
    if not _is_column(prompts) or not _is_column(answers):
        yield line
        return
    assert isinstance(prompts, list)
    assert isinstance(answers, list)
    items: list[dict[str, Any]] = [{} for _ in prompts]
    for name, column in fields.items():  # their order tells which are rewards
        if not isinstance(column, list):
            if name in USED:
                for item in items:
                    item[name] = column
            continue
        if len(column) > len(prompts) or (len(column) < len(prompts) and column is answers):
            found = f'"{name}" has {counted(len(column), "value")} for {counted(len(prompts), "prompt")}'
            raise FormatError(found, where=where, todo="give columns of equal length")
        for item, value in zip(items, column, strict=False):
            item[name] = value
    for place, item in enumerate(items):
        yield Row(item, f"{where}, item {place}")


def _rollout(row: Row, shared: dict[str, Any]) -> tuple[Rollout, list[str]]:
    fields, where = row
    names = _reward_names(fields)
    prompt, extra = asked(needed(fields, "prompt", where=where))
    parts = {name: fields[name] for name in names}
    given = [float(value) for value in parts.values() if value is not None and value == value]
    rollout = Rollout(
        prompt=prompt,
        turns=answered(needed(fields, "completion", where=where)),
        group=as_text(fields["prompt"]),
        training_step=training_step_in(fields, "gen_step", "step"),
        reference=as_text(fields.get("solution")),
        prompt_extra=extra | shared if extra else shared,
        where=where,
    ).scored(sum(given) if given else None, parts if names != ["reward"] else {})
    rollout.keep(rest_of(fields, USED.union(names)))
    if isinstance(fields.get("advantages"), list):
        rollout.last.extra["advantages"] = fields["advantages"]
    elif (advantage := number_in(fields, "advantages", where=where)) is not None:
        rollout.last.claimed["advantage"] = advantage
    return rollout, names


def _reward_names(fields: dict[str, Any]) -> list[str]:
    """Columns of rewards: the trainer writes them before the advantages, and what else it logs after them."""
    return [name for name in _before_advantages(tuple(fields)) if type(fields[name]) in SCORES]


@lru_cache(maxsize=1)  # items of a line have the same names
def _before_advantages(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in takewhile(lambda name: name != "advantages", names) if name not in NEVER)
