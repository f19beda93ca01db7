"""The one list of file formats. A format is a reader, registered by `file_format`, and perhaps a writer.

Knows nothing about what is inside any file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.notes import Notes
from treecore.formats.rollout import Rollout
from treecore.formats.source import Source
from treecore.formats.unlike import known_binary, no_forest
from treecore.registry.plugins import is_bundled
from treecore.registry.registry import Registry


class Reading(NamedTuple):
    """What a reader gives: forests, and what it could not take over, one clause each."""

    forests: list[Forest]
    warnings: tuple[str, ...] = ()


Detector = Callable[[Source], bool]
Reader = Callable[[Source], Reading]
RolloutReader = Callable[[Source, Notes], Iterable[Rollout | Answers]]
Writer = Callable[[Sequence[Forest], str], Iterable[bytes]]


@dataclass(frozen=True)
class Format:
    """A registered format.

    Attributes:
        name, title: for lists and reports.
        extensions: how names end, without `.gz`; used for choosing a writer, never for reading.
        detect: whether content is in this format; must be quick and never raise.
        read: content to forests; None where `rollouts` is given.
        rollouts: content to rollouts one after the other, or many at once in columns; those of one prompt become one
            forest, also where they stand in several files.
        write: forests, and the name that they will have, to the content of the file before any compression; None when
            the format is only read.
        written_by: the tools that write such files, and how one gets one.
        lost: what a file holds that forests do not keep; "" for nothing.
        one_each: whether a file holds one rollout, so that those of a prompt stand in several files.
        fields: names by which its rows or objects are known; used to say which format an unknown file is nearest to.
        example: what a small file holds, for the documentation; tests read it as they read recorded files.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    detect: Detector
    read: Reader | None = None
    rollouts: RolloutReader | None = None
    write: Writer | None = None
    written_by: str = ""
    lost: str = ""
    one_each: bool = False
    fields: frozenset[str] = frozenset()
    example: str = ""

    @property
    def is_bundled(self) -> bool:
        """Whether it is part of this package."""
        return is_bundled(self.read or self.rollouts or self.detect)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready description."""
        return {
            "name": self.name,
            "title": self.title,
            "extensions": list(self.extensions),
            "reads": True,
            "writes": self.write is not None,
            "written_by": self.written_by,
            "lost": self.lost,
        }


FORMATS = Registry[Format]("file format", group="treecore.formats", error=FormatError)


def file_format(
    *,
    name: str,
    title: str,
    extensions: tuple[str, ...],
    detect: Detector,
    write: Writer | None = None,
    written_by: str = "",
    example: str = "",
) -> Callable[[Reader], Reader]:
    """Register the decorated reader. Formats are tried in the order of registration. Arguments as of `Format`.

    Raises:
        FormatError: the name is taken.
    """

    def register(reader: Reader) -> Reader:
        entry = Format(name, title, extensions, detect, read=reader, write=write)
        FORMATS.add(replace(entry, written_by=written_by, example=example))
        return reader

    return register


def rollout_format(
    *,
    name: str,
    title: str,
    extensions: tuple[str, ...],
    detect: Detector,
    written_by: str,
    lost: str = "",
    one_each: bool = False,
    fields: frozenset[str] = frozenset(),
    example: str = "",
) -> Callable[[RolloutReader], RolloutReader]:
    """Register the decorated reader, which gives rollouts one by one. Arguments as of `Format`.

    Raises:
        FormatError: the name is taken.
    """

    def register(reader: RolloutReader) -> RolloutReader:
        entry = Format(name, title, extensions, detect, rollouts=reader, written_by=written_by)
        FORMATS.add(replace(entry, lost=lost, one_each=one_each, fields=fields, example=example))
        return reader

    return register


def claims(source: Source) -> Format | None:
    """The first format that claims the content, None where none does."""
    return next((candidate for candidate in FORMATS.values() if candidate.detect(source)), None)


def recognise(source: Source) -> Format:
    """The first format that claims the content.

    Raises:
        FormatError: no format does; says what the content is.
    """
    if (found := claims(source)) is not None:
        return found
    if (other := known_binary(source.data)) is not None:
        raise FormatError(other.found, where=source.name, todo=other.todo)
    raise no_forest(source, {entry.title: entry.fields for entry in FORMATS.values()})


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
