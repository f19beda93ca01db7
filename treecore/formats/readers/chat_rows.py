"""Chat rows as OpenAI's fine-tuning has them, one chat a line, with a reward: `{"messages": [...], "reward": 1.0}`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from treecore.formats.fields import list_in, number_in, training_step_in, wrong
from treecore.formats.mapping import USUAL
from treecore.formats.messages import ASSISTANT, chat, is_chat
from treecore.formats.notes import Notes
from treecore.formats.parquet import is_parquet
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

REWARDS = ("reward", "score", "weight")
"""Names of the reward, the most telling first; the others stay numbers beside it."""
ADVANTAGES = ("advantage", "advantages")
REFERENCES = USUAL["reference"]
GROUPS = USUAL["group"]
STEPS = USUAL["step"]
NOT_OURS = frozenset({"generations", "completions", "responses", "completion", "chosen", "rejected", "group_index"})
NOT_OURS |= {"trajectory_format", "trajectory", "nodes", "steps", "traces", "spans", "_type", "metadata", "scores"}
NOT_OURS |= {"eval", "samples", "info", "input", "output", "prompt", "parentId", "traj_idx", "rewards", "metrics"}
"""Names beside `messages` in other formats."""


def looks_like_chats(source: Source) -> bool:
    """Rows with messages, and with none of the names that other formats have beside them."""
    keys = row_keys(source)
    if "messages" not in keys or keys & NOT_OURS:
        return False
    return is_parquet(source.data) or is_chat(source.head.get("messages"))


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
    for row, messages, start in zip(table, chats, starts, strict=True):
        yield _rollout(row, messages, start, group)


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


def _rollout(row: Row, messages: list[dict[str, Any]], start: int, group: str) -> Rollout:
    fields, where = row
    prompt, extra, turns = chat(messages, history=start)
    reward = next((name for name in REWARDS if fields.get(name) is not None), REWARDS[0])
    reference = next((name for name in REFERENCES if fields.get(name) is not None), "")
    advantage = next((name for name in ADVANTAGES if fields.get(name) is not None), "")
    rest = rest_of(fields, {"messages", "tools", reward, reference, advantage, *STEPS})
    if fields.get("tools"):
        extra["tools"] = fields["tools"]
    rollout = Rollout(
        prompt=prompt,
        turns=turns or [Turn()],
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
