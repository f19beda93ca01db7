"""ms-swift: `completions.jsonl` of GRPO with `--log_completions true`; a line is a step, a dict of columns.

Names are those of `swift/rlhf_trainers/grpo_trainer.py`, `swift/megatron/trainers/rollout_mixin.py` and, for plain
rows, `swift/ray/megatron/base_trainer.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np

from treecore.core.numerals import counted
from treecore.core.topology import BoolArray, FloatArray
from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.columnar import is_columnar
from treecore.formats.field_table import NULL, NUMBERS, FieldTable
from treecore.formats.fields import needed, number_in, training_step_in
from treecore.formats.limits import Account
from treecore.formats.message_columns import answers_of, prompts_of
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
AT_ONCE = 4096
"""Items that are taken as one table, about."""


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
def read_ms_swift(source: Source, notes: Notes) -> Iterator[Rollout | Answers]:
    """A rollout an item of the columns; those of one training step with the same prompt are a group."""
    notes.guess("rollouts of one training step with the same prompt are one group")
    size = cells = 0
    for lines in _alike(map(_in_parts, rows(source))):
        items = _table(lines, source.account)
        answers = _answers(items, notes) if items is not None else None
        if items is not None and answers is not None:
            size, cells = size + items.table.size, cells + items.table.size * len(items.table.names)
            source.account.afford_cells(size, lines[-1].where, cells=cells)
            yield answers
        else:
            yield from _one_by_one(lines, notes)


def _alike(lines: Iterable[Row]) -> Iterator[list[Row]]:
    """Lines in a row that have the same fields, together: about as many as have `AT_ONCE` items."""
    found: list[Row] = []
    shape: Any = None
    size = 0
    for line in lines:
        prompts = line.fields.get("prompt")
        of_line = (_is_column(prompts), *line.fields)
        if found and (size >= AT_ONCE or of_line != shape):
            yield found
            found, size = [], 0
        found.append(line)
        shape, size = of_line, size + (len(prompts) if isinstance(prompts, list) else 1)
    if found:
        yield found


class Items(NamedTuple):
    """Items of lines of columns, or rows, as a table; row -> what its line says of all its items."""

    table: FieldTable
    shared: dict[int, dict[str, Any]]


def _table(lines: list[Row], account: Account) -> Items | None:
    """Lines of the same fields as a table; None where columns are of unequal length, or values of other kinds."""
    fields = lines[0].fields
    if not _is_column(fields.get("prompt")):
        columns = {name: [line.fields[name] for line in lines] for name in fields}
        rows = FieldTable(len(lines), tuple(fields), lambda row: lines[row].where, True, account, columns=columns)
        return Items(rows, {})
    columns = {name: [] for name, value in fields.items() if isinstance(value, list) or name in USED}
    starts, shared = [0], dict[int, dict[str, Any]]()
    for line in lines:
        size, given = len(line.fields["prompt"]), line.fields
        found = {name: value for name, value in given.items() if isinstance(value, list) or name in USED}
        if found.keys() != columns.keys() or not _is_column(given.get("completion")):
            return None
        for name, value in found.items():
            values = value if isinstance(value, list) else [value] * size
            if len(values) != size:
                return None
            columns[name] += values
        if of_all := _shared(given):
            shared |= dict.fromkeys(range(starts[-1], starts[-1] + size), of_all)
        starts.append(starts[-1] + size)

    def where(row: int) -> str:
        line = bisect_right(starts, row) - 1
        return f"{lines[line].where}, item {row - starts[line]}"

    return Items(FieldTable(starts[-1], tuple(columns), where, True, account, columns=columns), shared)


def _answers(items: Items, notes: Notes) -> Answers | None:
    """All items side by side; None where they are not alike, or something is wrong with one."""
    table, shared = items
    names = _before_advantages(table.names)
    kinds = {name: set(map(type, table[name])) for name in table.names}
    claims = kinds.get("advantages", {NULL})
    if not kinds.keys() >= {"prompt", "completion"} or NULL in kinds["prompt"] | kinds["completion"]:
        return None
    if not (claims <= NUMBERS | {NULL} or claims == {list}) or not all(kinds[name] <= SCORES for name in names):
        return None
    parts = np.array([table[name] for name in names], dtype=np.float64).reshape(len(names), table.size)
    known = parts == parts
    rewards = {f"reward.{name}": part for name, part, there in zip(names, parts, known, strict=True) if there.any()}
    rest = table.rest(USED.union(names))
    if not rewards.keys().isdisjoint(rest.numbers):
        return None
    if names:
        notes.recognise(reward_note(names), table.size)
    prompts, said = prompts_of(table["prompt"]), answers_of(table["completion"])
    both = prompts.extra.keys() & shared.keys()
    table.account.afford_cells(table.size, table.account.name, cells=sum(len(shared[row]) for row in both))
    answers = Answers(
        prompt=prompts.texts,
        text=said.texts,
        reward=_in_turn(parts, known),
        where=table.where,
        group=list(map(as_text, table["prompt"])),
        training_step=table.steps("gen_step", "step"),
        reference=table.texts("solution"),
        prompt_extra=shared | prompts.extra | {row: prompts.extra[row] | shared[row] for row in both},
        columns=rewards if names != ("reward",) else {},
        turns=said.turns,
    )
    answers.keep(rest)
    if claims == {list}:
        for row, values in enumerate(table["advantages"]):
            answers.extra.setdefault(row, {})["advantages"] = values
    elif claims != {NULL}:
        answers.claimed["advantage"] = table.numbers("advantages")
    return answers


def _in_turn(parts: FloatArray, known: BoolArray) -> FloatArray:
    """The sum of each column of a table, one number added after the other; NaN where none is known. `[N]`"""
    whole = np.full(parts.shape[1], np.nan)
    if len(parts):
        summed = np.add.accumulate(np.where(known, parts, 0.0), axis=0)[-1]
        whole = np.where(known.any(axis=0), summed, whole)
    return whole


def _one_by_one(lines: Iterable[Row], notes: Notes) -> Iterator[Rollout]:
    """The rollouts of lines that are not alike."""
    for line in lines:
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
    return isinstance(value, list) and dict not in set(map(type, value))


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
