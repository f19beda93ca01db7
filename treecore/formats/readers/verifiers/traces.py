"""verifiers from 0.2 on and prime-rl: `traces.jsonl`, an episode a line, a message graph a trace.

Fields are those of `verifiers/v1/episode.py` and `trace.py`; fields that are null are left out there.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple

from treecore.core.columns import Status
from treecore.formats.fields import list_in, number_of, object_in, training_step_in, wrong
from treecore.formats.messages import asked, prompt_of
from treecore.formats.notes import Notes
from treecore.formats.readers.verifiers.graph import conversation_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import as_text, row_keys, rows
from treecore.formats.source import Source

EPISODE = frozenset({"traces", "ok", "errors", "task", "env", "run", "group"})
TRACE = frozenset({"nodes", "rewards", "agent", "calls", "task", "is_completed", "stop_condition"})
KEPT = ("info", "stop_condition", "errors", "is_timeout", "root_reply")
"""Fields of a trace that are kept beside the turn that ends it."""
STEP = re.compile(r"(?:^|/)step_(\d{1,15})/")
"""The training step in the name of a folder of prime-rl."""
OF_PROMPT = ("prompt", "system_prompt", "answer")


def looks_like_traces(source: Source) -> bool:
    """Rows that are episodes, or traces that stand alone."""
    keys = row_keys(source)
    return ("traces" in keys and len(keys & EPISODE) > 2) or ({"nodes", "rewards"} <= keys and len(keys & TRACE) > 3)


@rollout_format(
    name="verifiers",
    title="verifiers traces",
    extensions=(".jsonl",),
    detect=looks_like_traces,
    written_by="verifiers (`vf-eval`, traces.jsonl of the run) and prime-rl (rollouts/step_N/.../traces.jsonl)",
    lost="timing, usage of judges, settings of the runtime, token ids of prompts and tools",
    fields=EPISODE | TRACE,
)
def read_traces(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout for each trace, with all its branches; those of one group, else of one task, are a group."""
    for episode, where in rows(source):
        traces = list_in(episode, "traces", where=where) if "traces" in episode else [episode]
        if not traces:
            notes.drop("episodes without a trace")
        for number, trace in enumerate(traces):
            place = where if len(traces) == 1 else f"{where}, traces[{number}]"
            if not isinstance(trace, dict):
                raise wrong("traces", trace, "a list of objects", where=where)
            rollout = rollout_of(episode, trace=trace, notes=notes, where=place)
            if rollout.training_step < 0 and (folder := STEP.search(source.place)):
                rollout.training_step = int(folder[1])
            yield rollout


def rollout_of(episode: Mapping[str, Any], *, trace: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One trace of an episode."""
    task = object_in(trace, "task", where=where) or object_in(episode, "task", where=where)
    data = object_in(task, "data", where=where)
    env, agent = object_in(episode, "env", where=where), object_in(trace, "agent", where=where)
    talk = conversation_of(trace, notes, where)
    prompt, extra = prompt_of(talk.prompt) if talk.prompt else asked(data.get("prompt"))
    end = talk.end(len(talk.turns) - 1, talk.ends.get(len(talk.turns) - 1, ())) if talk.turns else None
    if end is None:
        end = talk.turns[talk.add(Turn(), talk.prompt, PROMPT)]
    end.extra |= {name: trace[name] for name in KEPT if trace.get(name) not in (None, [], {}, False)}
    if trace.get("id") is not None:
        end.extra["trace_id"] = trace["id"]
    if trace.get("ok") is False and trace.get("errors"):
        end.status = Status.FAILED
    elif trace.get("is_timeout") is True:
        end.status = Status.TRUNCATED
    scored = outcome(trace, notes, where)
    end.columns |= metrics(trace, where)
    kept = {"tools": trace.get("tools"), "task_data": {name: data[name] for name in data if name not in OF_PROMPT}}
    return Rollout(
        prompt=prompt,
        turns=talk.finish(),
        group=group_of(episode, trace=trace, task=task, notes=notes, where=where),
        label=as_text(data.get("name")),
        training_step=training_step_in(object_in(object_in(episode, "run", where=where), "work", where=where), "step"),
        reference=as_text(data.get("answer")),
        task=as_text(env.get("name") or env.get("id") or task.get("type")),
        prompt_extra=extra | {name: value for name, value in kept.items() if value},
        policy=policy_of(agent, where),
        where=where,
    ).scored(scored.reward, scored.parts, end)


class Outcome(NamedTuple):
    """The reward of a trace, None where it was not scored, and what it is made of."""

    reward: float | None
    parts: dict[str, float | None]


def outcome(trace: Mapping[str, Any], notes: Notes, where: str) -> Outcome:
    """The reward of a trace: the weighted sum of what its reward functions gave; null ones gave nothing."""
    total, parts = list[float](), dict[str, float | None]()
    for name, reward in object_in(trace, "rewards", where=where).items():
        given = reward if isinstance(reward, dict) else {"score": reward}
        parts[name] = score = number_of(given.get("score"), f"rewards.{name}.score", where=where)
        weight = number_of(given.get("weight"), f"rewards.{name}.weight", where=where)
        if score is not None:
            total.append(score * (1.0 if weight is None else weight))
    if total and len(total) < len(parts):
        notes.guess("a reward function that gave null counts nothing in the sum")
    return Outcome(sum(total) if total else None, parts)


def metrics(trace: Mapping[str, Any], where: str) -> dict[str, float]:
    """Columns of what was measured beside the reward."""
    found = {
        name: number_of(value, f"metrics.{name}", where=where)
        for name, value in object_in(trace, "metrics", where=where).items()
    }
    return {f"metric.{name}": value for name, value in found.items() if value is not None}


def group_of(
    episode: Mapping[str, Any], *, trace: Mapping[str, Any], task: Mapping[str, Any], notes: Notes, where: str
) -> Hashable:
    """What traces of one group have in common; None for the prompt alone."""
    agent, run = as_text(object_in(trace, "agent", where=where).get("name")), object_in(episode, "run", where=where)
    if name := object_in(episode, "group", where=where).get("id"):
        return ("group", as_text(name), agent)
    idx = object_in(task, "data", where=where).get("idx")
    if (key := task.get("key") or (None if idx is None else str(idx))) is None:
        return None
    notes.guess("traces of one task are one group")
    kind = object_in(run, "work", where=where).get("type") or run.get("type")
    return ("task", as_text(kind), as_text(object_in(episode, "env", where=where).get("id")), as_text(key), agent)


def policy_of(agent: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The model and how it was sampled."""
    config = object_in(agent, "config", where=where)
    sampling = object_in(config, "sampling", where=where)
    named = {"model": config.get("model"), "agent": agent.get("name"), "trainable": agent.get("trainable")}
    return {name: value for name, value in {**named, **sampling}.items() if value is not None}
