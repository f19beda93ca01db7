"""What content is that no format claims, in words: what was found, what to do. Used only once nothing else fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from treecore.errors import FormatError
from treecore.formats.native_fields import VERSION
from treecore.formats.native_values import shown

EXAMPLE = f'give a forest, {{"format": "{VERSION}", "nodes": [...]}}'
MAGIC = {
    b"\x1f\x8b": ("gzip", "unpack it with gunzip first"),
    b"BZh": ("bzip2", "unpack it with bunzip2 first"),
    b"\xfd7zXZ\x00": ("xz", "unpack it with unxz first"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it, and give a file in it"),
    b"SQLite format 3": ("an SQLite database", "write its rows as JSON first"),
    b"\x93NUMPY": ("a numpy array", "give a forest file"),
    b"\x89PNG": ("a picture", "give a forest file"),
    b"\xff\xd8\xff": ("a picture", "give a forest file"),
    b"%PDF-": ("a PDF", "give a forest file"),
}
"""How files begin that are often taken for others, what they are, and what to do."""


class Told(NamedTuple):
    """What was found, where below the file, and what to do about it."""

    found: str
    path: str
    todo: str


def known_binary(data: bytes) -> Told | None:
    """What other kind of file begins like this, None for none that is known."""
    for begin, (kind, todo) in MAGIC.items():
        if data.startswith(begin):
            return Told(f"this is {kind}, not JSON", "", todo)
    return None


def no_forest(first: Any, name: str) -> FormatError:
    """The error for a file whose first JSON value is in no format.

    Args:
        first: the value.
        name: of the file.
    """
    found, path, todo = of_object(first) if isinstance(first, dict) else of_other(first)
    return FormatError(found, where=f"{name}, {path}" if path else name, todo=todo)


def of_object(first: Mapping[str, Any]) -> Told:
    """What an object is, if no forest."""
    if not first:
        return Told("an empty object is no forest", "", EXAMPLE)
    if "format" in first:
        return Told(f"the format is {shown(first['format'])}", "$.format", f"this program reads {VERSION}")
    if "forests" in first:
        return of_list(first["forests"])
    if "nodes" in first:
        return Told("no format field", "$", f'add "format": "{VERSION}"')
    if "prompt" in first and "answer" in first:
        todo = "grow forests from them with `treecore rollout --task FILE`"
        return Told("these are questions, not forests", "", todo)
    return Told(f"no forest: an object with the fields {sorted(first)[:8]}", "", EXAMPLE)


def of_list(forests: Any) -> Told:
    """What stands under "forests", if no forests."""
    if not isinstance(forests, list):
        return Told(f"{shown(forests)} is not a list of forests", "$.forests", "list at least one")
    if not forests:
        return Told("the list of forests is empty", "$.forests", "list at least one")
    if isinstance(forests[0], dict) and forests[0].get("format") is None:
        return Told("no format field", "$.forests[0]", f'add "format": "{VERSION}"')
    return Told(f"{shown(forests[0])} is not a forest", "$.forests[0]", EXAMPLE)


def of_other(first: Any) -> Told:
    """What a value that is no object is."""
    if isinstance(first, list) and first and isinstance(first[0], dict) and "nodes" in first[0]:
        return Told("a bare list of forests", "", 'put one on each line, or the list under "forests" in an object')
    kind = "an empty list" if first == [] else f"the list {shown(first)}" if isinstance(first, list) else shown(first)
    return Told(f"the file holds {kind}, no forest", "", EXAMPLE)
