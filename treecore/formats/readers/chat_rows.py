"""Chat rows, one chat a line, with a reward: `{"messages": [...], "reward": 1.0}` as OpenAI's fine-tuning has them.

Also `conversations`, with messages of the same shape or of ShareGPT's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from treecore.errors import FormatError
from treecore.formats.columnar import is_columnar
from treecore.formats.fields import first_of, list_in, number_in, number_of, training_step_in, wrong
from treecore.formats.mapping import USUAL
from treecore.formats.messages import ASSISTANT, chat, is_chat
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import Row, as_text, rest_of, row_kinds, rows
from treecore.formats.sharegpt import as_messages
from treecore.formats.source import Source

CHATS = ("messages", "conversations", "conversation")
"""Names of the list of messages, the most telling first."""
REWARDS = ("reward", "score")
"""Names of the reward, the most telling first; the others stay numbers beside it."""
OUTCOMES = tuple(name for name in (*USUAL["reward"], "weight", "kto_tag") if name not in REWARDS)
"""Further names of a reward, where they hold a number or a boolean."""
ADVANTAGES = ("advantage", "advantages")
REFERENCES = USUAL["reference"]
GROUPS = USUAL["group"]
STEPS = USUAL["step"]
FUNCTIONS = "rewards"
"""What each reward function gave, an object; their plain sum is the reward where none stands beside it."""
NOT_OURS = frozenset({"generations", "completions", "completion", "chosen", "rejected", "group_index", "traj_idx"})
NOT_OURS |= {"trajectory_format", "trajectory", "nodes", "steps", "traces", "spans", "_type", "parentId", "eval"}
"""Names beside `messages` in other formats."""
BESIDE = ("tools", "system")
"""Names of what belongs to the prompt."""


def looks_like_chats(source: Source) -> bool:
    """Rows with messages, and with none of the names that other formats have beside them."""
    kinds = row_kinds(source)
    name = next((name for name in CHATS if kinds.get(name) == "list"), "")
    if not name or kinds.keys() & NOT_OURS:
        return False
    return is_columnar(source.data) or is_chat(as_messages(source.head[name]))


@rollout_format(
    name="chats",
    title="chats with rewards",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_chats,
    written_by="any tool that saves chats in the shape of OpenAI's fine-tuning or ShareGPT's, with a `reward` each",
    fields=frozenset({"messages", "reward"}),
    example="""{"messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}], "reward": 1}
{"messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "3"}], "reward": 0}
""",
)
def read_chats(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a chat; chats that are the same up to their answer are a group, or those that a field names.

    The answer is what follows the user's last message; where that leaves every chat alone, or parts a named group,
    what follows the first.
    """
    table = list(rows(source))
    names = _names(table)
    chats = [_messages(row, names.chat) for row in table]
    starts = [_starts(messages) for messages in chats]
    keys = [_key(messages[: start.last]) for messages, start in zip(chats, starts, strict=True)]
    groups = [as_text(row.fields[names.group]) for row in table] if names.group else keys
    places = [start.last for start in starts]
    if any(start.last != start.first for start in starts):
        first = [_key(messages[: start.first]) for messages, start in zip(chats, starts, strict=True)]
        if len(set(zip(groups, keys, strict=True))) > len(set(groups)) or (
            _all_alone(groups) and not _all_alone(first)
        ):
            places = [start.first for start in starts]
            groups = groups if names.group else first
    if names.group:
        notes.recognise(f"`{names.group}` names the group")
    else:
        notes.guess("chats with the same messages before the answer are one group")
    if any(isinstance(row.fields.get(FUNCTIONS), dict) for row in table):
        notes.guess(f"the reward of a chat without one is the plain sum of its `{FUNCTIONS}`")
    answers = 0
    for row, messages, place, group in zip(table, chats, places, groups, strict=True):
        if place < len(messages):
            answers += 1
            yield _rollout(row, messages, place, group=group, names=names)
        else:
            notes.drop("chats without an answer of the model")
    if table and not answers:
        raise FormatError("no chat has an answer of the model", where=source.name, todo="give chats that it answered")


class Names(NamedTuple):
    """Names of fields that occur in the file, by what they are; of the chat one, of the group one or ""."""

    chat: str
    group: str
    outcomes: tuple[str, ...]
    references: tuple[str, ...]
    advantages: tuple[str, ...]
    steps: tuple[str, ...]


def _names(table: Sequence[Row]) -> Names:
    found = set[str]().union(*(row.fields for row in table))
    chats = next((name for name in CHATS if name in found), CHATS[0])
    there = (tuple(name for name in names if name in found) for names in (OUTCOMES, REFERENCES, ADVANTAGES, STEPS))
    for name in GROUPS:
        if name in found:
            values = [row.fields.get(name) for row in table]
            if None not in values and len(set(map(as_text, values))) < len(values):
                return Names(chats, name, *there)
    return Names(chats, "", *there)


def _messages(row: Row, name: str) -> list[dict[str, Any]]:
    messages: list[Any] = as_messages(list_in(row.fields, name, where=row.where))
    if not all(isinstance(one, dict) for one in messages):
        raise wrong(name, messages, "a list of messages with role and content", where=row.where)
    return messages


class Starts(NamedTuple):
    """Number of messages before the answer: up to the user's last one, and up to the first of the model."""

    last: int
    first: int


def _starts(messages: Sequence[dict[str, Any]]) -> Starts:
    roles = [one.get("role") for one in messages]
    models = [place for place, role in enumerate(roles) if role in ASSISTANT]
    if not models:
        return Starts(last=len(messages), first=len(messages))
    users = [place for place in range(models[0], models[-1]) if roles[place] == "user"]
    return Starts(last=users[-1] + 1 if users else models[0], first=models[0])


def _key(messages: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps(messages, default=str, option=orjson.OPT_SORT_KEYS)


def _all_alone(groups: Sequence[Any]) -> bool:
    return len(set(groups)) == len(groups)


def _reward_name(fields: dict[str, Any], outcomes: Sequence[str]) -> str:
    """The field that is the reward."""
    for name in REWARDS:
        if fields.get(name) is not None:
            return name
    return next((name for name in outcomes if isinstance(fields.get(name), bool | int | float)), REWARDS[0])


def _rollout(row: Row, messages: list[dict[str, Any]], start: int, *, group: Any, names: Names) -> Rollout:
    fields, where = row
    prompt, extra, turns = chat(messages, history=start)
    reward = _reward_name(fields, names.outcomes)
    reference, advantage = first_of(fields, names.references), first_of(fields, names.advantages)
    taken = {names.chat, *BESIDE, reward, reference, advantage, *names.steps}
    rest = {} if fields.keys() <= taken else rest_of(fields, taken)
    for name in BESIDE:
        if fields.get(name):
            extra.setdefault(name, fields[name])
    rollout = Rollout(
        prompt=prompt,
        turns=turns,
        group=group,
        training_step=training_step_in(fields, *names.steps),
        reference=as_text(fields.get(reference)),
        prompt_extra=extra,
        where=where,
    )
    if isinstance(functions := fields.get(FUNCTIONS), dict):
        parts = {name: number_of(value, f"{FUNCTIONS}.{name}", where=where) for name, value in functions.items()}
        rest.pop(FUNCTIONS, None)
        given = [value for value in parts.values() if value is not None]
        whole = number_in(fields, reward, where=where)
        rollout.scored(sum(given) if whole is None and given else whole, parts)
    else:
        rollout.scored(number_in(fields, reward, where=where))
    if advantage and (claim := number_in(fields, advantage, where=where)) is not None:
        rollout.last.claimed["advantage"] = claim
    return rollout.keep(rest) if rest else rollout
