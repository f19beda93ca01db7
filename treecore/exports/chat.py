"""Steps as messages of a chat, tool calls in the field that trainers read (`tool_calls`), and which steps need it."""

from __future__ import annotations

from typing import Any

from treecore.core.forest import Forest
from treecore.core.tool_calls import recorded_calls, tool_calls
from treecore.exports.training import prompt_of

Message = dict[str, Any]


def calls_beside(forest: Forest, row: int) -> bool:
    """Whether a step has tool calls that do not stand in its text."""
    return row in forest.node_extra and bool(recorded_calls(forest.node_extra[row]))


def prompt_messages(forest: Forest) -> list[Message]:
    """The prompt: its messages where the file had several, else what the user and the system said."""
    kept, system = forest.extra.get("messages"), forest.extra.get("system")
    if isinstance(kept, list) and all(isinstance(one, dict) and "role" in one for one in kept):
        return [{"role": str(one["role"]), "content": one.get("content")} for one in kept]
    said = [{"role": "system", "content": system}] if isinstance(system, str) else []
    return [*said, {"role": "user", "content": prompt_of(forest)}]


def written(forest: Forest, row: int) -> Message:
    """What the model wrote in a step, with its calls."""
    calls = recorded_calls(forest.node_extra.get(row, {}))
    message: Message = {"role": "assistant", "content": forest.text[row]}
    if calls:
        message["tool_calls"] = [
            {"type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls
        ]
    return message


def step_messages(forest: Forest, row: int) -> list[Message]:
    """What the model wrote in a step, and what it heard: of a tool where it called one, else of the user."""
    heard = forest.observation[row]
    role = "tool" if tool_calls(forest.text[row], forest.node_extra.get(row, {})) else "user"
    return [written(forest, row), *([{"role": role, "content": heard}] if heard else [])]
