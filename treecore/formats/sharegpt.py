"""Messages in the shape of ShareGPT, `{"from": "human", "value": ...}`, as messages with role and content.

Roles are those of ShareGPT and of LLaMA-Factory, whose `function_call` holds a call of a tool as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treecore.formats.nested_json import unpacked_if_packed

ROLES: Mapping[str, str] = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
CALLS = ("function_call", "tool_call")


def is_sharegpt(value: Any) -> bool:
    """Whether this is a list of messages, each from somebody."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict) or "from" not in value[0]:
        return False
    return all(isinstance(one, dict) and "from" in one for one in value)


def as_messages(value: Any) -> Any:
    """Messages with role and content of a chat in the shape of ShareGPT; any other value as it is."""
    return list(map(message_of, value)) if is_sharegpt(value) else value


def message_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """One message; what stands beside its words is kept as it came."""
    name, value = str(given["from"]).lower(), given.get("value")
    rest = {key: one for key, one in given.items() if key not in ("from", "value")}
    if name in CALLS and (calls := calls_in(value)):
        return {"role": "assistant", "content": "", "tool_calls": calls, **rest}
    return {"role": ROLES.get(name, name), "content": value, **rest}


def calls_in(value: Any) -> list[dict[str, Any]]:
    """The calls that a text holds as JSON, one or a list; none where it holds something else."""
    value = unpacked_if_packed(value)
    calls = value if isinstance(value, list) else [value]
    return calls if all(isinstance(one, dict) and "name" in one for one in calls) else []
