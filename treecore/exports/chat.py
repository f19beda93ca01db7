"""Steps as messages of a chat, tool calls in the field that trainers read (`tool_calls`), and which steps need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treecore.core.forest import Forest
from treecore.core.tool_calls import ToolCall, recorded_calls, tool_calls
from treecore.exports.training import prompt_of
from treecore.formats.messages import is_chat

Message = dict[str, Any]
REPLY_FIELDS = ("name", "tool_call_id")
"""Fields of a message that say who answers, and to which call."""


def calls_beside(forest: Forest, row: int) -> bool:
    """Whether a step has tool calls that do not stand in its text."""
    return row in forest.node_extra and bool(recorded_calls(forest.node_extra[row]))


def prompt_messages(forest: Forest) -> list[Message]:
    """The prompt: its messages where the file had several, else what the user and the system said."""
    kept, system = forest.extra.get("messages"), forest.extra.get("system")
    if isinstance(kept, list) and is_chat(kept):
        return list(map(message_of, kept))
    said = [{"role": "system", "content": system}] if isinstance(system, str) else []
    return [*said, {"role": "user", "content": prompt_of(forest)}]


def message_of(recorded: Mapping[str, Any]) -> Message:
    """A message of the prompt, with its calls, and who answers to which of them."""
    beside = {name: recorded[name] for name in REPLY_FIELDS if isinstance(recorded.get(name), str)}
    calls = recorded_calls(recorded)
    named = [written_call(call) | ({"id": call.id} if call.id else {}) for call in calls]
    message: Message = {"role": str(recorded["role"]), "content": recorded.get("content"), **beside}
    return message | ({"tool_calls": named} if named else {})


def written(forest: Forest, row: int) -> Message:
    """What the model wrote in a step, with its calls."""
    calls = recorded_calls(forest.node_extra.get(row, {}))
    message: Message = {"role": "assistant", "content": forest.text[row]}
    return message | ({"tool_calls": list(map(written_call, calls))} if calls else {})


def written_call(call: ToolCall) -> dict[str, Any]:
    """A call as trainers read it."""
    return {"type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def step_messages(forest: Forest, row: int) -> list[Message]:
    """What the model wrote in a step, and what it heard: of a tool where it called one, else of the user."""
    heard = forest.observation[row]
    role = "tool" if tool_calls(forest.text[row], forest.node_extra.get(row, {})) else "user"
    return [written(forest, row), *([{"role": role, "content": heard}] if heard else [])]
