"""SWE-agent: `INSTANCE.traj`, one rollout; whether it solved the task stands in a report beside it.

Fields are those of `sweagent/types.py` and of `sweagent/agent/agents.py`, `get_trajectory_data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from treecore.core.columns import Status
from treecore.formats.fields import list_in, object_in, wrong
from treecore.formats.messages import ASSISTANT, prompt_of, thought_of
from treecore.formats.notes import Notes
from treecore.formats.readers.agents.outcomes import outcome_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"trajectory", "info"})
STEP = frozenset({"action", "observation", "response", "thought", "state"})
OF_STEP = frozenset({"response", "observation", "query", "messages"})
CUT_OFF = ("limit", "exit_", "time")
"""What stands in the exit status of a trajectory that was cut off."""


def is_trajectory(source: Source) -> bool:
    """One object with steps that have an action and an observation."""
    if not row_keys(source) >= KEYS:
        return False
    steps = source.head.get("trajectory")
    first = steps[0] if isinstance(steps, list) and steps else None
    return (
        isinstance(first, dict)
        and {"action", "observation"} <= first.keys()
        and bool(first.keys() & {"response", "thought"})
    )


@rollout_format(
    name="swe_agent",
    title="SWE-agent trajectory",
    extensions=(".traj",),
    detect=is_trajectory,
    written_by="SWE-agent: trajectories/.../INSTANCE/INSTANCE.traj; give the folder, with the results beside it",
    lost="requests as they were sent, demonstrations",
    fields=KEYS | {"history", "environment", "replay_config", *STEP},
)
def read_swe_agent(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a file; those of one instance are a group."""
    for fields, where in rows(source):
        yield rollout_of(source, fields, notes, where)


def rollout_of(source: Source, fields: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One trajectory."""
    info, history = object_in(fields, "info", where=where), list_in(fields, "history", where=where)
    said = [one for one in history if isinstance(one, dict) and one.get("is_demo") is not True]
    start = next((n for n, one in enumerate(said) if one.get("role") in ASSISTANT), len(said))
    prompt, extra = prompt_of(said[:start])
    turns = turns_of(list_in(fields, "trajectory", where=where), said[start:], where)
    config = replayed(fields)
    instance = instance_of(source, config)
    last = turns[-1]
    last.extra["info"] = info
    last.status = status_of(as_text(info.get("exit_status")))
    reward = outcome_of(source, instance)
    note_outcome(reward, notes)
    agent = config.get("agent")
    model = agent.get("model") if isinstance(agent, dict) else None
    named = {"model": model.get("name"), "temperature": model.get("temperature")} if isinstance(model, dict) else {}
    return Rollout(
        prompt=prompt,
        turns=turns,
        group=("instance", instance) if instance else None,
        label=instance,
        task=as_text(fields.get("environment")),
        prompt_extra=extra,
        policy={name: value for name, value in named.items() if value is not None},
        where=where,
    ).scored(reward)


def note_outcome(reward: float | None, notes: Notes) -> None:
    """Say whether a trajectory was found in a report."""
    if reward is None:
        notes.guess("trajectories that no report beside them names are not scored")
    else:
        notes.recognise("the outcome stands in a report beside the trajectory, by the id of the instance")


def turns_of(steps: Sequence[Any], history: Sequence[Mapping[str, Any]], where: str) -> list[Turn]:
    """A turn a step, with the calls of the message of the history that it came from."""
    answers = [one for one in history if one.get("role") in ASSISTANT]
    turns: list[Turn] = []
    for place, step in enumerate(steps):
        if not isinstance(step, dict):
            raise wrong(f"trajectory[{place}]", step, "an object", where=where)
        written = as_text(step.get("response")) or "\n\n".join(
            filter(None, (as_text(step.get("thought")), as_text(step.get("action"))))
        )
        extra = {name: value for name, value in rest_of(step, OF_STEP).items() if value not in ("", [], {})}
        turns.append(Turn(text=written, observation=as_text(step.get("observation")), extra=extra))
    if len(answers) == len(turns):
        for turn, answer in zip(turns, answers, strict=True):
            if answer.get("tool_calls"):
                turn.extra.setdefault("tool_calls", answer["tool_calls"])
            thoughts = answer.get("thinking_blocks")
            if isinstance(thoughts, list) and (thought := "\n\n".join(filter(None, map(thought_of, thoughts)))):
                turn.extra.setdefault("reasoning_content", thought)
    return turns or [Turn()]


def replayed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of the run, which stands as JSON in a text; empty where it does not."""
    config = fields.get("replay_config")
    with suppress(orjson.JSONDecodeError):
        config = orjson.loads(config) if isinstance(config, str) else config
    return config if isinstance(config, dict) else {}


def instance_of(source: Source, config: Mapping[str, Any]) -> str:
    """Id of the instance: from the configuration, else the name of the file; "" where neither says it."""
    problem = config.get("problem_statement")
    if isinstance(problem, dict) and isinstance(problem.get("id"), str):
        return str(problem["id"])
    name = (source.place or source.name).rpartition("/")[2]
    return name.removesuffix(".json").removesuffix(".traj") if ".traj" in name else ""


def status_of(exit_status: str) -> Status | None:
    """How a trajectory ended, by what the agent says."""
    lowered = exit_status.lower()
    if not lowered:
        return None
    if any(one in lowered for one in CUT_OFF):
        return Status.TRUNCATED
    return Status.TERMINATED if lowered.startswith("submitted") else Status.FAILED
