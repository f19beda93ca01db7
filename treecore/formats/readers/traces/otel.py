"""OpenTelemetry spans of model calls (GenAI conventions): each repeats the whole chat, which becomes a tree here.

Attributes are those of `opentelemetry/semconv`, `gen_ai`: `gen_ai.input.messages` and `gen_ai.output.messages`, JSON
or structures of `{role, parts: [{type, ...}]}`; those of earlier conventions are in `older.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from treecore.errors import FormatError
from treecore.formats.columnar import is_columnar
from treecore.formats.fields import number_of
from treecore.formats.nested_json import list_within
from treecore.formats.notes import Notes
from treecore.formats.readers.traces.chats import INPUT, OUTPUT, SCORE, SCORED, Call, Repeats, rollouts_of
from treecore.formats.readers.traces.older import MARKS, Said, said_in
from treecore.formats.readers.traces.spans import CONTEXT, OTLP, Span, spans_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, row_keys
from treecore.formats.source import Source

LOOKED_AT = 1 << 20
"""Bytes at the beginning in which objects over several lines must look like spans."""


def looks_like_spans(source: Source) -> bool:
    """Spans, one of which names the messages of a model."""
    keys = row_keys(source)
    if not keys:
        begin = source.data[:LOOKED_AT]
        several = begin[:1] == b"{" and b'"trace_id"' in begin and b'"attributes"' in begin
        return several and names_a_model(source)
    if any(name in keys for name in OTLP):
        return names_a_model(source)
    about = "attributes" in keys or any(name.startswith("attributes.") for name in keys)
    ids = keys & {"context", "trace_id", "traceId", "span_id", "spanId", *CONTEXT}
    return about and bool(ids) and "op_name" not in keys and names_a_model(source)


def names_a_model(source: Source) -> bool:
    """Whether one of the names stands anywhere that spans of models have; in columns they may be compressed."""
    return is_columnar(source.data) or any(mark in source.data for mark in MARKS)


@rollout_format(
    name="otel",
    title="OpenTelemetry GenAI spans",
    extensions=(".json", ".jsonl"),
    detect=looks_like_spans,
    written_by="OpenTelemetry of model calls with content captured: OTLP JSON, console exporter, rows of spans or logs",
    lost="spans that are no model calls, and times; the whole chat that each call repeats is kept once",
    fields=frozenset({"context", "trace_id", "span_id", "parent_id", "attributes", "events", "links", "resource"}),
)
def read_spans(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout for each chat of a trace; calls whose chat goes on from another call's answer follow that one."""
    traces: dict[str, list[Span]] = {}
    for span in spans_of(source):
        traces.setdefault(span.trace or span.id, []).append(span)
    silent = 0
    for spans in traces.values():
        spans.sort(key=lambda span: span.start)
        repeats = Repeats()
        calls = [Call(span, said) for span in spans if (said := messages_in(span, repeats)) is not None]
        silent += len(spans) - len(calls)
        if calls:
            yield from rollouts_of(calls, scores_of(spans))
    if silent == sum(map(len, traces.values())):
        raise FormatError(
            "no span holds what a model said",
            where=source.name,
            todo="record again with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
        )
    notes.guess("traces with the same prompt are one group; spans hold no rewards")
    if silent:
        notes.drop("spans that hold nothing that a model said", silent)


def messages_in(span: Span, repeats: Repeats) -> Said | None:
    """What a model heard and said in a span, under names of today or earlier ones; None where it said nothing."""
    if span.attributes.get(OUTPUT) is None:
        return said_in(span.attributes, span.events)
    heard = repeats.list_within(span.attributes, INPUT, where=span.where)
    return Said(heard, list_within(span.attributes, OUTPUT, where=span.where))


def scores_of(spans: Sequence[Span]) -> dict[str, float]:
    """Columns of what evaluations of a trace gave."""
    found: dict[str, float] = {}
    for span in spans:
        for about in (span.attributes, *(event["attributes"] for event in span.events)):
            score = number_of(about.get(SCORE), SCORE, where=span.where)
            if score is not None:
                found[f"judge.{as_text(about.get(SCORED)) or 'score'}"] = score
    return found
