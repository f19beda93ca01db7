"""Items of the Responses API as turns: messages, thoughts and calls of the model, and what was answered to them.

Fields are those of `openai/types/responses`; NeMo Gym adds token ids and log probabilities to the last item of a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from treecore.formats.fields import wrong
from treecore.formats.messages import Asked, asked, content_text
from treecore.formats.rollout import Turn
from treecore.formats.rows import as_text, rest_of
from treecore.formats.token_lists import ids_in, numbers_in, step_tokens

IDS, LOGPROBS = "generation_token_ids", "generation_log_probs"
OF_ITEM = frozenset({"type", "role", "content", "summary", "status", "id", "prompt_token_ids", IDS, LOGPROBS})
ANSWERED = ("function_call_output", "custom_tool_call_output", "computer_call_output", "mcp_approval_response")
"""Types of items that are no words of the model."""


def prompt_in(value: Any) -> Asked:
    """The prompt of a request: text, or items; of items that are no messages their JSON."""
    if not isinstance(value, list):
        return asked(value)
    said = [dict(one) if "role" in one else {"role": as_text(one.get("type")), "content": one} for one in value]
    return asked(said or "")


def turns_in(items: Sequence[Mapping[str, Any]], where: str) -> list[Turn]:
    """A turn for each call of the model: its thought, its words and the calls of tools that it makes.

    A new one begins where the model goes on after an answer, or after an item with tokens, which ends a call.

    Raises:
        FormatError: tokens of a call are no numbers.
    """
    turns: list[Turn] = []
    ended = True
    for number, item in enumerate(items):
        place = f"{where}, output[{number}]"
        if item.get("type") in ANSWERED or item.get("role") in ("user", "system", "developer", "tool"):
            turns = turns or [Turn()]
            heard = as_text(item.get("output")) if "output" in item else content_text(item.get("content"))
            turns[-1].observation += f"\n\n{heard}" if turns[-1].observation else heard
            ended = True
            continue
        if ended:
            turns.append(Turn())
        say(turns[-1], item)
        ids, logprobs = ids_in(item, IDS, where=place), numbers_in(item, LOGPROBS, where=place)
        turns[-1].tokens = step_tokens(ids, logprobs, entropy=(), names=LOGPROBS, where=place)
        ended = bool(ids)
    return turns or [Turn()]


def say(turn: Turn, item: Mapping[str, Any]) -> None:
    """Add one item of the model to a turn."""
    kind = item.get("type", "message")
    if kind == "message":
        text = content_text(item.get("content"))
        turn.text += f"\n\n{text}" if turn.text and text else text
    elif kind == "reasoning":
        thought = content_text(item.get("summary")) or content_text(item.get("content"))
        before = turn.extra.get("reasoning_content")
        turn.extra["reasoning_content"] = f"{before}\n\n{thought}" if before else thought
    elif "name" in item:
        turn.extra.setdefault("tool_calls", []).append(rest_of(item, OF_ITEM))
    else:
        turn.extra.setdefault("items", []).append(rest_of(item, OF_ITEM - {"type"}))


def items_in(fields: Mapping[str, Any], name: str, *, where: str) -> list[dict[str, Any]]:
    """A list of items; empty where it is null or absent.

    Raises:
        FormatError: it is something else.
    """
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise wrong(name, value, "a list of objects", where=where)
    return value
