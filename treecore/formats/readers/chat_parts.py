"""Where the prompt of a chat ends and its answer begins, for many chats at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from treecore.formats.messages import ASSISTANT, OF_MESSAGE, SYSTEM, Asked, chat, prompt_of
from treecore.formats.rollout import Turn

Messages = Sequence[dict[str, Any]]
ROLE_AND_WORDS = itemgetter("role", "content")


class Parted(NamedTuple):
    """Prompts and answers of the chats that have an answer. Lists are `[K]`, and rows count these.

    Attributes:
        kept: their numbers among all chats; keys: what those with the same prompt have in common.
        extra: row -> what is kept beside its prompt; turns: row -> its turns, where they are more than a text.
    """

    kept: list[int]
    keys: list[bytes]
    prompts: list[str]
    texts: list[str]
    extra: dict[int, dict[str, Any]]
    turns: dict[int, list[Turn]]


def parted(chats: Sequence[Messages], named: Sequence[str]) -> Parted:
    """The parts of chats: the answer is what follows the user's last message, or the first, where that fits better.

    Args:
        named: the group of each, where a field names it, else empty.
    """
    return alike(chats) or _each(chats, named)


def alike(chats: Sequence[Any]) -> Parted | None:
    """The parts of chats that all have the same roles, plain words, and one answer at the end; None of anything else.

    Each message is looked at once: what lies apart in memory is slow to come back to.
    """
    if not chats or set(map(type, chats)) != {list}:
        return None
    size, messages = len(chats[0]), list(chain.from_iterable(chats))
    if (
        size < 2
        or set(map(len, chats)) != {size}
        or set(map(type, messages)) != {dict}
        or set(map(len, messages)) != {len(OF_MESSAGE)}
    ):
        return None
    try:
        said = list(map(ROLE_AND_WORDS, messages))
    except KeyError:
        return None
    roles, words = [role for role, _ in said[:size]], [text for _, text in said]
    if set(map(type, words)) != {str} or [role for role, _ in said] != roles * len(chats):
        return None
    if [role in ASSISTANT for role in roles] != [False] * (size - 1) + [True]:
        return None
    columns = [words[place::size] for place in range(size)]
    before = list(columns[0] if size == 2 else zip(*columns[:-1], strict=True))
    asked: dict[Hashable, tuple[bytes, Asked]] = {}
    for said, one in zip(before, chats, strict=True):
        if said not in asked:
            asked[said] = _key(one[:-1]), prompt_of(one[:-1])
    found = list(map(asked.__getitem__, before))
    extra = {row: one.extra for row, (_, one) in enumerate(found)} if size > 2 or roles[0] in SYSTEM else {}
    keys, prompts = [key for key, _ in found], [one.prompt for _, one in found]
    return Parted([*range(len(chats))], keys, prompts=prompts, texts=columns[-1], extra=extra, turns={})


def _each(chats: Sequence[Messages], named: Sequence[str]) -> Parted:
    starts = [starts_of(messages) for messages in chats]
    places = [start.last for start in starts]
    keys = [_key(messages[:place]) for messages, place in zip(chats, places, strict=True)]
    if any(start.last != start.first for start in starts):
        first = [_key(messages[: start.first]) for messages, start in zip(chats, starts, strict=True)]
        groups = named or keys
        parts_a_group = len(set(zip(groups, keys, strict=True))) > len(set(groups))
        if parts_a_group or (_all_alone(groups) and not _all_alone(first)):
            places, keys = [start.first for start in starts], first
    found = Parted([], [], prompts=[], texts=[], extra={}, turns={})
    for number, (messages, place, key) in enumerate(zip(chats, places, keys, strict=True)):
        if place < len(messages):
            prompt, extra, turns = chat(messages, history=place)
            row = len(found.kept)
            if extra:
                found.extra[row] = extra
            if len(turns) > 1 or turns[0] != Turn(text=turns[0].text):
                found.turns[row] = turns
            found.kept.append(number)
            found.keys.append(key)
            found.prompts.append(prompt)
            found.texts.append(turns[0].text)
    return found


class Starts(NamedTuple):
    """Number of messages before the answer: up to the user's last one, and up to the first of the model."""

    last: int
    first: int


def starts_of(messages: Messages) -> Starts:
    """Where the answer of one chat begins; after its last message where the model said nothing."""
    roles = [one.get("role") for one in messages]
    models = [place for place, role in enumerate(roles) if role in ASSISTANT]
    if not models:
        return Starts(last=len(messages), first=len(messages))
    users = [place for place in range(models[0], models[-1]) if roles[place] == "user"]
    return Starts(last=users[-1] + 1 if users else models[0], first=models[0])


def _key(messages: Messages) -> bytes:
    return orjson.dumps(messages, default=str, option=orjson.OPT_SORT_KEYS)


def _all_alone(groups: Sequence[Any]) -> bool:
    return len(set(groups)) == len(groups)
