"""mini-swe-agent: `INSTANCE.traj.json`, one rollout as a chat; outcomes as of SWE-agent.

Fields are those of `minisweagent/agents/default.py`, `serialize`, and `minisweagent/run/benchmarks/swebench.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from treecore.formats.fields import list_in, object_in, wrong
from treecore.formats.messages import chat, content_text
from treecore.formats.notes import Notes
from treecore.formats.readers.agents.outcomes import outcome_of
from treecore.formats.readers.agents.swe_agent import instance_of, note_outcome, status_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rows
from treecore.formats.source import Source

FIELDS = frozenset({"trajectory_format", "messages", "info"})
OF_MESSAGE = ("response", "actions", "timestamp")
"""What stands in `extra` of a message and is read elsewhere."""


def is_trajectory(source: Source) -> bool:
    """One object that names the format, or the program, as early versions did."""
    fields = source.fields
    if not {"messages", "info"} <= fields.keys():
        return False
    named = bytes(fields.get("trajectory_format", b"")).startswith(b'"mini-swe-agent')
    return named or ("trajectory_format" not in fields and b'"mini_version"' in bytes(fields["info"]))


@rollout_format(
    name="mini_swe_agent",
    title="mini-swe-agent trajectory",
    extensions=(".traj.json",),
    detect=is_trajectory,
    written_by="mini-swe-agent: INSTANCE/INSTANCE.traj.json of a run; give the folder, with the results beside it",
    lost="responses of the server as they came, times",
    fields=FIELDS | {"instance_id"},
)
def read_mini_swe_agent(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a file; those of one instance are a group."""
    for fields, where in rows(source):
        yield rollout_of(source, fields, notes, where)


def rollout_of(source: Source, fields: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One trajectory."""
    info, messages = object_in(fields, "info", where=where), list_in(fields, "messages", where=where)
    for place, message in enumerate(messages):
        if not isinstance(message, dict):
            raise wrong(f"messages[{place}]", message, "an object", where=where)
    prompt, extra, turns = chat([as_message(one) for one in messages if one.get("role") != "exit"])
    turns = turns or [Turn()]
    for turn in turns:
        tidy(turn)
    config = object_in(info, "config", where=where)
    instance = as_text(fields.get("instance_id")) or instance_of(source, {})
    turns[-1].extra["info"] = {name: value for name, value in info.items() if name != "config"}
    turns[-1].status = status_of(as_text(info.get("exit_status")))
    reward = outcome_of(source, instance)
    note_outcome(reward, notes)
    model = object_in(config, "model", where=where)
    policy = {"model": model.get("model_name"), **object_in(model, "model_kwargs", where=where)}
    return Rollout(
        prompt=prompt,
        turns=turns,
        group=("instance", instance) if instance else None,
        label=instance,
        prompt_extra=extra,
        policy={name: value for name, value in policy.items() if value is not None},
        where=where,
    ).scored(reward)


def as_message(item: dict[str, Any]) -> dict[str, Any]:
    """An item of OpenAI's response API as a message of a chat; a message as it is."""
    if item.get("type") == "function_call_output":
        return {"role": "tool", "content": item.get("output"), "tool_call_id": item.get("call_id")}
    output = item.get("output")
    if item.get("object") != "response" or not isinstance(output, list):
        return item
    parts = [one for one in output if isinstance(one, dict)]
    said = [one.get("content") for one in parts if one.get("type") == "message"]
    calls = [one for one in parts if one.get("type") == "function_call"]
    thoughts = [text for one in parts if one.get("type") == "reasoning" for text in summaries(one)]
    return {
        "role": "assistant",
        "content": "\n\n".join(filter(None, map(content_text, said))),
        "tool_calls": calls,
        "reasoning_content": "\n\n".join(thoughts),
        "extra": item.get("extra"),
    }


def summaries(item: dict[str, Any]) -> list[str]:
    """The texts of a thought of the response API."""
    found = [item.get("summary"), item.get("content")]
    return [text for parts in found if isinstance(parts, list) and (text := content_text(parts))]


def tidy(turn: Turn) -> None:
    """Keep what a message says beyond the chat: its actions as calls where it has no others, what it cost."""
    extra = turn.extra.pop("extra", None)
    if not isinstance(extra, dict):
        return
    actions = extra.get("actions")
    if isinstance(actions, list) and "tool_calls" not in turn.extra:
        commands = [one["command"] for one in actions if isinstance(one, dict) and isinstance(one.get("command"), str)]
        if commands:
            turn.extra["tool_calls"] = [{"name": "bash", "arguments": {"command": command}} for command in commands]
    turn.extra |= {name: value for name, value in extra.items() if name not in OF_MESSAGE and value is not None}
