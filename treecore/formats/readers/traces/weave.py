"""Weave (Weights & Biases): calls of ops, a row each, as its interface exports them and its API streams them.

Attributes of rollouts are those that verl's `rollout_trace.py` sets; fields of evaluations those of `weave.Evaluation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treecore.errors import FormatError
from treecore.formats.fields import first_of, number_in, training_step_in
from treecore.formats.mapping import USUAL
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.readers.traces.chats import rollouts_of
from treecore.formats.readers.traces.weave_ops import (
    Op,
    feedback_of,
    model_call,
    nearest_above,
    numbers_of,
    op_of,
    text_of,
)
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"op_name", "trace_id", "inputs"})
SCORED, PREDICTED = ("predict_and_score",), ("predict", "invoke", "forward")
OUTPUTS = ("output", "model_output", "prediction")
SAMPLE = ("sample_index", "rollout_n")
"""Attributes that verl sets on every call of a rollout."""
REWARDS = ("reward_score", "score", "reward")
OUTCOMES = frozenset({*USUAL["reward"], "match", "exact"})
"""Words in the name of a score that is an outcome."""


def looks_like_weave(source: Source) -> bool:
    """Rows with the name of an op, its trace and its inputs."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="weave",
    title="Weave calls",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_weave,
    written_by="Weave: Traces exported as JSONL, or rows of `client.get_calls()`; evaluations, verl, calls of models",
    lost="calls that neither a model nor an evaluation made, and times; the chat that each call repeats is kept once",
    fields=KEYS | {"id", "parent_id", "started_at", "output", "summary", "attributes"},
)
def read_weave(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout for each scored prediction, each rollout that verl traced, else each chat of a trace."""
    traces: dict[str, list[Op]] = {}
    for fields, where in rows(source):
        op = op_of(fields, where)
        traces.setdefault(op.trace, []).append(op)
    found = False
    for ops in traces.values():
        ops.sort(key=lambda op: op.start)
        for rollout in rollouts_in(ops, notes):
            found = True
            yield rollout
    if traces and not found:
        raise FormatError(
            "no call is of a model or an evaluation", where=source.name, todo="export the calls of models with the rest"
        )


def rollouts_in(ops: Sequence[Op], notes: Notes) -> Iterator[Rollout]:
    """The rollouts of one trace."""
    sampled = {op.id for op in ops if is_sampled(op)}
    if any(is_scored(op) for op in ops):
        yield from evaluated(ops, notes)
    elif sampled:
        above = nearest_above(ops, sampled)
        for op in ops:
            if op.id in sampled and not above[op.id]:
                yield rolled_out(op, notes)
    else:
        yield from chats_of(ops, notes)


def chats_of(ops: Sequence[Op], notes: Notes) -> list[Rollout]:
    """The chats of calls of models; of a call within a call of a model, the outer one."""
    calls = {op.id: call for op in ops if (call := model_call(op)) is not None}
    above = nearest_above(ops, calls)
    outer = [call for name, call in calls.items() if not above[name]]
    if outer:
        notes.guess("chats with the same prompt are one group")
    return rollouts_of(outer, {name: value for op in ops for name, value in feedback_of(op).items()})


def is_scored(op: Op) -> bool:
    """Whether this call predicted for one example and scored it."""
    return op.method in SCORED and isinstance(op.output, dict)


def evaluated(ops: Sequence[Op], notes: Notes) -> Iterator[Rollout]:
    """A rollout for each scored prediction: the one chat that the model made of it, else its text."""
    above = nearest_above(ops, {op.id for op in ops if is_scored(op)})
    predicted = {above[op.id]: op for op in reversed(ops) if op.method in PREDICTED and above[op.id]}
    beneath: dict[str, list[Op]] = {}
    of_prediction = nearest_above(ops, {op.id for op in predicted.values()})
    for op in ops:
        beneath.setdefault(of_prediction[op.id], []).append(op)
    for op in ops:
        if is_scored(op):
            made_by = predicted.get(op.id)
            chats = chats_of(beneath.get(made_by.id, []), Notes()) if made_by else []
            yield _scored(op, made_by, chats, notes)


def _scored(op: Op, made_by: Op | None, chats: Sequence[Rollout], notes: Notes) -> Rollout:
    example: Any = op.inputs.get("example")
    about = example if isinstance(example, dict) else rest_of(made_by.inputs, {"self"}) if made_by else {}
    rollout = chats[0] if len(chats) == 1 else predicted_text(op, about)
    reference = first_of(about, USUAL["reference"])
    rollout.prompt, rollout.reference = question_of(about) or rollout.prompt, as_text(about.get(reference))
    rollout.group = (op.trace, as_text(op.inputs.get("model")), as_text(about if example is None else example))
    scores = dict(numbers_of(op.output.get("scores")))
    if name := leading(scores):
        notes.recognise(f'the reward is the score "{name}"')
    rollout.last.extra |= {"scores": op.output["scores"]} if op.output.get("scores") else {}
    rollout.last.columns |= feedback_of(op)
    return rollout.scored(scores.get(name), scores)


def predicted_text(op: Op, about: Mapping[str, Any]) -> Rollout:
    """A prediction without a chat: its text."""
    value = next((op.output[name] for name in OUTPUTS if op.output.get(name) is not None), None)
    text = text_of(value)
    return Rollout(
        prompt=question_of(about) or as_text(op.inputs.get("example")),
        turns=answered(value if text is None else text),
        prompt_extra={"example": dict(about)} if about else {},
        where=op.where,
    )


def question_of(about: Mapping[str, Any]) -> str:
    """What an example asks: the field of a usual name, else its only text; "" for none."""
    if name := next((name for name in USUAL["prompt"] if about.get(name)), ""):
        return asked(about[name]).prompt
    texts = [value for value in about.values() if isinstance(value, str)]
    return texts[0] if len(texts) == 1 else ""


def leading(scores: Mapping[str, float]) -> str:
    """The score that is the reward: one that is named as an outcome, else the first; "" for none."""
    usual = (name for name in scores if OUTCOMES & set(re.split(r"[._]", name.lower())))
    return next(usual, next(iter(scores), ""))


def is_sampled(op: Op) -> bool:
    """Whether this call gave a rollout that verl traced."""
    return any(op.attributes.get(name) is not None for name in SAMPLE) and text_of(op.output) is not None


def rolled_out(op: Op, notes: Notes) -> Rollout:
    """A rollout that verl traced."""
    notes.recognise('rollouts of one training step and "sample_index" are one group')
    output: dict[str, Any] = op.output if isinstance(op.output, dict) else {}
    given = next((op.inputs[name] for name in ("raw_prompt", "messages", "prompt") if op.inputs.get(name)), None)
    prompt, extra = asked(output.get("prompt_text") or given)
    rollout = Rollout(
        prompt=prompt,
        turns=answered(text_of(op.output) or ""),
        group=tuple(as_text(op.attributes.get(name)) for name in ("validate", "experiment_name", "sample_index")),
        training_step=training_step_in(op.attributes, "step"),
        prompt_extra=extra,
        where=op.where,
    )
    rollout.last.extra |= rest_of(op.attributes, {"step"})
    rollout.last.columns |= feedback_of(op)
    reward = first_of(output, REWARDS) or REWARDS[0]
    return rollout.scored(number_in(output, reward, where=op.where))
