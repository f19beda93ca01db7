"""rllm: episodes, a file each: of an evaluation (`episodes/episode_*.json`) or of training (`episodes/train_step_*`).

Fields are those of `rllm/types.py` and of `rllm/utils/episode_logger.py`; the log of training has no advantages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from treecore.core.builder import StepTokens
from treecore.formats.fields import list_in, number_in, number_of, object_in, training_step_in, wrong
from treecore.formats.messages import ASSISTANT, Asked, asked, beside, content_text, is_chat
from treecore.formats.notes import Notes
from treecore.formats.paths import path_of, step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, mean, numbers_in, step_tokens

KEYS = frozenset({"task", "trajectories", "is_correct"})
OF_EPISODE = KEYS | {"id", "episode_id", "training_step", "epoch", "metrics"}
OF_TRAJECTORY = frozenset({"name", "steps", "reward", "uid", "task", "num_steps"})
TEXTS = ("model_response", "output", "action")
OF_STEP = frozenset(
    {
        "reward",
        "mc_return",
        "advantage",
        "observation",
        "input",
        "prompt_ids",
        "response_ids",
        "logprobs",
        "chat_completions",
        *TEXTS,
    }
)
QUESTIONS = ("question", "instruction", "problem", "prompt", "query")
REFERENCES = ("ground_truth", "answer", "target")
STEP = re.compile(r"(?:train|val)_step_(\d+)_epoch_")
KIND = re.compile(r"(train|val)_step_\d+_epoch_")


def looks_like_rllm(source: Source) -> bool:
    """An episode: a task, its trajectories, and whether it was solved."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="rllm",
    title="rllm episodes",
    extensions=(".json",),
    detect=looks_like_rllm,
    written_by="rllm: folder `episodes` of an evaluation (episode_N_TASK.json) or of training (train_step_N_epoch_E/)",
    lost="token ids of prompts, and whole chats of steps where they have a response",
    fields=OF_EPISODE | {"eval_idx", "termination_reason", "session_id", "info"},
)
def read_rllm(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a trajectory; those of one task and training step with the same name are a group."""
    source.beside("batch_summary.json")
    step, kind = step_in_path(source, STEP), KIND.findall(path_of(source))
    for episode, where in rows(source):
        training_step = training_step_in(episode, "training_step")
        trajectories = list_in(episode, "trajectories", where=where)
        if not trajectories:
            notes.drop("episodes without a trajectory")
        for number, trajectory in enumerate(trajectories):
            place = where if len(trajectories) == 1 else f"{where}, trajectories[{number}]"
            if not isinstance(trajectory, dict):
                raise wrong("trajectories", trajectory, "a list of objects", where=where)
            rollout = rollout_of(episode, trajectory=trajectory, where=place)
            rollout.training_step = step if training_step < 0 else training_step
            rollout.group = (kind[-1] if kind else "", task_id(episode), as_text(trajectory.get("name")))
            yield rollout


def task_id(episode: Mapping[str, Any]) -> str:
    """What episodes of one task have in common: the id without the number of the rollout, else the task itself."""
    name = as_text(episode.get("id") or episode.get("episode_id"))
    head, colon, _ = name.rpartition(":")
    return head if colon else as_text(episode.get("task"))


def rollout_of(episode: Mapping[str, Any], *, trajectory: Mapping[str, Any], where: str) -> Rollout:
    """One trajectory of an episode."""
    steps = list_in(trajectory, "steps", where=where)
    for step in steps:
        if not isinstance(step, dict):
            raise wrong("steps", step, "a list of objects", where=where)
    turns = [turn_of(step, f"{where}, steps[{number}]") for number, step in enumerate(steps)] or [Turn()]
    for turn, following in zip(turns, steps[1:], strict=False):
        turn.observation = heard(following)
    task = trajectory.get("task") if isinstance(trajectory.get("task"), dict) else episode.get("task")
    about = fields_of(task)
    prompt, extra = question(task, about, steps)
    inner: Any = about.get("metadata")
    places = (about, inner if isinstance(inner, dict) else {})
    found = ((name, place[name]) for name in REFERENCES for place in places if place.get(name) is not None)
    reference, expected = next(found, ("", None))
    name, correct = as_text(trajectory.get("name")), number_in(episode, "is_correct", where=where)
    more = rest_of(about, {*QUESTIONS, reference})
    rollout = Rollout(
        prompt=prompt,
        turns=turns,
        label=name if len(list_in(episode, "trajectories", where=where)) > 1 else "",
        reference=as_text(expected),
        prompt_extra=extra | ({"task_data": more} if more else {}),
        policy={"agent": name} if name else {},
        where=where,
    ).scored(number_in(trajectory, "reward", where=where), {"is_correct": correct})
    for key, value in object_in(episode, "metrics", where=where).items():
        if (
            isinstance(value, bool | int | float)
            and (number := number_of(value, f"metrics.{key}", where=where)) is not None
        ):
            rollout.last.columns[f"metric.{key}"] = number
    rollout.last.extra |= filled(episode, OF_EPISODE) | filled(trajectory, OF_TRAJECTORY)
    episode_id = episode.get("id") or episode.get("episode_id")
    rollout.last.extra |= {} if episode_id is None else {"episode_id": episode_id}
    return rollout


def fields_of(task: Any) -> Mapping[str, Any]:
    """What a task says: its fields, and those of its `data`, in which some releases have them."""
    if not isinstance(task, dict):
        return {}
    inner = task.get("data")
    return {**inner, **rest_of(task, {"data"})} if isinstance(inner, dict) else task


def filled(fields: Mapping[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """What else it says; objects without fields are left out, since timings are written also where there are none."""
    return {name: value for name, value in rest_of(fields, taken).items() if value != {}}


def question(task: Any, about: Mapping[str, Any], steps: list[dict[str, Any]]) -> Asked:
    """The prompt: what the task asks, else what the first step saw, else its chat before the first answer."""
    for name in QUESTIONS:
        if about.get(name):
            return asked(about[name])
    if isinstance(task, str) and task:
        return asked(task)
    first = steps[0] if steps else {}
    if text := heard(first):
        return asked(text)
    chat: Any = first.get("chat_completions")
    if is_chat(chat):
        before = next((n for n, one in enumerate(chat) if one.get("role") in ASSISTANT), len(chat))
        return asked(chat[:before] or "")
    return asked(task)


def heard(step: Mapping[str, Any]) -> str:
    """What a step saw before it acted."""
    seen = step.get("observation") if step.get("observation") is not None else step.get("input")
    return content_text(seen)


def turn_of(step: Mapping[str, Any], where: str) -> Turn:
    """One step."""
    turn = Turn(text=next((as_text(step[name]) for name in TEXTS if step.get(name) not in (None, "", {}, [])), ""))
    turn.extra = filled(step, OF_STEP)
    chat: Any = step.get("chat_completions")
    if is_chat(chat) and chat[-1].get("role") in ASSISTANT:
        turn.text = turn.text or content_text(chat[-1].get("content"))
        turn.extra = beside(chat[-1]) | turn.extra
    action = step.get("action")
    if action not in (None, "", {}, []) and as_text(action) != turn.text:
        turn.extra["action"] = action
    turn.tokens = tokens_of(step, where)
    for name, column in (("reward", "turn_reward"), ("mc_return", "mc_return")):
        if (number := number_in(step, name, where=where)) is not None:
            turn.columns[column] = number
    advantages = step.get("advantage")
    if isinstance(advantages, list):
        credit = mean(numbers_in(step, "advantage", where=where))
        turn.extra |= {"token_advantages": advantages} if len(set(map(as_text, advantages))) > 1 else {}
    else:
        credit = number_in(step, "advantage", where=where)
    if credit is not None:
        turn.claimed["advantage"] = credit
    return turn


def tokens_of(step: Mapping[str, Any], where: str) -> StepTokens | None:
    """Tokens of a response, with log probabilities where there is one for each."""
    ids, logprobs = ids_in(step, "response_ids", where=where), numbers_in(step, "logprobs", where=where)
    return step_tokens(ids, logprobs if len(logprobs) == len(ids) else (), entropy=(), names="logprobs", where=where)
