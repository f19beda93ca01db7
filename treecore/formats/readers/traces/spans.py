"""Spans and log records of OpenTelemetry, whatever wrote them: OTLP in JSON, the console exporter, or rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from treecore.errors import FormatError
from treecore.formats.columnar import is_columnar
from treecore.formats.fields import list_in, object_in, wrong
from treecore.formats.nested_json import list_within, object_within
from treecore.formats.rows import Row, as_text, rows
from treecore.formats.source import Source

OTLP = ("resourceSpans", "resource_spans", "resourceLogs", "resource_logs")
LISTS = (*OTLP, "scopeSpans", "scope_spans", "spans", "scopeLogs", "scope_logs", "logRecords", "log_records")
VALUES = ("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue")
CONTEXT = ("context.trace_id", "context.span_id")
"""Names of columns of tables in which a span lies flat, as Phoenix writes them."""
BEGAN = ("startTimeUnixNano", "start_time_unix_nano", "start_time")
TIMES = ("timeUnixNano", "time_unix_nano", "timestamp")
OBSERVED = ("observedTimeUnixNano", "observed_time_unix_nano", "observed_timestamp")
"""When a log record was seen: spans have nothing of the kind."""
CHOICE = "gen_ai.choice"
"""Name of the event that tells an answer."""
TYPED = frozenset({*VALUES, "arrayValue", "kvlistValue"})
FLAT, SPACES = "attributes.", ("llm", "gen_ai")
END = re.compile(rb"^}[ \t\r]*$", re.M)
"""The end of an object that is written over several lines."""
NEWLINE = b"\n"
TRACE_ID, SPAN_ID = ("traceId", "trace_id", CONTEXT[0]), ("spanId", "span_id", CONTEXT[1])
MAX_LEVELS = 32
"""Levels of a value of an attribute."""


class Span(NamedTuple):
    """One span.

    Attributes:
        trace, id, parent: ids, "" for none; start: when it began, sortable among spans of one file.
        attributes: its own, and those of its events, as plain JSON; a later one of a name counts.
        events: names and attributes of its events.
        where: file and line.
    """

    trace: str
    id: str
    parent: str
    name: str
    start: tuple[int, str]
    attributes: dict[str, Any]
    events: list[dict[str, Any]]
    where: str


def objects_of(source: Source) -> Iterator[Row]:
    """All objects of a file: rows, or objects one after the other, each over several lines, as a console shows them.

    Raises:
        FormatError: it is neither.
    """
    if is_columnar(source.data) or not one_after_the_other(source):
        yield from rows(source)
        return
    start, line = 0, 1
    for end in [*END.finditer(source.data), None]:
        stop = len(source.data) if end is None else end.end()
        piece = source.data[start:stop]
        blank = piece[: len(piece) - len(piece.lstrip())]
        if len(blank) < len(piece):
            yield Row(object_of(piece, source, line), f"{source.name}, line {line + blank.count(NEWLINE)}")
        line += piece.count(NEWLINE)
        start = stop
        source.account.advance(len(piece))


def one_after_the_other(source: Source) -> bool:
    """Whether a file begins with an object over several lines that is not all of it."""
    if source.data[: source.data.find(NEWLINE)].strip() != b"{":
        return False
    end = END.search(source.data)
    return end is not None and bool(source.data[end.end() : end.end() + 4096].strip())


def object_of(piece: bytes, source: Source, line: int) -> dict[str, Any]:
    """One object that begins on a line of a file.

    Raises:
        FormatError: it is none.
    """
    try:
        value = orjson.loads(piece)
    except orjson.JSONDecodeError as error:
        where = f"{source.name}, line {line + error.lineno - 1}"
        raise FormatError(f"not JSON ({error.msg})", where=where, todo="correct it here") from None
    if not isinstance(value, dict):
        raise FormatError("this is no object", where=f"{source.name}, line {line}", todo="give spans")
    return value


def spans_of(source: Source) -> list[Span]:
    """All spans of a file, each with the events that log records tell of it; one for records of a span not there.

    Raises:
        FormatError: it holds something else.
    """
    found: list[Span] = []
    records: list[Row] = []
    for row in leaves_of(source):
        if is_log(row.fields):
            records.append(row)
        else:
            found.append(span_of(*row))
    return with_events(found, records) if records else found


def leaves_of(source: Source) -> Iterator[Row]:
    """All spans and log records of a file, out of the lists that OTLP puts them in.

    Raises:
        FormatError: it holds something else.
    """
    for fields, where in objects_of(source):
        waiting = [Row(fields, where)]
        while waiting:
            one, place = waiting.pop()
            name = next((name for name in LISTS if name in one), "")
            if not name:
                yield Row(one, place)
                continue
            for number, inner in reversed(list(enumerate(list_in(one, name, where=place)))):
                if not isinstance(inner, dict):
                    raise wrong(name, inner, "a list of objects", where=place)
                waiting.append(Row(inner, f"{place}, {name}[{number}]"))


def span_of(fields: Mapping[str, Any], where: str) -> Span:
    """One span in any of its shapes."""
    context = object_in(fields, "context", where=where)
    events: list[dict[str, Any]] = [
        {"name": as_text(event.get("name")), "attributes": attributes_of(event, where)}
        for event in list_within(fields, "events", where=where)
    ]
    attributes = attributes_of(fields, where)
    for event in events:
        attributes |= {name: value for name, value in event["attributes"].items() if name.startswith("gen_ai.")}
    return Span(
        trace=first_of(fields, TRACE_ID) or first_of(context, TRACE_ID),
        id=first_of(fields, SPAN_ID) or first_of(context, SPAN_ID),
        parent=first_of(fields, ("parentSpanId", "parent_id", "parent_span_id")),
        name=as_text(fields.get("name")),
        start=time_of(first_of(fields, BEGAN)),
        attributes=attributes,
        events=events,
        where=where,
    )


def is_log(fields: Mapping[str, Any]) -> bool:
    """Whether this is a log record and no span."""
    return ("body" in fields or any(name in fields for name in OBSERVED)) and not any(name in fields for name in BEGAN)


def with_events(spans: list[Span], records: Sequence[Row]) -> list[Span]:
    """Spans with the events of their log records; records without an id are one call up to their last answer."""
    places = {(span.trace, span.id): place for place, span in enumerate(spans) if span.id}
    calls: dict[str, int] = {}
    answered: set[tuple[str, str]] = set()
    for record in sorted(map(log_of, records), key=lambda one: one.start):
        (event,) = record.events
        key = (record.trace, record.id or f"#{calls.get(record.trace, 0)}")
        if not record.id and event["name"] != CHOICE and key in answered:
            calls[record.trace] = calls.get(record.trace, 0) + 1
            key = (record.trace, f"#{calls[record.trace]}")
        if event["name"] == CHOICE:
            answered.add(key)
        if key not in places:
            places[key] = len(spans)
            spans.append(record)
        else:
            spans[places[key]].events.append(event)
            spans[places[key]].attributes.update(record.attributes)
    return spans


def log_of(row: Row) -> Span:
    """A log record as the span that it tells of, with one event."""
    fields, where = row
    attributes, body = attributes_of(fields, where), fields.get("body")
    body = value_of(body) if isinstance(body, dict) and len(body) == 1 and body.keys() <= TYPED else body
    name = first_of(fields, ("eventName", "event_name")) or as_text(attributes.get("event.name"))
    inside = body if isinstance(body, dict) else {}
    return Span(
        trace=first_of(fields, TRACE_ID),
        id=first_of(fields, SPAN_ID),
        parent="",
        name=name,
        start=time_of(first_of(fields, (*TIMES, *OBSERVED))),
        attributes={key: value for key, value in (inside | attributes).items() if key.startswith("gen_ai.")},
        events=[{"name": name, "attributes": attributes, "body": body}],
        where=where,
    )


def first_of(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of these names that is there, as text; ids without the `0x` that consoles show."""
    for name in names:
        if (value := fields.get(name)) is not None:
            return as_text(value).removeprefix("0x")
    return ""


