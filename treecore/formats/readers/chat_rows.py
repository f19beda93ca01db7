"""Chat rows as OpenAI's fine-tuning has them, one chat a line, with a reward: `{"messages": [...], "reward": 1.0}`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from treecore.errors import FormatError
from treecore.formats.fields import list_in, number_in, training_step_in, wrong
from treecore.formats.mapping import USUAL
from treecore.formats.messages import ASSISTANT, chat, is_chat
from treecore.formats.notes import Notes
from treecore.formats.parquet import is_parquet
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import Row, as_text, rest_of, row_kinds, rows
from treecore.formats.source import Source

REWARDS = ("reward", "score")
"""Names of the reward, the most telling first; the others stay numbers beside it."""
OUTCOMES = tuple(name for name in (*USUAL["reward"], "weight") if name not in REWARDS)
"""Further names of a reward, where they hold a number or a boolean."""
ADVANTAGES = ("advantage", "advantages")
REFERENCES = USUAL["reference"]
GROUPS = USUAL["group"]
STEPS = USUAL["step"]
NOT_OURS = frozenset({"generations", "completions", "completion", "chosen", "rejected", "group_index", "traj_idx"})
NOT_OURS |= {"trajectory_format", "trajectory", "nodes", "steps", "traces", "spans", "_type", "parentId", "eval"}
"""Names beside `messages` in other formats."""


def looks_like_chats(source: Source) -> bool:
    """Rows with messages, and with none of the names that other formats have beside them."""
    kinds = row_kinds(source)
    if kinds.get("messages") != "list" or kinds.keys() & NOT_OURS:
        return False
    return is_parquet(source.data) or is_chat(source.head["messages"])


@rollout_format(
    name="chats",
    title="chats with rewards",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_chats,
    written_by="any tool that saves chats in the shape of OpenAI's fine-tuning, with `reward` beside `messages`",
    fields=frozenset({"messages", "reward"}),
)
def read_chats(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a chat; chats that are the same up to their answer are a group.

    The answer is what follows the user's last message; where that leaves every chat alone, what follows the first.
    """
    table = list(rows(source))
    chats = [_messages(row) for row in table]
    starts = [_answer_start(messages, last=True) for messages in chats]
    group = _group_name(table)
    if group:
        notes.recognise(f"`{group}` names the group")
    else:
        first = [_answer_start(messages, last=False) for messages in chats]
        if first != starts and _largest(chats, starts) == 1 < _largest(chats, first):
            starts = first
        notes.guess("chats with the same messages before the answer are one group")
    answers = 0
    for row, messages, start in zip(table, chats, starts, strict=True):
        if start < len(messages):
            answers += 1
            yield _rollout(row, messages, start, group)
        else:
            notes.drop("chats without an answer of the model")
    if table and not answers:
        raise FormatError("no chat has an answer of the model", where=source.name, todo="give chats that it answered")


def _group_name(table: Sequence[Row]) -> str:
    """The field that names the group: one that every row has, and that is not an id of single rows; "" for none."""
    for name in GROUPS:
        values = [row.fields.get(name) for row in table]
        if None not in values and len(set(map(as_text, values))) < len(values):
            return name
    return ""


def _messages(row: Row) -> list[dict[str, Any]]:
    messages = list_in(row.fields, "messages", row.where)
    for one in messages:
        if not isinstance(one, dict):
            raise wrong("messages", messages, "a list of messages with role and content", row.where)
    return messages


def _answer_start(messages: Sequence[dict[str, Any]], *, last: bool) -> int:
    """Number of messages before the answer: those up to the user's last one, or up to the first of the model."""
    models = [place for place, one in enumerate(messages) if one.get("role") in ASSISTANT]
    if not models:
        return len(messages)
    users = [place for place, one in enumerate(messages[: models[-1]]) if one.get("role") == "user"]
    return users[-1] + 1 if last and users else models[0]


def _key(messages: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps(messages, default=str, option=orjson.OPT_SORT_KEYS)


def _largest(chats: Sequence[list[dict[str, Any]]], starts: Sequence[int]) -> int:
    """Chats of the largest group."""
    counts = Counter(_key(messages[:start]) for messages, start in zip(chats, starts, strict=True))
    return max(counts.values(), default=0)


def _reward_name(fields: dict[str, Any]) -> str:
    """The field that is the reward."""
    named = (name for name in REWARDS if fields.get(name) is not None)
    usual = (name for name in OUTCOMES if isinstance(fields.get(name), bool | int | float))
    return next(named, None) or next(usual, REWARDS[0])


def _rollout(row: Row, messages: list[dict[str, Any]], start: int, group: str) -> Rollout:
    fields, where = row
    prompt, extra, turns = chat(messages, history=start)
    reward = _reward_name(fields)
    reference = next((name for name in REFERENCES if fields.get(name) is not None), "")
    advantage = next((name for name in ADVANTAGES if fields.get(name) is not None), "")
    rest = rest_of(fields, {"messages", "tools", reward, reference, advantage, *STEPS})
    if fields.get("tools"):
        extra["tools"] = fields["tools"]
    rollout = Rollout(
        prompt=prompt,
        turns=turns,
        group=as_text(fields[group]) if group else _key(messages[:start]),
        training_step=training_step_in(fields, *STEPS),
        reference=as_text(fields.get(reference)),
        prompt_extra=extra,
        where=where,
    ).scored(number_in(fields, reward, where))
    if advantage and (claim := number_in(fields, advantage, where)) is not None:
        rollout.last.claimed["advantage"] = claim
    rollout.keep(rest)
    return rollout
