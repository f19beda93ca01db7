"""The native format `treecore/1`: where it is registered and how it is recognised."""

from __future__ import annotations

import re

from treecore.errors import FormatError
from treecore.forest import Forest
from treecore.formats.native_fields import VERSION
from treecore.formats.native_read import forest_from
from treecore.formats.native_typed import TypedForests
from treecore.formats.native_write import write_native
from treecore.formats.registry import Reading, file_format
from treecore.formats.source import Document, Source

OURS = re.compile(rb'\s*\{\s*"format"\s*:\s*"treecore/')
"""How files begin that this program writes."""


def looks_native(source: Source) -> bool:
    """A `format` field of ours, or a list of forests whose first has one."""
    if source.starts_with(OURS):
        return True
    first = source.first
    if not isinstance(first, dict):
        return False
    inner = first.get("forests")
    candidates = [first, inner[0] if isinstance(inner, list) and inner else None]
    return any(
        isinstance(found := candidate.get("format"), str) and found.startswith("treecore/")
        for candidate in candidates
        if isinstance(candidate, dict)
    )


@file_format(
    name="treecore",
    title="treecore native",
    extensions=(".forest.jsonl", ".forest.json", ".jsonl", ".json"),
    detect=looks_native,
    write=write_native,
)
def read_native(source: Source) -> Reading:
    """All forests of all documents of a file."""
    forests: list[Forest] = []
    warnings: list[str] = []
    for document in source.documents(TypedForests()):
        value = document.value
        if isinstance(value, Forest):
            forests.append(value)
        elif isinstance(value, dict) and "forests" in value and "nodes" not in value:
            forests.extend(forests_of(document))
            lost = sorted(value.keys() - {"format", "forests"})
            warnings.extend(f'{document.where}: field {name!r} beside "forests" is not kept' for name in lost)
        else:
            forests.append(forest_from(value, document.where, "$"))
    return Reading(forests, tuple(warnings))


def forests_of(document: Document) -> list[Forest]:
    """The forests of `{"forests": [...]}`; a `format` beside the list holds for those that have none."""
    listed, outer = document.value["forests"], document.value.get("format")
    if not isinstance(listed, list) or not listed:
        raise FormatError(
            '"forests" is not a list of forests', where=f"{document.where}, $.forests", todo="list at least one"
        )
    forests = []
    for number, value in enumerate(listed):
        if outer is not None and isinstance(value, dict) and "format" not in value:
            value = {"format": outer, **value}
        forests.append(forest_from(value, document.where, f"$.forests[{number}]"))
    return forests


__all__ = ["VERSION", "forests_of", "looks_native", "read_native"]
