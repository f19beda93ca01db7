"""Session files of agents: a header line, then an entry a line that names the one before it; they may branch.

Pi writes them, and trackio (version 3) for the Hub's trace viewer: `trackio/agent_sessions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats.fields import list_in, object_in, training_step_in, wrong
from treecore.formats.messages import ASSISTANT, beside, content_text, prompt_of
from treecore.formats.notes import Notes
from treecore.formats.readers.traces.trackio import described
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

ENDS = {"length": Status.TRUNCATED, "error": Status.FAILED, "aborted": Status.FAILED}


def looks_like_session(source: Source) -> bool:
    """A header of a session with a version, entries after it."""
    return row_keys(source) >= {"type", "version", "id"} and source.head.get("type") == "session"


@rollout_format(
    name="session",
    title="agent session",
    extensions=(".jsonl",),
    detect=looks_like_session,
    written_by="trackio (traces as sessions, a file each) and the agent Pi: a header line, then a message a line",
    lost="entries that are no messages, and times",
    fields=frozenset({"type", "version", "id", "cwd", "harness", "timestamp", "trackio"}),
)
def read_session(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a session, with its branches; where trackio wrote it, the trace says reward, group and step."""
    entries = rows(source)
    header, where = next(entries)
    about = object_in(header, "trackio", where=where)
    rollout = conversation(list(entries), notes, where)
    rollout.training_step = training_step_in(about, "step")
    rollout.last.extra["session"] = {name: value for name, value in header.items() if name not in ("type", "trackio")}
    if not about:
        return iter([rollout.scored(None)])
    return iter([described(rollout, object_in(about, "metadata", where=where), as_text(about.get("run_name")), notes)])


def conversation(entries: list[Row], notes: Notes, where: str) -> Rollout:
    """The messages of a session as turns.

    Raises:
        FormatError: an entry stands before the one that it follows, or two have one id.
    """
    turns: list[Turn] = []
    opening: list[dict[str, Any]] = []
    above: dict[str, int] = {}
    answers: set[int] = set()
    last, model = PROMPT, ""
    for fields, place in entries:
        given = fields.get("parentId")
        if given is not None and as_text(given) not in above:
            raise FormatError(f'"parentId" is {as_text(given)[:40]}, no entry before it', where=place)
        parent = last if "parentId" not in fields else PROMPT if given is None else above[as_text(given)]
        last = parent
        if fields.get("type") == "message":
            message = object_in(fields, "message", where=place)
            if message.get("role") in ASSISTANT:
                turns.append(turn_of(message, parent, place))
                last = len(turns) - 1
            elif parent == PROMPT:
                opening.append({**message, "role": as_text(message.get("role"))})
            else:
                listen(turns[parent], message, fresh=parent not in answers)
                answers.add(parent)
        else:
            model = model or as_text(fields.get("modelId"))
            notes.drop("entries of a session that are no messages")
        if (name := as_text(fields.get("id"))) and above.setdefault(name, last) != last:
            raise wrong("id", name, "the only one of this name", where=place)
    prompt, extra = prompt_of(opening)
    policy = {"model": model} if model else {}
    return Rollout(prompt=prompt, turns=turns or [Turn()], prompt_extra=extra, policy=policy, where=where)


def listen(turn: Turn, message: Mapping[str, Any], *, fresh: bool) -> None:
    """Add what was answered to a turn: results of tools, and what the user said."""
    text = content_text(message.get("content"))
    turn.observation = text if fresh else "\n\n".join(filter(None, (turn.observation, text)))
    if message.get("isError") is True:
        turn.extra["is_error"] = True


def turn_of(message: Mapping[str, Any], parent: int, where: str) -> Turn:
    """One message of the model: text, thoughts and calls are blocks of its content."""
    content = message.get("content")
    blocks = list_in(message, "content", where=where) if not isinstance(content, str) else []
    calls = [block for block in blocks if isinstance(block, dict) and block.get("type") == "toolCall"]
    others = [block for block in blocks if not (isinstance(block, dict) and block.get("type") == "toolCall")]
    plain = {**message, "content": content if isinstance(content, str) else others}
    turn = Turn(text=content_text(plain["content"]), parent=parent, extra=beside(rest_of(plain, {"timestamp"})))
    if calls:
        turn.extra["tool_calls"] = [rest_of(call, {"type"}) for call in calls]
    turn.status = ENDS.get(as_text(message.get("stopReason")))
    return turn
