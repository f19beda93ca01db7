"""ART (OpenPipe): `trajectories/<split>/<step>.parquet`, a rollout a row; earlier JSON lines and YAML, a group a line.

Fields are those of `art/utils/trajectory_logging.py` and `trajectory_migration.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from treecore.core.builder import NAN, StepTokens
from treecore.formats.endings import ending
from treecore.formats.fields import list_in, number_in, number_of, object_in, wrong
from treecore.formats.messages import chat
from treecore.formats.nested_json import list_within, object_within, unpacked
from treecore.formats.notes import Notes
from treecore.formats.paths import step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import step_tokens
from treecore.formats.yaml_text import plain_yaml

OF_ROW = frozenset({"group_index", "reward", "messages"})
TRAJECTORIES, CHAT = "trajectories", "messages_and_choices"
LOGPROBS = "logprobs"
YAML = re.compile(
    rb"(?:#[^\n]*\n|---[^\n]*\n)*(?:- (?:&\w+ )?)?"
    rb"(?:trajectories|messages_and_choices|reward|metrics|metadata|logs|tools):"
)
"""How groups begin, and lists of trajectories without groups."""
USED = OF_ROW | {"metrics", "metadata", "tools", "group_metadata", "group_metrics", "group_logs", CHAT}
OF_CHOICE = ("finish_reason", LOGPROBS)
"""What a choice holds beside its message."""
OF_GROUP = frozenset({TRAJECTORIES})
LOOKED_AT = 1_000_000
"""Bytes at the beginning in which a chat must stand."""
STEP = re.compile(r"(?:^|/)(\d+)\.(?:parquet|jsonl|yaml|yml)\b")


def looks_like_art(source: Source) -> bool:
    """Rows of a group with messages, or groups whose trajectories hold messages and choices."""
    keys = frozenset[str]() if source.starts_with(YAML) else row_keys(source)
    if keys >= OF_ROW or CHAT in keys:
        return True
    grouped = TRAJECTORIES in keys and "is_correct" not in keys  # the first group may be empty
    return (grouped or source.starts_with(YAML)) and CHAT.encode() in source.data[:LOOKED_AT]


@rollout_format(
    name="art",
    title="ART trajectories",
    extensions=(".parquet", ".jsonl", ".yaml"),
    detect=looks_like_art,
    written_by="ART (openpipe-art): .art/PROJECT/models/MODEL/trajectories/SPLIT/STEP.parquet, once .jsonl and .yaml",
    lost="nothing; choices but the chosen one are not in such files",
    fields=USED | {"logs", TRAJECTORIES},
)
def read_art(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a trajectory; those of one group of a file are a group."""
    step = step_in_path(source, STEP)
    if step >= 0:
        notes.guess("the number in the file's name is the training step")
    for number, (fields, where) in trajectories_of(source, notes):
        rollout = rollout_of(fields, where)
        rollout.group, rollout.training_step = (source.place, rollout.prompt if number is None else number), step
        yield rollout


class Grouped(NamedTuple):
    """One trajectory and the number of its group, None where the file has no groups."""

    group: int | str | None
    row: Row


def trajectories_of(source: Source, notes: Notes) -> Iterator[Grouped]:
    """All trajectories of a file; rows without any message are placeholders of empty groups."""
    for number, (fields, where) in enumerate(groups_of(source)):
        if TRAJECTORIES not in fields:
            if any(fields.get(name) is not None for name in ("messages", CHAT, "reward")):
                group = fields.get("group_index")
                yield Grouped(None if group is None else str(group), Row(fields, where))
            continue
        notes.drop_fields(rest_of(fields, OF_GROUP))
        for place, one in enumerate(list_in(fields, TRAJECTORIES, where=where)):
            if not isinstance(one, dict):
                raise wrong(TRAJECTORIES, one, "a list of objects", where=where)
            yield Grouped(number, Row(one, f"{where}, trajectories[{place}]"))


def groups_of(source: Source) -> Iterator[Row]:
    """Rows, lines, or the members of a list in YAML."""
    if not source.starts_with(YAML):
        yield from rows(source)
        return
    groups = plain_yaml(source)
    for number, group in enumerate(groups if isinstance(groups, list) else [groups]):
        if not isinstance(group, dict):
            raise wrong(f"[{number}]", group, "an object", where=source.name)
        yield Row(group, f"{source.name}, [{number}]")


def rollout_of(fields: Mapping[str, Any], where: str) -> Rollout:
    """One trajectory."""
    messages = [
        message_of(one, where) for one in list_within(fields, CHAT if CHAT in fields else "messages", where=where)
    ]
    trained = next((n for n, one in enumerate(messages) if one.get("trainable") is True), None)
    prompt, extra, turns = chat(messages, history=trained)
    for turn in turns:
        turn.extra.pop("trainable", None)
        turn.tokens = tokens_of(turn, where)
    if turns:
        turns[-1].status = ending(turns[-1].extra.get("finish_reason"))
    about = {name: object_within(fields, name, where=where) for name in ("group_metadata", "group_metrics", "metadata")}
    tools = unpacked(fields.get("tools"), "tools", where=where)
    logs = list_in(fields, "group_logs", where=where)
    kept = {"tools": tools, "group_logs": logs} | {name: about[name] for name in ("group_metadata", "group_metrics")}
    rollout = Rollout(
        prompt=prompt,
        turns=turns or [Turn()],
        prompt_extra=extra | {name: value for name, value in kept.items() if value},
        where=where,
    ).scored(number_in(fields, "reward", where=where))
    for name, value in object_within(fields, "metrics", where=where).items():
        if (number := number_of(value, f"metrics.{name}", where=where)) is not None:
            rollout.last.columns[f"metric.{name}"] = number
    if about["metadata"]:
        rollout.last.extra["metadata"] = about["metadata"]
    rollout.last.extra |= {name: value for name, value in rest_of(fields, USED).items() if value != []}
    return rollout


def tokens_of(turn: Turn, where: str) -> StepTokens | None:
    """The tokens that a choice came with, their texts where these are the words of the turn; None without any."""
    given = object_in({LOGPROBS: turn.extra.pop(LOGPROBS, None)}, LOGPROBS, where=where)
    content = [one for one in list_in(given, "content", where=where) if isinstance(one, dict)]
    known = [number_in(one, "logprob", where=where) for one in content]
    found = step_tokens((), [NAN if one is None else one for one in known], entropy=(), names=LOGPROBS, where=where)
    texts = [as_text(one.get("token")) for one in content]
    return replace(found, text=texts) if found is not None and "".join(texts) == turn.text else found


def message_of(value: Mapping[str, Any], where: str) -> dict[str, Any]:
    """One message; of a choice its message, which the model wrote. Calls that are JSON are taken out of their text."""
    if isinstance(inner := value.get("message"), dict) and "role" not in value:
        return {**inner, "trainable": True, **{name: value[name] for name in OF_CHOICE if name in value}}
    message = {name: one for name, one in value.items() if one is not None and not (name == "trainable" and not one)}
    if isinstance(message.get("tool_calls"), str):
        message["tool_calls"] = unpacked(message["tool_calls"], "tool_calls", where=where)
    return message
