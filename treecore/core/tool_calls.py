"""Find the tool calls of a step, names and arguments, in its text or in fields beside it.

Servers and trainers keep calls in a field beside the text (`tool_calls`, `function_call`), in one of a few shapes;
models write them into the text between tags. Knows no tool; nothing is run. Time is linear in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MAX_CALLS = 1000
"""Calls of one step that are read; more are none that a person looks at."""
FIELDS = ("tool_calls", "function_call")
"""Fields of a step beside its text that hold calls."""
NAMES = ("function_name", "name", "function", "tool", "recipient_name")
ARGUMENTS = ("arguments", "parameters", "input", "args")
IDS = ("id", "tool_call_id", "call_id")
UNNAMED_TAGS = ("tool_call", "tool_calls", "function_call")
CALL_TAGS = ("search", *UNNAMED_TAGS)
"""Tags around a call; one that is not of `UNNAMED_TAGS` is the tool's name."""
_TAGGED = re.compile(rf"<({'|'.join(CALL_TAGS)})>(.*?)(?:</\1>|(?=<\1>)|\Z)", re.DOTALL)
_OPENED = re.compile(rf"<(?:{'|'.join(CALL_TAGS)})>")


class ToolCall(NamedTuple):
    """One call.

    Attributes:
        name: of the tool, "" where it has none.
        arguments: name -> value; the text as it was written where it holds no such structure.
        id: by which an answer names it, "" where it has none.
    """

    name: str
    arguments: Mapping[str, Any] | str
    id: str = ""

    def __str__(self) -> str:
        """`calculate(expression="3*4", base=10)`, as people write it."""
        if isinstance(self.arguments, str):
            return f"{self.name}({self.arguments.strip()})" if self.name else self.arguments.strip()
        given = ", ".join(f"{name}={shown(value)}" for name, value in self.arguments.items())
        return f"{self.name}({given})"


def shown(value: Any) -> str:
    """A value of an argument in one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def tool_calls(text: str, fields: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """All calls of a step, in order.

    Args:
        text: of the step; read only where no field holds calls.
        fields: of the step beyond the format (`Forest.node_extra`).
    """
    return recorded_calls(fields) or written_calls(text)


def recorded_calls(fields: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The calls that stand in a field beside the text."""
    found = next((calls for name in FIELDS if (calls := as_list(fields.get(name)))), [])
    return tuple(call for one in found[:MAX_CALLS] if (call := tool_call_in(one)) is not None)


def calls_in_words(fields: Mapping[str, Any]) -> str:
    """The calls that stand in a field beside the text, a line each; "" without any."""
    return "\n".join(map(str, recorded_calls(fields)))


def all_calls(value: Any) -> bool:
    """Whether a field holds calls, and nothing that is none."""
    calls = as_list(value)
    return bool(calls) and all(tool_call_in(one) is not None for one in calls)


def written_calls(text: str) -> tuple[ToolCall, ...]:
    """The calls that a text holds between tags."""
    if "<" not in text:
        return ()
    found: list[ToolCall] = []
    for match in _TAGGED.finditer(text):
        found += between_tags(match[1], inside=match[2])
        if len(found) >= MAX_CALLS:
            break
    return tuple(found[:MAX_CALLS])


def count_calls(text: str, fields: Mapping[str, Any]) -> int:
    """How many calls a step has; less work than `tool_calls` where a text holds one at most."""
    if not fields and len(_OPENED.findall(text)) <= 1 and "[" not in text and "\n{" not in text:
        return 1 if _OPENED.search(text) else 0
    return len(tool_calls(text, fields))


def as_list(value: Any) -> list[Any]:
    """What a field holds as a list: one call, several, or the JSON of either."""
    if isinstance(value, str):
        value = parsed(value)
    return value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []


def parsed(text: str) -> Any:
    """A JSON document; None where the text is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def tool_call_in(call: Any) -> ToolCall | None:
    """One call in any of its shapes: `function` an object or a name, arguments an object or its JSON."""
    if isinstance(call, str):
        call = parsed(call)
    if not isinstance(call, Mapping):
        return None
    inner = call.get("function")
    outer, call = call, {**call, **inner} if isinstance(inner, Mapping) else call
    name = next((value for key in NAMES if isinstance(value := call.get(key), str)), "")
    arguments: Any = next((call[key] for key in ARGUMENTS if call.get(key) is not None), {})
    if isinstance(arguments, str):
        structure = parsed(arguments)
        arguments = structure if isinstance(structure, Mapping) else arguments
    elif not isinstance(arguments, Mapping):
        arguments = shown(arguments)
    identity = next((value for key in IDS if isinstance(value := outer.get(key), str)), "")
    return ToolCall(name, arguments, identity) if name or arguments else None


def between_tags(tag: str, *, inside: str) -> Iterator[ToolCall]:
    """The calls between a pair of tags: JSON of one or several, one in each line, or plain words."""
    words = inside.strip()
    if words.startswith(("{", "[")):
        whole = as_list(words)
        structures = whole or [parsed(line) for line in words.splitlines()]
        calls = [tool_call_in(one) for one in structures]
        if calls and all(call is not None for call in calls):
            yield from (call for call in calls if call is not None)
            return
    if words:
        yield ToolCall("" if tag in UNNAMED_TAGS else tag, words)
