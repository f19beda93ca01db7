"""Containers of inspect_ai logs: one JSON file, or a zip archive with a member or a folder of members a sample.

Layouts are those of `inspect_ai/log/_recorders/eval.py` and `chunked/format.py`. Knows nothing about rollouts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from treecore.errors import FormatError
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.fields import list_in, object_in, wrong
from treecore.formats.folder import Folder
from treecore.formats.json_nan import nan_as_null
from treecore.formats.source import Source, open_source, plain_at_once

HEADERS = ("header.json", "_journal/start.json")
SAMPLE = re.compile(r"samples/.+_epoch_\d+\.json")
SHELL = "/sample.json"
CHUNK = re.compile(r"(\d+)\.json")
LOG_FIELDS = frozenset({"version", "status", "eval", "plan"})
REFERENCE = "attachment://"
MAX_REFERRED = 2_000_000
"""Messages of one sample that ranges may name, one by one."""


class Sample(NamedTuple):
    """One sample of a log in one shape, whatever the layout.

    Attributes:
        fields: of the sample, with `messages` and `events`; pool: messages to which events refer.
    """

    fields: dict[str, Any]
    pool: list[Any]
    where: str


def is_log(source: Source) -> bool:
    """Whether this is a log; never raises."""
    if not source.data.startswith(ZIP_MAGIC):
        return LOG_FIELDS - {"plan"} <= source.fields.keys() and bool({"plan", "samples"} & source.fields.keys())
    if b"samples/" not in source.data:
        return False
    with suppress(FormatError):
        names = source.members.names
        return any(name in names for name in HEADERS) and any(map(is_sample, names))
    return False


def is_sample(name: str) -> bool:
    """Whether a member of the archive holds a sample, or the shell of one."""
    return name.startswith("samples/") and (name.endswith(SHELL) or SAMPLE.fullmatch(name) is not None)


def header(source: Source) -> dict[str, Any]:
    """What a log says of all its samples.

    Raises:
        FormatError: it is damaged.
    """
    if not source.data.startswith(ZIP_MAGIC):
        return dict(source.head)
    members = source.members
    name = next(name for name in HEADERS if name in members.names)
    found = member(source, members, name)
    return found if isinstance(found, dict) else {}


def samples(source: Source) -> Iterator[Sample]:
    """All samples of a log.

    Raises:
        FormatError: it is damaged, or a sample is no object.
    """
    if source.data.startswith(ZIP_MAGIC):
        members = source.members
        for name in members.names:
            if is_sample(name):
                yield of_archive(source, members, name)
        return
    log = next(iter(source.documents())).value
    for number, fields in enumerate(list_in(log, "samples", where=source.name)):
        where = f"{source.name}, $.samples[{number}]"
        yield whole(sample_object(fields, where), where)


def of_archive(source: Source, members: Folder, name: str) -> Sample:
    """The sample under one name of an archive."""
    where = f"{source.name}, {name}"
    fields = sample_object(member(source, members, name), where)
    if not name.endswith(SHELL):
        return whole(fields, where)
    place = name.removesuffix(SHELL)
    attachments = sequence(source, members, f"{place}/attachments")
    pool = sequence(source, members, f"{place}/messages")
    refer = {str(number): text for number, text in enumerate(attachments)}
    inline(pool, refer)
    refs = list_in(fields, "message_refs", where=where)
    fields["messages"] = [pool[place] for place in referred(refs, len(pool), where)]
    fields["events"] = inline(sequence(source, members, f"{place}/events"), refer)
    if f"{place}/metadata.json" in members.names:
        fields["metadata"] = member(source, members, f"{place}/metadata.json")
    return Sample(inline(fields, refer), pool, where)


def whole(fields: dict[str, Any], where: str) -> Sample:
    """A sample that stands in one object."""
    if isinstance(transcript := fields.get("transcript"), dict):
        fields |= {"events": transcript.get("events"), "attachments": transcript.get("content")}
    refer = object_in(fields, "attachments", where=where)
    pool = list_in(object_in(fields, "events_data", where=where), "messages", where=where)
    if refer:
        for part in (pool, [fields.get(name) for name in ("input", "messages", "events", "output", "metadata")]):
            inline(part, refer)
        if isinstance(fields.get("input"), str):
            fields["input"] = resolved(fields["input"], refer)
    return Sample(fields, pool, where)


def sample_object(value: Any, where: str) -> dict[str, Any]:
    """A sample as the object that it should be."""
    if not isinstance(value, dict):
        raise wrong("sample", value, "an object", where=where)
    return value


def member(source: Source, members: Folder, name: str) -> Any:
    """A member of the archive as plain objects."""
    data = members.fetch(name)
    if (found := plain_at_once(data)) is not None:
        source.account.grow(source.account.unpacked + len(data))
        return found
    opened = nan_as_null(open_source(data, name=f"{source.name}, {name}"))
    source.account.grow(source.account.unpacked + len(opened.data))
    return opened.first()


def sequence(source: Source, members: Folder, place: str) -> list[Any]:
    """The items of a sequence that stands in chunks, each named by the number of its first item."""
    items: list[Any] = []
    inside = [name for name in members.names if name.startswith(f"{place}/")]
    starts = {int(found[1]): name for name in inside if (found := CHUNK.fullmatch(name.removeprefix(f"{place}/")))}
    for start in sorted(starts):
        found = member(source, members, starts[start])
        if not isinstance(found, list):
            raise wrong("chunk", found, "a list", where=f"{source.name}, {starts[start]}")
        if start != len(items):
            raise FormatError(
                f"items {len(items)} to {start - 1} are missing", where=f"{source.name}, {place}", todo="copy it again"
            )
        items += found
    return items


def referred(refs: Sequence[Any], size: int, where: str) -> list[int]:
    """The places that ranges `[start, end]` name, the end left out; what lies outside of `size` is left out."""
    places: list[int] = []
    for ref in refs:
        if not (isinstance(ref, list) and len(ref) == 2 and all(isinstance(one, int) for one in ref)):
            raise wrong("refs", ref, "a pair of whole numbers", where=where)
        places += range(max(ref[0], 0), min(ref[1], size))
        if len(places) > MAX_REFERRED:
            raise FormatError(f"more than {MAX_REFERRED:,} messages are referred to", where=where)
    return places


def inline(value: Any, refer: dict[str, Any]) -> Any:
    """`value`, with the texts that it refers to in place of the references."""
    stack = [value] if refer else []
    while stack:
        item = stack.pop()
        for place, inner in item.items() if isinstance(item, dict) else enumerate(item):
            if isinstance(inner, str):
                if inner.startswith(REFERENCE):
                    item[place] = resolved(inner, refer)
            elif isinstance(inner, dict | list):
                stack.append(inner)
    return value


def resolved(text: str, refer: dict[str, Any]) -> str:
    """The text that a reference names; itself where it is none, or names nothing."""
    found = refer.get(text.removeprefix(REFERENCE)) if text.startswith(REFERENCE) else None
    return found if isinstance(found, str) else text
