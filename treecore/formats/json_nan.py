"""`NaN` and `Infinity` in JSON of other tools: Python writes them, JSON does not know them. Read as null."""

from __future__ import annotations

import re
from dataclasses import replace

from treecore.formats.source import CONTAINERS, Source

BARE = re.compile(rb"(?:^|[\[:,])\s*-?(?:NaN|Infinity)\s*(?:[\],}]|$)")
"""A line that may hold one as a value; also one inside a text looks so."""
TEXT_OR_NAN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:NaN|Infinity)\b', re.S)


def nan_as_null(source: Source) -> Source:
    """The same content with null for each; itself where there is none. Lines stay where they are."""
    data = source.data
    if data.startswith(CONTAINERS) or (b"NaN" not in data and b"Infinity" not in data):
        return source
    lines = data.split(b"\n")
    changed = [number for number, line in enumerate(lines) if BARE.search(line)]
    if not changed:
        return source
    for number in changed:
        lines[number] = TEXT_OR_NAN.sub(lambda found: found[0] if found[0][:1] == b'"' else b"null", lines[number])
    return replace(source, data=b"\n".join(lines))
