"""ATIF 1.0 to 1.8: `agent/trajectory.json` of a trial, its rewards in `result.json` of the trial.

Fields are those of `harbor/models/trajectories/trajectory.py`, `step.py` and `harbor/models/trial/result.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats.fields import list_in, number_of, object_in, wrong
from treecore.formats.messages import prompt_of
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, numbers_in, step_tokens

MAIN = "trajectory.json"
FIELDS = frozenset({"schema_version", "agent", "steps", "session_id", "trajectory_id", "final_metrics"})
OF_STEP = frozenset({"step_id", "source", "message", "observation", "metrics", "is_copied_context"})
OF_TOKENS = frozenset({"prompt_token_ids", "completion_token_ids", "logprobs"})
KEPT = ("trajectory_id", "session_id", "notes", "final_metrics", "subagent_trajectories", "extra")
"""Fields of a trajectory that are kept beside its last turn."""
OF_RESULT = ("trial_name", "exception_info", "agent_result")
MAX_PARTS = 1000
"""Files of one trajectory that is continued in others."""


def is_atif(source: Source) -> bool:
    """One object, or rows, with a version of the format and steps."""
    version = source.fields.get("schema_version")
    return version is not None and bytes(version).startswith(b'"ATIF') and "steps" in source.fields


@rollout_format(
    name="atif",
    title="ATIF agent trajectory",
    extensions=(".json",),
    detect=is_atif,
    written_by="Harbor and other runners of agents: agent/trajectory.json of a trial; give the folder of the job",
    lost="token ids of prompts; trajectories of subagents are kept, but are no rollouts of the group",
    fields=FIELDS,
)
def read_atif(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a trajectory; those of one task are a group, and those without a result those of one prompt."""
    name = source.place.rpartition("/")[2]
    if name.startswith("trajectory.") and name != MAIN and (main := source.beside(MAIN)) is not None and is_atif(main):
        notes.drop("trajectories of subagents in files of their own", "cont-" not in name)
        return
    beside = source.beside("../result.json") or source.beside("result.json")
    result = beside.head if beside is not None and "verifier_result" in beside.head else {}
    if not result:
        notes.guess("trajectories without a result.json are not scored; those of one prompt are a group")
    for trajectory, where in rows(source):
        yield rollout_of(trajectory, continued(source, trajectory, where), result, notes, where)


def continued(source: Source, trajectory: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    """The steps of a trajectory and of the files in which it goes on, without those that these repeat."""
    steps: list[dict[str, Any]] = []
    for _ in range(MAX_PARTS):
        for place, step in enumerate(list_in(trajectory, "steps", where=where)):
            if not isinstance(step, dict):
                raise wrong(f"steps[{place}]", step, "an object", where=where)
            if step.get("is_copied_context") is not True:
                steps.append(step)
        further = as_text(trajectory.get("continued_trajectory_ref"))
        found = source.beside(further) if further else None
        if found is None or not is_atif(found):
            return steps
        trajectory = found.head
    raise FormatError(f"it is continued more than {MAX_PARTS:,} times", where=where, todo="correct the references")


def rollout_of(
    trajectory: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    result: Mapping[str, Any],
    notes: Notes,
    where: str,
) -> Rollout:
    """One trajectory with the result of its trial."""
    agent = object_in(trajectory, "agent", where=where)
    start = next((n for n, step in enumerate(steps) if step.get("source") == "agent"), len(steps))
    messages = [
        {"role": as_text(step.get("source")), "content": text_of(step.get("message"))} for step in steps[:start]
    ]
    prompt, extra = prompt_of(messages)
    turns = turns_of(steps[start:], where) or [Turn()]
    last = turns[-1]
    last.extra |= {name: trajectory[name] for name in KEPT if trajectory.get(name)}
    last.extra |= {name: result[name] for name in OF_RESULT if result.get(name)}
    if result:
        last.status = Status.FAILED if result.get("exception_info") else Status.TERMINATED
    if subagents := list_in(trajectory, "subagent_trajectories", where=where):
        notes.drop("trajectories of subagents, which are kept beside the step that ends the trajectory", len(subagents))
    task, tools = as_text(result.get("task_name")), list_in(agent, "tool_definitions", where=where)
    verified = object_in(result, "verifier_result", where=where)
    rewards = object_in(verified, "rewards", where=where) or {"reward": verified.get("reward")}
    parts = {name: number_of(value, f"rewards.{name}", where=where) for name, value in rewards.items()}
    policy = {"model": agent.get("model_name"), "agent": agent.get("name"), "version": agent.get("version")}
    return Rollout(
        prompt=prompt,
        turns=turns,
        group=(as_text(result.get("source")), task) if task else None,
        label=task,
        task=as_text(result.get("source")) or task,
        prompt_extra=extra | ({"tools": tools} if tools else {}),
        policy={name: value for name, value in policy.items() if value is not None},
        where=where,
    ).scored(reward_of(parts, result, notes), {name: value for name, value in parts.items() if name != "reward"})


def reward_of(parts: Mapping[str, float | None], result: Mapping[str, Any], notes: Notes) -> float | None:
    """The reward among the rewards of a trial: the one of that name, or the only one."""
    if result.get("reward_valid") is False and parts:
        notes.drop("rewards that the result says are not valid")
        return None
    if "reward" not in parts and len(parts) > 1:
        notes.guess(f'the reward is "{next(iter(parts))}", the first of several')
    return parts.get("reward", next(iter(parts.values()), None))


def turns_of(steps: Sequence[Mapping[str, Any]], where: str) -> list[Turn]:
    """A turn for each step of the agent; what others said after it is part of its observation."""
    turns: list[Turn] = []
    heard: list[list[str]] = []
    for step in steps:
        if step.get("source") == "agent":
            turns.append(turn_of(step, f"{where}, step {as_text(step.get('step_id'))}"))
            heard.append([])
        else:
            heard[-1].append(text_of(step.get("message")))
        for result in list_in(object_in(step, "observation", where=where), "results", where=where):
            heard[-1].append(text_of(result.get("content")) if isinstance(result, dict) else as_text(result))
    for turn, said in zip(turns, heard, strict=True):
        turn.observation = "\n\n".join(filter(None, said))
    return turns


def turn_of(step: Mapping[str, Any], where: str) -> Turn:
    """One step of the agent."""
    metrics, message = object_in(step, "metrics", where=where), step.get("message")
    ids, logprobs = ids_in(metrics, "completion_token_ids", where=where), numbers_in(metrics, "logprobs", where=where)
    turn = Turn(
        text=text_of(message),
        extra=rest_of(step, OF_STEP),
        tokens=step_tokens(ids, logprobs, entropy=(), names="logprobs", where=where),
    )
    if isinstance(message, list) and not all(isinstance(part, dict) and part.get("type") == "text" for part in message):
        turn.extra["content"] = message
    if rest := rest_of(metrics, OF_TOKENS):
        turn.extra["metrics"] = rest
    count = metrics.get("completion_tokens")
    if isinstance(count, int) and 0 <= count < 1 << 31:
        turn.n_tokens = count
    return turn


def text_of(content: Any) -> str:
    """The text of a message: parts follow each other without anything between them."""
    if isinstance(content, list):
        return "".join(text for part in content if isinstance(part, dict) and isinstance(text := part.get("text"), str))
    return as_text(content)
