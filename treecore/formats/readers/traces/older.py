"""Messages of model calls under earlier names than those of `otel.py`: numbered attributes, JSON, or events.

Names are those of OpenLLMetry (`gen_ai.prompt.0.content`, `llm.prompts.0.content`), of OpenInference
(`llm.input_messages.0.message.content`) and of the GenAI conventions before 1.37 (`gen_ai.prompt` as JSON, an event a
message), which Logfire keeps as a list in the attribute `events`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from treecore.formats.messages import content_text
from treecore.formats.nested_json import unpacked_if_packed
from treecore.formats.readers.traces.spans import CHOICE
from treecore.formats.rows import as_text

NUMBERED = (
    ("gen_ai.prompt", "gen_ai.completion"),
    ("llm.input_messages", "llm.output_messages"),
    ("llm.prompts", "llm.completions"),
)
"""Names of what was heard and of what was said; a number follows them, or they hold all of it."""
PREFIXES = tuple(name for pair in NUMBERED for name in pair)
EVENTS = "events"
ROLES = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
MARKS = (b"gen_ai", b"llm.", b'"llm"')
"""One of these stands in every file of spans that holds messages."""
CALL = ("tool_call.function.name", "function.name", "name")
ARGUMENTS = ("tool_call.function.arguments", "function.arguments", "arguments")
IDS = ("tool_call.id", "id")


class Said(NamedTuple):
    """What a call of a model heard and what it answered, as messages with role, content and perhaps calls."""

    heard: list[dict[str, Any]]
    said: list[dict[str, Any]]


def said_in(attributes: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Said | None:
    """The messages of one span; None where it answered nothing."""
    for heard, said in NUMBERED:
        if answers := messages_of(attributes, said, role="assistant"):
            return Said(messages_of(attributes, heard, role="user"), answers)
    return messages_in(events) or messages_in(_events(attributes.get(EVENTS)))


def is_older(name: str) -> bool:
    """Whether an attribute holds messages under one of these names."""
    return name.startswith(PREFIXES) or name == EVENTS


def messages_of(attributes: Mapping[str, Any], name: str, *, role: str) -> list[dict[str, Any]]:
    """Messages under one name: a list, its JSON, a text, or attributes with numbers in their names.

    Args:
        role: of messages that say none.
    """
    given = unpacked_if_packed(attributes.get(name))
    if isinstance(given, str):
        return [{"role": role, "content": given}]
    if isinstance(given, list | dict):
        listed = given if isinstance(given, list) else [given]
        return [message_of(_without_prefix(one) if isinstance(one, dict) else {"content": one}, role) for one in listed]
    flat = numbered(attributes, name)
    return [message_of(_without_prefix(fields), role) for fields in flat]


def numbered(attributes: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """What stands under `NAME.0.x`, `NAME.1.x`, ...: a flat object for each number, in their order."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in attributes.items():
        if key.startswith(f"{name}."):
            number, _, rest = key[len(name) + 1 :].partition(".")
            if number.isdecimal() and len(number) < 10:
                found.setdefault(int(number), {})[rest] = value
    return [found[number] for number in sorted(found)]


def message_of(fields: Mapping[str, Any], role: str) -> dict[str, Any]:
    """One message."""
    if isinstance(inner := unpacked_if_packed(fields.get("message")), dict):
        fields = {**fields, **inner}
    message: dict[str, Any] = {
        "role": as_text(fields.get("role")) or role,
        "content": content_text(_json_list(fields.get("content"))) or _parts(fields),
    }
    listed = calls_in(unpacked_if_packed(fields.get("tool_calls")))
    if made := listed or list(map(call_of, numbered(fields, "tool_calls"))):
        message["tool_calls"] = made
    if (reason := fields.get("finish_reason")) is not None:
        message["finish_reason"] = reason
    return message


def calls_in(value: Any) -> list[dict[str, Any]]:
    """The calls of tools in a list of them; none where it is no list."""
    return [call_of(one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def call_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """One call of a tool: name, arguments, id, whatever they are called."""
    function: Any = call.get("function")
    inner = function if isinstance(function, dict) else {}
    flat = {**call, **{f"function.{name}": value for name, value in inner.items()}}
    made: dict[str, Any] = {}
    for to, names in (("id", IDS), ("name", CALL), ("arguments", ARGUMENTS)):
        made |= next(({to: flat[name]} for name in names if flat.get(name) is not None), {})
    return made


def messages_in(events: Sequence[Mapping[str, Any]]) -> Said | None:
    """The messages that events of a span tell, one each; None where none of them is an answer."""
    heard, said = list[dict[str, Any]](), list[dict[str, Any]]()
    for event in events:
        name = as_text(event.get("name") or event.get("event.name"))
        about = event.get("attributes")
        fields = {**event, **(about if isinstance(about, dict) else {})}
        body = unpacked_if_packed(fields.get("body"))
        fields |= body if isinstance(body, dict) else {}
        if name == CHOICE:
            said.append(message_of(fields, "assistant"))
        elif name in ROLES:
            heard.append(message_of(fields, ROLES[name]))
    return Said(heard, said) if said else None


def _events(value: Any) -> list[dict[str, Any]]:
    given = unpacked_if_packed(value)
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _without_prefix(fields: Mapping[str, Any]) -> dict[str, Any]:
    """OpenInference writes `message.` before each name."""
    return {name.removeprefix("message."): value for name, value in fields.items()}


def _parts(fields: Mapping[str, Any]) -> str:
    """The text of a message of numbered parts, as OpenInference writes them."""
    parts = numbered(fields, "contents")
    return "\n\n".join(text for part in parts if (text := as_text(part.get("message_content.text"))))


def _json_list(value: Any) -> Any:
    """Parts of a message that a text holds as JSON; a text that is JSON of something else stays a text."""
    given = unpacked_if_packed(value)
    parts = isinstance(given, list) and given and all(isinstance(one, dict) and "type" in one for one in given)
    return given if parts else value
