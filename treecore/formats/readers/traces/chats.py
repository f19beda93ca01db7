"""Calls of a model that each repeat the whole chat before them, as the tree that they make. Knows no file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from operator import is_
from typing import Any, NamedTuple

import orjson

from treecore.formats.endings import ending
from treecore.formats.fields import first_of, n_tokens_of, number_of
from treecore.formats.messages import ASSISTANT, prompt_of
from treecore.formats.nested_json import list_within
from treecore.formats.readers.traces.older import Said, calls_in, is_older
from treecore.formats.readers.traces.spans import Span
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import as_text, rest_of

INPUT, OUTPUT, SYSTEM = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"
SCORE, SCORED = "gen_ai.evaluation.score.value", "gen_ai.evaluation.name"
POLICY = {
    "llm.model_name": "model",
    "gen_ai.request.model": "model",
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.seed": "seed",
    "gen_ai.agent.name": "agent",
}
LENGTHS = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
USED = frozenset({INPUT, OUTPUT, SYSTEM, SCORE, SCORED, *LENGTHS, *POLICY})
EDGE = 32
"""Characters at the beginning and at the end of a message by which it is told from others first."""
PLAIN = frozenset({"role", "parts"})
"""Fields of a message that has nothing beside its words."""
THOUGHTS = ("reasoning", "thinking")


class Call(NamedTuple):
    """A span that holds what a model said, and its messages."""

    span: Span
    messages: Said


class Message(NamedTuple):
    """One message: as a chat has it, with its calls of tools as text."""

    fields: dict[str, Any]
    calls: bytes


class Repeats:
    """Parses lists of messages, each of which may begin like the one before: what is repeated is not parsed again."""

    def __init__(self) -> None:
        self._begin, self._found = "", list[dict[str, Any]]()

    def list_within(self, fields: Mapping[str, Any], name: str, *, where: str) -> list[dict[str, Any]]:
        """`nested_json.list_within`; the messages that it shares with the list before are the same objects."""
        text = fields.get(name)
        if not isinstance(text, str) or text[-1:] != "]":
            return list_within(fields, name, where=where)
        found = self._going_on(text)
        if found is None:
            found = list_within(fields, name, where=where)
        self._begin, self._found = text[:-1], found
        return found

    def _going_on(self, text: str) -> list[dict[str, Any]] | None:
        """The messages of a text that begins with those of the text before; None of any other."""
        if not self._found or not text.startswith(self._begin):
            return None
        rest = text[len(self._begin) :]
        if rest == "]":
            return self._found
        if rest[:1] != ",":
            return None
        with suppress(orjson.JSONDecodeError):
            more: list[dict[str, Any]] = orjson.loads(f"[{rest[1:]}")
            if set(map(type, more)) == {dict}:
                return self._found + more
        return None


class Heard(NamedTuple):
    """Messages that a call heard, as they came and read, and the number of the chat up to each."""

    given: list[dict[str, Any]]
    messages: list[Message]
    states: list[int]


Brief = tuple[int, str, bytes, int, str, str]


class Chats:
    """The chats of one trace, told apart by the messages that they begin with."""

    def __init__(self) -> None:
        self.found: list[Rollout] = []
        self._after: dict[Brief, tuple[str, int]] = {}
        self._alike: dict[tuple[Brief, str], int] = {}
        self._ends: dict[int, tuple[int, int]] = {}
        self._before = Heard([], [], [])

    def add(self, call: Call) -> None:
        """Put a call where its chat goes on from, or begin a new chat."""
        span = call.span
        heard = self._heard(call.messages.heard)
        said = [message_of(one) for one in call.messages.said] or [message_of({})]
        known, parent, number = -1, PROMPT, len(self.found)
        for place in range(len(heard.states) - 1, -1, -1):
            if heard.states[place] in self._ends:
                known, (number, parent) = place, self._ends[heard.states[place]]
                break
        if known < 0:
            self.found.append(chat_of(span, [one.fields for one in heard.messages]))
        else:
            follow(self.found[number].turns, parent, [one.fields for one in heard.messages[known + 1 :]])
        state = heard.states[-1] if heard.states else 0
        for answer in said:
            self.found[number].turns.append(turn_of(span, answer.fields, parent))
            self._ends[self._next(state, answer)] = (number, len(self.found[number].turns) - 1)

    def _heard(self, given: list[dict[str, Any]]) -> Heard:
        """What a call heard; messages that are the same objects as those of the call before are not read again."""
        before = self._before
        same = sum(takewhile(bool, map(is_, before.given, given)))
        found = Heard(given, before.messages[:same], before.states[:same])
        for one in given[same:]:
            found.messages.append(message_of(one))
            found.states.append(self._next(found.states[-1] if found.states else 0, found.messages[-1]))
        self._before = found
        return found

    def _next(self, state: int, message: Message) -> int:
        """The number of the messages so far and one more; equal messages have equal numbers. The first of those that
        begin and end alike are compared, not hashed: they are long."""
        role, text = message.fields["role"], message.fields["content"]
        brief = (state, role, message.calls, len(text), text[:EDGE], text[-EDGE:])
        new = len(self._after) + len(self._alike) + 1
        first, number = self._after.setdefault(brief, (text, new))
        return number if text == first else self._alike.setdefault((brief, text), new)


def rollouts_of(calls: Sequence[Call], scores: Mapping[str, float]) -> list[Rollout]:
    """The chats of one trace, in the order of their first calls."""
    chats = Chats()
    for call in calls:
        chats.add(call)
    for chat in chats.found:
        chat.last.columns |= scores
    return chats.found


def chat_of(span: Span, heard: list[dict[str, Any]]) -> Rollout:
    """A new chat, without turns so far: all that was said before its first call is the prompt."""
    system = list_within(span.attributes, SYSTEM, where=span.where)
    if system:
        heard = [{"role": "system", "content": "\n\n".join(filter(None, map(part_text, system)))}, *heard]
    prompt, extra = prompt_of(heard)
    policy = {to: span.attributes[name] for name, to in POLICY.items() if span.attributes.get(name) is not None}
    return Rollout(prompt=prompt, turns=[], prompt_extra=extra, policy=policy, where=span.where)


def follow(turns: list[Turn], parent: int, heard: Sequence[Mapping[str, Any]]) -> None:
    """Put what was answered to a turn into its observation, once."""
    text = "\n\n".join(as_text(one.get("content")) for one in heard if one.get("role") not in ASSISTANT)
    if text and not turns[parent].observation:
        turns[parent].observation = text


def turn_of(span: Span, message: Mapping[str, Any], parent: int) -> Turn:
    """The turn of one answer."""
    extra = {name: value for name, value in message.items() if name not in ("role", "content", "finish_reason")}
    rest = rest_of({name: value for name, value in span.attributes.items() if not is_older(name)}, USED)
    turn = Turn(text=as_text(message.get("content")), parent=parent, extra=extra)
    turn.status = ending(message.get("finish_reason"))
    turn.extra |= {"span_id": span.id} if span.id else {}
    if rest:
        turn.extra["attributes"] = rest
    length = first_of(span.attributes, LENGTHS)
    turn.n_tokens = n_tokens_of(number_of(span.attributes.get(length), length, where=span.where))
    return turn


def message_of(value: Mapping[str, Any]) -> Message:
    """One message: its texts joined, its thoughts and its calls in fields beside them."""
    listed = value.get("parts")
    if (words := plain_words(listed)) is not None and value.keys() == PLAIN:
        return Message({"role": as_text(value.get("role")) or "assistant", "content": words}, b"")
    parts = listed if isinstance(listed, list) else [{"type": "text", "content": value.get("content")}]
    texts, thoughts, calls = list[str](), list[str](), list[Any]()
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else ""
        if kind == "tool_call":
            calls.append({name: part[name] for name in ("id", "name", "arguments") if name in part})
        else:
            (thoughts if kind in THOUGHTS else texts).append(part_text(part))
    calls += calls_in(value.get("tool_calls"))
    fields: dict[str, Any] = {"role": as_text(value.get("role")) or "assistant", "content": joined(texts)}
    key = b""
    if calls:
        fields["tool_calls"] = calls
        key = orjson.dumps(calls, default=str, option=orjson.OPT_SORT_KEYS)
    if thought := joined(thoughts):
        fields["reasoning_content"] = thought
    if value.get("finish_reason") is not None:
        fields["finish_reason"] = value["finish_reason"]
    return Message(fields, key)


def plain_words(parts: Any) -> str | None:
    """The words of a message whose only part is a text; None for any other."""
    if type(parts) is list and len(parts) == 1 and type(part := parts[0]) is dict and part.get("type") == "text":
        words = part.get("content")
        return words if type(words) is str else None
    return None


def joined(texts: Sequence[str]) -> str:
    """Texts with a blank line between them; those without words left out."""
    return texts[0] if len(texts) == 1 else "\n\n".join(text for text in texts if text)


def part_text(part: Any) -> str:
    """The text of one part of a message: its content, or the answer of a tool."""
    if not isinstance(part, dict):
        return as_text(part)
    for name in ("content", "text", "response", "result"):
        if (value := part.get(name)) is not None:
            return as_text(value)
    return ""
