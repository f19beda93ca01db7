"""The one list of file formats. A format is a reader, registered by `file_format`, and perhaps a writer.

Knows nothing about what is inside any file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.source import Source
from treecore.formats.unlike import known_binary, no_forest
from treecore.registry.registry import Registry


class Reading(NamedTuple):
    """What a reader gives: the forests, and what it could not take over, one clause each."""

    forests: list[Forest]
    warnings: tuple[str, ...] = ()


Detector = Callable[[Source], bool]
Reader = Callable[[Source], Reading]
Writer = Callable[[Sequence[Forest], str], Iterable[bytes]]


@dataclass(frozen=True)
class Format:
    """A registered format.

    Attributes:
        name, title: for lists and reports.
        extensions: how names end, without `.gz`; used for choosing a writer, never for reading.
        detect: whether content is in this format; must be quick and never raise.
        read: content to forests.
        write: forests, and the name that they will have, to the content of the file before any compression; None when
            the format is only read.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    detect: Detector
    read: Reader
    write: Writer | None = None

    def as_json(self) -> dict[str, Any]:
        """JSON-ready description."""
        return {
            "name": self.name,
            "title": self.title,
            "extensions": list(self.extensions),
            "reads": True,
            "writes": self.write is not None,
        }


FORMATS = Registry[Format]("file format", group="treecore.formats", error=FormatError)


def file_format(
    *, name: str, title: str, extensions: tuple[str, ...], detect: Detector, write: Writer | None = None
) -> Callable[[Reader], Reader]:
    """Register the decorated reader. Formats are tried in the order of registration.

    Raises:
        FormatError: the name is taken.
    """

    def register(reader: Reader) -> Reader:
        FORMATS.add(Format(name, title, extensions, detect, reader, write))
        return reader

    return register


def recognise(source: Source) -> Format:
    """The first format that claims the content.

    Raises:
        FormatError: no format does; says what the content is.
    """
    for candidate in FORMATS.values():
        if candidate.detect(source):
            return candidate
    if (other := known_binary(source.data)) is not None:
        raise FormatError(other.found, where=source.name, todo=other.todo)
    raise no_forest(source.first(), source.name)


def writer_for(path: str) -> Format:
    """The writable format whose extension ends `path` (a final `.gz` aside); the longest extension wins.

    Raises:
        FormatError: none does.
    """
    lowered = path.lower().removesuffix(".gz")
    writable = [entry for entry in FORMATS.values() if entry.write is not None]
    fits = [(len(end), entry) for entry in writable for end in entry.extensions if lowered.endswith(end)]
    if not fits:
        known = ", ".join(end for entry in writable for end in entry.extensions)
        raise FormatError("no writable format ends like this name", where=path, todo=f"end it in one of {known}")
    return max(fits, key=lambda fit: fit[0])[1]
