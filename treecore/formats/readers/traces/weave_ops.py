"""Calls of ops as Weave records them: which one made which, what a model heard and said, what others said of it.

Fields are those of `CallSchema` in `weave/trace_server/trace_server_interface.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from treecore.formats.mapping import USUAL
from treecore.formats.messages import content_text, is_chat
from treecore.formats.nested_json import object_within, unpacked_if_packed
from treecore.formats.readers.traces.chats import Call
from treecore.formats.readers.traces.older import Said, calls_in
from treecore.formats.readers.traces.spans import Span
from treecore.formats.rows import as_text

OP = re.compile(r"(?:weave://.*/op/)?([^/:]+)(?::[^/:]*)?")
"""The name of an op, within the address of its version."""
TEXTS = ("response_text", "content", "text", *USUAL["answer"])
SETTINGS = ("model", "temperature", "top_p", "max_tokens", "seed")
LEVELS = 4
"""Objects within each other that scores may lie in."""


class Op(NamedTuple):
    """One call of an op.

    Attributes:
        parent: id of the call that made it, "" for none; name: of the op; start: when it began, as text.
        inputs, attributes, summary: objects; output: whatever it gave.
    """

    id: str
    parent: str
    trace: str
    name: str
    start: str
    inputs: dict[str, Any]
    output: Any
    attributes: dict[str, Any]
    summary: dict[str, Any]
    where: str

    @property
    def method(self) -> str:
        """The name without that of its class."""
        return self.name.rpartition(".")[2]


def op_of(fields: Mapping[str, Any], where: str) -> Op:
    """One row."""
    name = as_text(fields.get("op_name"))
    named = OP.fullmatch(name)
    return Op(
        id=as_text(fields.get("id")),
        parent=as_text(fields.get("parent_id")),
        trace=as_text(fields.get("trace_id")),
        name=named[1] if named else name,
        start=as_text(fields.get("started_at")),
        inputs=object_within(fields, "inputs", where=where),
        output=unpacked_if_packed(fields.get("output")),
        attributes=object_within(fields, "attributes", where=where),
        summary=object_within(fields, "summary", where=where),
        where=where,
    )


def nearest_above(ops: Sequence[Op], marked: Collection[str]) -> dict[str, str]:
    """Id of each call -> id of the nearest one of `marked` that it was made within, "" for none; a ring has none."""
    by_id = {op.id: op for op in ops}
    found: dict[str, str] = {}
    for op in ops:
        path, above = [op.id], op.parent
        seen = {op.id}
        while above in by_id and above not in marked and above not in found and above not in seen:
            path.append(above)
            seen.add(above)
            above = by_id[above].parent
        result = above if above in marked and above in by_id else found.get(above, "")
        found |= dict.fromkeys(path, result)
    return found


def model_call(op: Op) -> Call | None:
    """A call of a model as a span with its messages; None where it is none."""
    given = op.inputs.get("messages")
    said = answers_of(op.output)
    if said is None or not (is_chat(given) if given else isinstance(op.inputs.get("prompt"), str)):
        return None
    messages = given or [{"role": "user", "content": op.inputs["prompt"]}]
    heard = [message_of(one) for one in messages]
    if isinstance(system := op.inputs.get("system"), str | list):
        heard.insert(0, {"role": "system", "content": content_text(system)})
    settings = {f"gen_ai.request.{name}": op.inputs[name] for name in SETTINGS if op.inputs.get(name) is not None}
    span = Span(op.trace, op.id, op.parent, op.name, (0, op.start), settings, [], op.where)
    return Call(span, Said(heard, said))


def answers_of(output: Any) -> list[dict[str, Any]] | None:
    """What a model answered: choices, one message, or text; None where it is something else."""
    if isinstance(output, str):
        return [{"role": "assistant", "content": output}]
    if not isinstance(output, dict):
        return None
    choices = output.get("choices")
    if isinstance(choices, list):
        made = [one for one in choices if isinstance(one, dict)]
        return [
            message_of(one["message"]) | {"finish_reason": one.get("finish_reason")}
            if isinstance(one.get("message"), dict)
            else {"role": "assistant", "content": as_text(one.get("text")), "finish_reason": one.get("finish_reason")}
            for one in made
        ]
    return [message_of(output)] if output.get("role") == "assistant" else None


def message_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """One message of OpenAI's or Anthropic's shape; calls of tools stand in a field, or are parts."""
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    calls = [
        {"id": part.get("id"), "name": part.get("name"), "arguments": part.get("input")}
        for part in parts
        if part.get("type") == "tool_use"
    ]
    calls += calls_in(message.get("tool_calls"))
    found: dict[str, Any] = {"role": as_text(message.get("role")), "content": content_text(content)}
    return found | ({"tool_calls": calls} if calls else {})


def text_of(output: Any) -> str | None:
    """The words of an output: itself, or the field that usually holds them; None where there is neither."""
    if isinstance(output, str):
        return output
    fields = output if isinstance(output, dict) else {}
    return next((fields[name] for name in TEXTS if isinstance(fields.get(name), str)), None)


def numbers_of(scores: Any) -> Iterator[tuple[str, float]]:
    """Scores that are numbers or booleans, with names of the objects that they lie in joined by dots."""
    waiting: list[tuple[str, Any, int]] = [("", scores, 0)]
    while waiting:
        name, value, level = waiting.pop(0)
        if isinstance(value, bool | int | float) and value == value and name:
            yield name, float(value)
        elif isinstance(value, dict) and level < LEVELS:
            waiting += [(f"{name}.{inner}" if name else str(inner), one, level + 1) for inner, one in value.items()]


def feedback_of(op: Op) -> dict[str, float]:
    """Columns of what scorers and people said of a call."""
    inner = op.summary.get("weave")
    given = inner.get("feedback") if isinstance(inner, dict) else None
    found: dict[str, float] = {}
    for one in given if isinstance(given, list) else []:
        payload = one.get("payload") if isinstance(one, dict) else None
        if isinstance(payload, dict):
            name = as_text(one.get("feedback_type")).rpartition(".")[2] or "feedback"
            found |= {f"judge.{name}.{inner}": value for inner, value in numbers_of({"score": payload.get("output")})}
    return found
