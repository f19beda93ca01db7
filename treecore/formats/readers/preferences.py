"""Preference rows: one prompt and two answers, one of them preferred; or one answer and whether it was liked.

OpenAI's `input, preferred_output, non_preferred_output`; `prompt, chosen, rejected` of TRL and most data sets, with or
without the prompt, text or messages, also of ShareGPT's shape; `prompt, completion, label` of KTO.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from treecore.formats.fields import needed, number_in
from treecore.formats.messages import answered, asked, is_chat
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, row_kinds, rows
from treecore.formats.sharegpt import as_messages
from treecore.formats.source import Source

OPENAI = frozenset({"input", "preferred_output", "non_preferred_output"})
PAIRS = frozenset({"chosen", "rejected"})
SINGLE = frozenset({"prompt", "completion", "label"})
FORK = frozenset({"initial_reason_steps"})
SCORES = ("score_{}", "{}_score", "{}_rating", "{}-rating", "{}_reward")
"""Names under which data sets score each side."""
TURN = "\n\nAssistant:"
"""Where the answer begins in chats that are one text."""


class Pair(NamedTuple):
    """A row: prompt, what both sides say, what is kept beside the prompt, and what of the rest beside each answer."""

    prompt: Any
    chosen: Any
    rejected: Any
    asked: dict[str, Any]
    rest: dict[str, Any]


def looks_like_preferences(source: Source) -> bool:
    """Rows with both sides, or with one that is labelled true or false."""
    kinds = row_kinds(source)
    keys = kinds.keys()
    return keys >= OPENAI or (keys >= PAIRS and not keys & FORK) or (keys >= SINGLE and kinds["label"] == "bool")


@rollout_format(
    name="preferences",
    title="preference pairs",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_preferences,
    written_by="OpenAI's preference fine-tuning, and data sets for DPO and KTO trainers; `treecore export` as `pairs`",
    fields=frozenset({"prompt", *PAIRS}),
)
def read_preferences(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout an answer; those of one prompt are a group."""
    for fields, where in rows(source):
        if fields.keys() >= SINGLE and not fields.keys() & PAIRS:
            notes.recognise("the reward is the label, true 1 and false 0")
            yield _liked(fields, where)
            continue
        yield from _sides(fields, where, notes)


def _liked(fields: dict[str, Any], where: str) -> Rollout:
    prompt, extra = asked(needed(fields, "prompt", where=where))
    rollout = Rollout(
        prompt=prompt,
        turns=answered(needed(fields, "completion", where=where)),
        group=as_text(fields["prompt"]),
        prompt_extra=extra,
        where=where,
    )
    rollout.last.extra |= rest_of(fields, SINGLE)
    return rollout.scored(number_in(fields, "label", where=where))


def _sides(fields: dict[str, Any], where: str, notes: Notes) -> Iterator[Rollout]:
    pair = _openai(fields, where) if fields.keys() >= OPENAI else _pair(fields, where)
    prompt, extra = asked(pair.prompt)
    names = _score_names(fields)
    scores = [number_in(fields, name, where=where) for name in names]
    if scores:
        notes.recognise("the reward is the score of each answer")
    else:
        notes.recognise("the preferred answer counts 1, the other one 0")
    for place, (answer, preferred) in enumerate(((pair.chosen, 1.0), (pair.rejected, 0.0))):
        rollout = Rollout(
            prompt=prompt,
            turns=answered(answer),
            group=as_text(pair.prompt),
            prompt_extra=extra | pair.asked,
            where=where,
        )
        rollout.last.extra |= rest_of(pair.rest, set(names))
        yield rollout.scored(scores[place], {"preferred": preferred}) if scores else rollout.scored(preferred)


def _openai(fields: dict[str, Any], where: str) -> Pair:
    given: Any = needed(fields, "input", where=where)
    tools: dict[str, Any] = {}
    if isinstance(given, dict):
        tools = rest_of(given, {"messages"})
        given = needed(given, "messages", where=f'{where}, "input"')
    chosen, rejected = (needed(fields, name, where=where) for name in ("preferred_output", "non_preferred_output"))
    return Pair(given, chosen, rejected, tools, rest_of(fields, OPENAI))


def _pair(fields: dict[str, Any], where: str) -> Pair:
    """The two sides without the prompt, which data sets repeat in them or leave to them."""
    chosen, rejected = needed(fields, "chosen", where=where), needed(fields, "rejected", where=where)
    prompt = as_messages(fields.get("prompt", fields.get("conversations")))
    chosen, rejected = (as_messages([side] if isinstance(side, dict) else side) for side in (chosen, rejected))
    if is_chat(chosen) and is_chat(rejected):
        shared = _shared_messages(chosen, rejected)
        if shared:
            repeated = not is_chat(prompt) or prompt == chosen[: len(prompt)]
            prompt = chosen[:shared] if repeated else [*prompt, *chosen[:shared]]
            chosen, rejected = chosen[shared:], rejected[shared:]
    elif prompt is None:
        chosen, rejected = as_text(chosen), as_text(rejected)
        start = _shared_text(chosen, rejected)
        prompt, chosen, rejected = chosen[:start], chosen[start:], rejected[start:]
    return Pair(prompt, chosen, rejected, {}, rest_of(fields, {"prompt", "conversations", *PAIRS}))


def _shared_messages(chosen: list[Any], rejected: list[Any]) -> int:
    """Number of messages with which both begin; their last ones are the answers, also where they are equal."""
    shared = 0
    for one, other in zip(chosen[:-1], rejected[:-1], strict=False):
        if one != other:
            break
        shared += 1
    return shared


def _shared_text(chosen: str, rejected: str) -> int:
    """Where the answers begin: after the last turn that both share, else after the last word."""
    pairs = enumerate(zip(chosen, rejected, strict=False))
    same = next((place for place, (one, other) in pairs if one != other), min(len(chosen), len(rejected)))
    turn = chosen.rfind(TURN, 0, same)
    if turn >= 0:
        return turn + len(TURN)
    return chosen.rfind(" ", 0, same) + 1


def _score_names(fields: dict[str, Any]) -> list[str]:
    """The fields that score the chosen and the rejected answer; none where not both are scored."""
    for name in SCORES:
        both = [name.format("chosen"), name.format("rejected")]
        if all(isinstance(fields.get(one), bool | int | float) for one in both):
            return both
    return []