def time_of(text: str) -> tuple[int, str]:
    """A time to sort by: nanoseconds, or a date as text."""
    return (int(text), "") if text.isdecimal() and len(text) < 25 else (0, text)


def attributes_of(fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Attributes by name: an object, its JSON, or OTLP's list of keys and values."""
    value = fields.get("attributes")
    if value is None:
        return {name[len(FLAT) :]: one for name, one in fields.items() if name.startswith(FLAT) and one is not None}
    if not isinstance(value, list):
        return flattened(object_within(fields, "attributes", where=where))
    if not all(isinstance(one, dict) for one in value):
        raise wrong("attributes", value, "a list of objects", where=where)
    return {as_text(one.get("key")): value_of(one.get("value")) for one in value}


def flattened(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes by their whole names, where some of a model lie in objects: `{"llm": {"model_name": "m"}}`."""
    flat: dict[str, Any] = {}
    for name, value in attributes.items():
        if name in SPACES and isinstance(value, dict):
            for inner, one in value.items():
                deeper = one if isinstance(one, dict) else {}
                flat |= {f"{name}.{inner}.{last}": found for last, found in deeper.items()} or {f"{name}.{inner}": one}
        else:
            flat[name] = value
    return flat


def value_of(value: Any, level: int = 0) -> Any:
    """A value of OTLP as plain JSON; what lies too deep is left out."""
    if not isinstance(value, dict) or level > MAX_LEVELS:
        return None if isinstance(value, dict) else value
    for name in VALUES:
        if name in value:
            plain = value[name]
            return int(plain) if name == "intValue" and isinstance(plain, str) and is_whole(plain) else plain
    inner = value.get("arrayValue", value.get("kvlistValue"))
    values = inner.get("values") if isinstance(inner, dict) else None
    if not isinstance(values, list):
        return None
    if "arrayValue" in value:
        return [value_of(one, level + 1) for one in values]
    return {as_text(one.get("key")): value_of(one.get("value"), level + 1) for one in values if isinstance(one, dict)}


def is_whole(text: str) -> bool:
    """Whether a text is a whole number of usual size."""
    return text.lstrip("-").isdecimal() and len(text) < 19
