"""lm-evaluation-harness: `samples_<task>_<date>.jsonl` of `--log_samples`, a document a line, once for each filter.

Fields are those of `lm_eval/evaluator.py` and `lm_eval/loggers/evaluation_tracker.py`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from treecore.errors import FormatError
from treecore.formats.fields import list_in, object_in
from treecore.formats.mapping import USUAL
from treecore.formats.messages import Asked, asked, is_chat
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"doc_id", "doc", "resps"})
HASHES = ("doc_hash", "prompt_hash", "target_hash")
USED = KEYS | {"target", "arguments", "filtered_resps", "filter", "metrics", *HASHES}
NAME = re.compile(r"samples_(.+)_(\d{4}-\d\d-\d\dT[\d.:-]+)\.jsonl")
"""Task and time in the name of a file."""


def looks_like_lm_eval(source: Source) -> bool:
    """Documents with responses."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="lm_eval",
    title="lm-eval samples",
    extensions=(".jsonl",),
    detect=looks_like_lm_eval,
    written_by="lm-evaluation-harness with --log_samples; repeats of a document are a group",
    lost="log likelihoods of choices, which are no rollouts; scores belong to a filter and stay beside the prompt",
    fields=KEYS,
)
def read_lm_eval(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a response; a document that stands there once for each filter is taken once."""
    documents: dict[Hashable, Document] = {}
    task, policy = _run(source)
    responses = 0
    for fields, where in rows(source):
        key = (as_text(fields.get("doc_id")), as_text(fields.get("doc_hash")))
        said = _said(fields.get("resps"))
        document = documents.setdefault(key, Document())
        if said not in document.said:
            document.said.add(said)
            for rollout in _rollouts(fields, where, notes, policy=policy):
                rollout.group = (source.name, *key, rollout.prompt)
                rollout.task = task
                rollout.prompt_extra |= {"filters": document.filters, **rollout.prompt_extra}
                document.rollouts.append(rollout)
                responses += 1
                source.account.afford_rows(responses, where)
        _keep_scores(document, fields)
    rollouts = [rollout for document in documents.values() for rollout in document.rollouts]
    if documents and not rollouts:
        raise FormatError(
            "no document has a response that is text",
            where=source.name,
            todo="log the samples of a task that generates, since log likelihoods of choices are no rollouts",
        )
    if any(document.filters for document in documents.values()):
        notes.recognise("scores of a filter stay beside the prompt: they are not rewards of single responses")
    yield from rollouts


@dataclass
class Document:
    """What is known of one document.

    Attributes:
        said: its responses, as lines have them; filters: name of a filter -> scores and what it made of them.
    """

    rollouts: list[Rollout] = field(default_factory=list)
    said: set[Hashable] = field(default_factory=set)
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)


def _said(responses: Any) -> Hashable:
    """What makes the responses of two lines the same."""
    if isinstance(responses, list) and all(
        isinstance(one, list) and all(isinstance(text, str) for text in one) for one in responses
    ):
        return tuple(map(tuple, responses))
    return as_text(responses)


def _run(source: Source) -> tuple[str, dict[str, Any]]:
    """Task and model: from the name of the file, and from the results beside it."""
    named = NAME.fullmatch((source.place or source.name).rpartition("/")[2])
    if named is None:
        return "", {}
    results = source.beside(f"results_{named[2]}.json")
    config = results.head.get("config") if results is not None else None
    model = config.get("model_args") or config.get("model") if isinstance(config, dict) else None
    if isinstance(model, dict):
        model = model.get("pretrained") or model.get("model")
    return named[1], {"model": model} if isinstance(model, str) else {}


def _rollouts(fields: dict[str, Any], where: str, notes: Notes, *, policy: dict[str, Any]) -> Iterator[Rollout]:
    """A rollout for each response of each request of a document.

    Args:
        policy: of all requests, beside the settings of each.
    """
    for number, request in enumerate(list_in(fields, "resps", where=where)):
        prompt, settings = _arguments(fields, number, where)
        asked_with = policy | (settings or {})
        for response in request if isinstance(request, list) else [request]:
            if not isinstance(response, str) or settings is None:
                notes.drop("log likelihoods of choices")
                continue
            yield Rollout(
                prompt=prompt.prompt,
                turns=[Turn(text=response)],
                reference=as_text(fields.get("target")),
                prompt_extra={**prompt.extra, "doc_id": fields.get("doc_id"), "doc": fields.get("doc")},
                policy=asked_with,
                where=where,
            )


def _arguments(fields: dict[str, Any], number: int, where: str) -> tuple[Asked, dict[str, Any] | None]:
    """Prompt and settings of a request; None for settings where it asked for a likelihood."""
    given = fields.get("arguments")
    if isinstance(given, list):
        parts = given[number] if number < len(given) else None
        found = parts if isinstance(parts, list) else []
    else:
        request = object_in(object_in(fields, "arguments", where=where), f"gen_args_{number}", where=where)
        found = [request.get(f"arg_{place}") for place in range(len(request))]
    if not found:
        return _question(fields), {}
    settings = found[1] if len(found) > 1 and isinstance(found[1], dict) else None
    return _prompt(found[0]), settings


def _prompt(value: Any) -> Asked:
    """A prompt: text, or a chat as JSON, which stands in a list of one."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
    if isinstance(value, str) and value.startswith("[{"):
        with suppress(orjson.JSONDecodeError):
            if is_chat(messages := orjson.loads(value)):
                return asked(messages)
    return asked(value)


def _question(fields: dict[str, Any]) -> Asked:
    """The question of the document itself, where its request is not recorded."""
    document = fields.get("doc")
    if isinstance(document, dict):
        for name in (*USUAL["prompt"], "text"):
            if document.get(name) is not None:
                return asked(document[name])
    return asked(document)


def _keep_scores(document: Document, fields: dict[str, Any]) -> None:
    """What a filter gave: beside the prompt, and where there is one response only, in columns of it."""
    name = as_text(fields.get("filter")) or "none"
    named = fields.get("metrics")
    metrics = [one for one in named if isinstance(one, str)] if isinstance(named, list) else list(fields.keys() - USED)
    scores = {one: fields[one] for one in sorted(metrics) if fields.get(one) is not None}
    kept = {"filtered_resps": fields["filtered_resps"]} if fields.get("filtered_resps") is not None else {}
    document.filters[name] = {**scores, **kept}
    if len(document.rollouts) == 1:
        for metric, value in scores.items():
            if isinstance(value, bool | int | float):
                document.rollouts[0].last.columns[f"{metric},{name}"] = float(value)
