"""lm-evaluation-harness: `samples_<task>_<date>.jsonl` of `--log_samples`, a document a line, once for each filter.

Fields are those of `lm_eval/evaluator.py` and `lm_eval/loggers/evaluation_tracker.py`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, chain, repeat
from typing import Any, NamedTuple

import numpy as np
import orjson

from treecore.core.builder import NAN
from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.field_table import of_rows
from treecore.formats.fields import list_in, object_in
from treecore.formats.mapping import USUAL
from treecore.formats.messages import Asked, asked, is_chat
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
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
def read_lm_eval(source: Source, notes: Notes) -> Iterator[Answers]:
    """A rollout a response; a document that stands there once for each filter is taken once."""
    documents: dict[tuple[str, str], Document] = {}
    task, policy = _run(source)
    responses = 0
    for fields, where in rows(source):
        key = (as_text(fields.get("doc_id")), as_text(fields.get("doc_hash")))
        document = documents.setdefault(key, Document())
        if document.hears(_said(fields.get("resps"))):
            for request in _requests(fields, where, notes, policy=policy):
                document.requests.append(request)
                responses += len(request.texts)
                source.account.afford_rows(responses, where)
        _keep_scores(document, fields)
    if documents and not responses:
        raise FormatError(
            "no document has a response that is text",
            where=source.name,
            todo="log the samples of a task that generates, since log likelihoods of choices are no rollouts",
        )
    if any(document.filters for document in documents.values()):
        notes.recognise("scores of a filter stay beside the prompt: they are not rewards of single responses")
    if responses:
        yield _answers(documents, task, source)


class Request(NamedTuple):
    """What a document asked at once.

    Attributes:
        policy: settings; reference: the expected answer; beside: what else the file says of the prompt.
        texts: the responses, at least one; where: file and line.
    """

    prompt: str
    policy: dict[str, Any]
    reference: str
    beside: dict[str, Any]
    texts: list[str]
    where: str


@dataclass
class Document:
    """What is known of one document.

    Attributes:
        first, said: responses of its first line, and those of other lines, as `_said` has them.
        filters: name of a filter -> scores and what it made of them.
        scores: column -> score of the only response that it had.
    """

    requests: list[Request] = field(default_factory=list)
    first: Hashable = None
    said: set[Hashable] = field(default_factory=set)
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)

    def hears(self, said: Hashable) -> bool:
        """Whether no line before had these responses. Those of the first are compared, not hashed: they are long."""
        if self.first is None:
            self.first = said
            return True
        if said == self.first or said in self.said:
            return False
        self.said.add(said)
        return True


def _answers(documents: dict[tuple[str, str], Document], task: str, source: Source) -> Answers:
    """All responses, side by side."""
    asked_for = [(key, document, one) for key, document in documents.items() for one in document.requests]
    requests = [request for _, _, request in asked_for]
    sizes = [len(request.texts) for request in requests]

    def spread(values: Iterable[Any]) -> list[Any]:
        """A value of each request at all its responses."""
        return list(chain.from_iterable(map(repeat, values, sizes)))

    size = sum(sizes)
    scores: list[dict[str, float]] = [{} for _ in range(size)]
    beside, policy = {}, {}
    for row, (_, document, request) in zip(accumulate(sizes, initial=0), asked_for, strict=False):
        beside[row] = {"filters": document.filters, **request.beside}
        policy[row] = request.policy
        if request is document.requests[0]:
            scores[row] = document.scores
    answers = Answers(
        prompt=spread(request.prompt for request in requests),
        text=list(chain.from_iterable(request.texts for request in requests)),
        reward=np.full(size, NAN),
        where=spread(request.where for request in requests).__getitem__,
        group=spread((source.name, *key, request.prompt) for key, _, request in asked_for),
        reference=spread(request.reference for request in requests),
        task=[task] * size,
        prompt_extra=beside,
        policy=policy,
    )
    if any(scores):
        answers.keep(of_rows(scores, answers.where, source.account).rest(()))
    return answers


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


def _requests(fields: dict[str, Any], where: str, notes: Notes, *, policy: dict[str, Any]) -> Iterator[Request]:
    """The requests of a document that have responses.

    Args:
        policy: of all requests, beside the settings of each.
    """
    for number, request in enumerate(list_in(fields, "resps", where=where)):
        prompt, settings = _arguments(fields, number, where)
        responses = request if isinstance(request, list) else [request]
        texts = [] if settings is None else [one for one in responses if isinstance(one, str)]
        if len(texts) < len(responses):
            notes.drop("log likelihoods of choices", len(responses) - len(texts))
        if texts:
            beside = {**prompt.extra, "doc_id": fields.get("doc_id"), "doc": fields.get("doc")}
            asked_with = policy | (settings or {})
            yield Request(prompt.prompt, asked_with, as_text(fields.get("target")), beside, texts, where)


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
    if sum(len(request.texts) for request in document.requests) == 1:
        for metric, value in scores.items():
            if isinstance(value, bool | int | float):
                document.scores[f"{metric},{name}"] = float(value)
