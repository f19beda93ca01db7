"""verifiers up to 0.1: `results.jsonl`, a rollout a line, with `metadata.json` beside it.

Fields are those of `verifiers/utils/save_utils.py`, `state_to_output`, and of `RolloutOutput` in `verifiers/types.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treecore.core.columns import Status
from treecore.formats.fields import list_in, number_in, number_of, object_in, wrong
from treecore.formats.messages import answered, asked, turns_of
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, mask_in, masked, numbers_in, step_tokens

KEYS = frozenset({"prompt", "completion", "reward"})
NAME, EARLIER = "example_id", frozenset({"id", "task", "info"})
"""The number of an example, which releases before 0.1.3 call `id`."""
USED = KEYS | {NAME} | {"answer", "metrics", "trajectory", "tool_defs", "task", "timing", "token_usage"}
COUNTS = ("num_turns", "total_tool_calls", "tool_call_count", "total_tokens")
"""Metrics that environments count by themselves; further ones end in `_calls`."""
OF_POLICY = {"model": "model", "sampling_args": "sampling"}


def looks_like_results(source: Source) -> bool:
    """Rows with the fields that every rollout has."""
    keys = row_keys(source)
    return keys >= KEYS and (NAME in keys or keys >= EARLIER)


@rollout_format(
    name="verifiers_results",
    title="verifiers results (before 0.2)",
    extensions=(".jsonl",),
    detect=looks_like_results,
    written_by="verifiers before 0.2: `vf-eval --save-results`, results.jsonl with metadata.json beside it",
    lost="timing, token usage, token ids of prompts",
    fields=USED | {"is_completed", "is_truncated", "stop_condition", "info", "error"},
)
def read_results(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one example are a group. Its reward functions stand among its metrics."""
    beside = source.beside("metadata.json")
    about: Mapping[str, Any] = beside.head if beside is not None else {}
    notes.guess("metrics are reward functions, but for counts of turns and calls")
    for fields, where in rows(source):
        yield rollout_of(fields, about=about, notes=notes, where=where)


def rollout_of(fields: Mapping[str, Any], *, about: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One rollout."""
    prompt, extra = asked(fields.get("prompt"))
    steps = list_in(fields, "trajectory", where=where)
    turns = turns_with(fields, steps, notes, where)
    last, measured = turns[-1], object_in(fields, "metrics", where=where)
    number = NAME if NAME in fields else "id"
    rest = rest_of(fields, USED | measured.keys() | {number})
    if number != NAME:
        measured = measured | {key: value for key, value in rest.items() if isinstance(value, int | float)}
    last.extra |= {key: value for key, value in rest.items() if key not in measured}
    parts: dict[str, float | None] = {}
    for name, value in measured.items():
        measure = number_of(value, f"metrics.{name}", where=where)
        if name not in COUNTS and not name.endswith("_calls"):
            parts[name] = measure
        elif measure is not None:
            last.columns[f"metric.{name}"] = measure
    if fields.get("error"):
        last.status = Status.FAILED
    elif fields.get("is_completed") is True or fields.get("is_truncated") is True:
        last.status = Status.TRUNCATED if fields.get("is_truncated") is True else Status.TERMINATED
    example, task = as_text(fields.get(number)), as_text(fields.get("task") or about.get("env_id"))
    tools = list_in(fields, "tool_defs", where=where)
    return Rollout(
        prompt=prompt,
        turns=turns,
        group=(task, example) if example else None,
        reference=as_text(fields.get("answer")),
        task=task,
        prompt_extra=extra | ({"tools": tools} if tools else {}),
        policy={to: about[name] for name, to in OF_POLICY.items() if about.get(name) not in (None, {})},
        where=where,
    ).scored(number_in(fields, "reward", where=where), parts)


def turns_with(fields: Mapping[str, Any], steps: Sequence[Any], notes: Notes, where: str) -> list[Turn]:
    """The turns of a completion, with tokens and advantages of the steps of its trajectory."""
    objects = [step for step in steps if isinstance(step, dict)]
    completion = fields.get("completion")
    if not completion and objects:
        turns = [turn for step in objects for turn in turns_of(messages_of(step, where))] or [Turn()]
    else:
        turns = answered(completion)
    if len(objects) == len(turns):
        for place, (turn, step) in enumerate(zip(turns, objects, strict=True)):
            add_step(turn, step, f"{where}, trajectory[{place}]")
    elif objects:
        notes.drop("trajectories that have other steps than their completion has turns")
    return turns


def messages_of(step: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    """The messages of a step of a trajectory.

    Raises:
        FormatError: they are something else.
    """
    messages = list_in(step, "completion", where=where)
    if not all(isinstance(one, dict) for one in messages):
        raise wrong("completion", messages, "a list of messages with role and content", where=where)
    return messages


def add_step(turn: Turn, step: Mapping[str, Any], where: str) -> None:
    """Put tokens and claimed advantage of a step of a trajectory into its turn; its reward is the rollout's."""
    tokens = object_in(step, "tokens", where=where)
    ids = ids_in(tokens, "completion_ids", where=where)
    mask = mask_in(tokens, "completion_mask", len(ids), where) or [True] * len(ids)
    logprobs = numbers_in(tokens, "completion_logprobs", where=where)
    known = masked(logprobs, mask=mask) if len(logprobs) == len(ids) else logprobs
    turn.tokens = step_tokens(masked(ids, mask=mask), known, entropy=(), names="completion_logprobs", where=where)
    advantage = number_in(step, "advantage", where=where)
    if advantage is not None:
        turn.claimed["advantage"] = advantage
