"""Chats as lists of messages: what the prompt is, and a turn for every message of the model. Knows no file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from treecore.formats.rollout import Turn
from treecore.formats.rows import as_text

ASSISTANT = ("assistant", "agent", "model", "gpt")
"""Roles under which tools write what the model said."""
SYSTEM = ("system", "developer")
OF_MESSAGE = frozenset({"role", "content"})
THOUGHTS = ("reasoning", "thinking", "summary")
"""Fields of a part of type `reasoning` or `thinking` that hold the thought."""


class Chat(NamedTuple):
    """A chat, parted.

    Attributes:
        prompt: what a person reads as the question: the user's words, with roles where there is more than one message.
        extra: `system` and `messages` of the prompt, where there is more than the user's one message.
        turns: one for each message of the model; what came before the next one is its observation.
    """

    prompt: str
    extra: dict[str, Any]
    turns: list[Turn]


def is_chat(value: Any) -> bool:
    """Whether this is a list of messages, each with a role."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return False
    return all(isinstance(one, dict) and "role" in one for one in value)


class Asked(NamedTuple):
    """A prompt as a person reads it, and what is kept beside it: see `Chat`."""

    prompt: str
    extra: dict[str, Any]


def asked(value: Any) -> Asked:
    """A prompt that is a list of messages or text; other values as JSON writes them."""
    return prompt_of(value) if is_chat(value) else Asked(as_text(value), {})


def answered(value: Any) -> list[Turn]:
    """The turns of an answer that is a list of messages or text: at least one, empty where nothing was said."""
    turns = turns_of(value) if is_chat(value) else [] if value == [] else [Turn(text=as_text(value))]
    return turns or [Turn()]


def chat(messages: Sequence[Mapping[str, Any]], *, history: int | None = None) -> Chat:
    """The parts of a chat.

    Args:
        messages: `role`, `content` (text, a list of parts, or null beside calls), and whatever else.
        history: number of messages that are the prompt; by default all before the first of the model.
    """
    if history is None:
        history = next((n for n, one in enumerate(messages) if one.get("role") in ASSISTANT), len(messages))
    return Chat(*prompt_of(messages[:history]), turns_of(messages[history:]))


def prompt_of(messages: Sequence[Mapping[str, Any]]) -> Asked:
    """Text of a prompt, and what beside it is kept."""
    if len(messages) == 1 and messages[0].get("role") not in SYSTEM:
        return Asked(content_text(messages[0].get("content")), {})
    said = [one for one in messages if one.get("role") not in SYSTEM]
    system = [content_text(one.get("content")) for one in messages if one.get("role") in SYSTEM]
    extra: dict[str, Any] = {"system": "\n\n".join(system)} if system else {}
    if len(said) == 1:
        return Asked(content_text(said[0].get("content")), extra)
    if said:
        extra["messages"] = [dict(one) for one in messages]
    parts = [f"{one.get('role', '')}:\n{content_text(one.get('content'))}" for one in said]
    return Asked("\n\n".join(parts), extra)


def turns_of(messages: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """A turn for each message of the model; messages of others before the first one are its own observation's."""
    turns: list[Turn] = []
    heard: list[list[str]] = []
    for message in messages:
        text = content_text(message.get("content"))
        if message.get("role") in ASSISTANT:
            turns.append(Turn(text=text, extra=beside(message)))
            heard.append([])
        elif turns:
            heard[-1].append(text)
    for turn, said in zip(turns, heard, strict=True):
        turn.observation = "\n\n".join(said)
    return turns


def beside(message: Mapping[str, Any]) -> dict[str, Any]:
    """What a message holds beside role and text, as it came.

    Parts that are thoughts are `reasoning_content`; a list of parts that is more than texts and thoughts is kept whole.
    """
    content = message.get("content")
    if message.keys() == OF_MESSAGE and isinstance(content, str):
        return {}
    extra = {name: value for name, value in message.items() if name not in OF_MESSAGE and value not in (None, [], "")}
    if isinstance(content, list):
        thoughts = [thought_of(part) for part in content]
        if any(thoughts):
            extra.setdefault("reasoning_content", "\n\n".join(filter(None, thoughts)))
        if any(
            not (thought or isinstance(part, str) or part_text(part))
            for part, thought in zip(content, thoughts, strict=True)
        ):
            extra["content"] = content
    return extra


def thought_of(part: Any) -> str:
    """The thought that a part of a message holds; "" where it holds none."""
    if isinstance(part, dict) and part.get("type") in ("reasoning", "thinking"):
        return next((value for name in THOUGHTS if isinstance(value := part.get(name), str) and value), "")
    return ""


def content_text(content: Any) -> str:
    """The text of a message: parts joined, other values as JSON writes them, "" for null."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n\n".join(text for part in content if (text := part_text(part)))
    return orjson.dumps(content, default=str).decode()


def part_text(part: Any) -> str:
    """The text of one part of a message; a thought is kept by its field, not as text."""
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        kind = part.get("type", "text")
        for name in ("text", "content"):
            if isinstance(part.get(name), str) and kind != "reasoning":
                return str(part[name])
    return ""
