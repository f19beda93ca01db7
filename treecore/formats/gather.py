"""Files that were given together, each read by the format that claims it; rollouts of one prompt in one forest."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from treecore.core.forest import Forest
from treecore.errors import ForestError, FormatError
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.folder import Folder
from treecore.formats.grouping import forests_of
from treecore.formats.json_nan import nan_as_null
from treecore.formats.limits import Account, check_size
from treecore.formats.notes import Notes
from treecore.formats.registry import Format, claims, recognise
from treecore.formats.rollout import Rollout
from treecore.formats.source import Source, open_source

Tell = Callable[[int, int], None]
"""Hears how much of how much is read."""
NAMED = 3
"""Files in no known format that are named one by one."""


@dataclass
class Gathered:
    """What was read so far.

    Attributes:
        name: of what was given.
        forests: of readers that give whole ones; rollouts: of the others, by format.
        formats: title of each format found -> number of files.
        memory: bytes that the forests take; size: bytes of all files that were read, unpacked.
    """

    name: str
    forests: list[Forest] = field(default_factory=list)
    rollouts: dict[str, list[Rollout]] = field(default_factory=dict)
    formats: Counter[Format] = field(default_factory=Counter)
    notes: Notes = field(default_factory=Notes)
    warnings: list[str] = field(default_factory=list)
    memory: int = 0
    size: int = 0

    def take(self, source: Source, found: Format) -> None:
        """Read one file.

        Raises:
            FormatError, ForestError: see `treecore.formats.read`.
        """
        with collector_paused():
            try:
                self._read(source, found)
            except FormatError:
                cleaned = source if found.write is not None else nan_as_null(source)
                if cleaned is source:
                    raise
                self._read(cleaned, found)
        self.formats[found] += 1
        self.memory += source.account.spent
        self.size += source.account.unpacked

    def _read(self, source: Source, found: Format) -> None:
        if found.read is not None:
            reading = found.read(source)
            self.forests += reading.forests
            self.warnings += reading.warnings
        if found.rollouts is not None:
            notes = Notes()
            try:
                rollouts = list(found.rollouts(source, notes))
            except (RecursionError, orjson.JSONEncodeError):
                raise FormatError("its values are nested too deep", where=source.name, todo="flatten them") from None
            self.rollouts.setdefault(found.name, []).extend(rollouts)
            self.notes.add(notes)

    def finish(self, account: Account) -> list[Forest]:
        """All forests.

        Raises:
            FormatError: there are none.
        """
        with collector_paused():
            for rollouts in self.rollouts.values():
                self.forests += forests_of(rollouts, source=self.name, account=account)
        self.memory += account.spent
        if not self.forests:
            raise FormatError("the file holds no forest", where=self.name, todo="give a file with at least one")
        return self.forests


def gather_file(source: Source, asked: Format | None = None) -> Gathered:
    """All that one file holds; an archive that is in no format itself is a folder.

    Args:
        asked: the format to read it by; found by content if left out.

    Raises:
        FormatError, ForestError: see `treecore.formats.read`.
    """
    if source.data.startswith(ZIP_MAGIC) and claims(source) is None:
        return gather_folder(source.members, asked)
    found = Gathered(source.name)
    source = readable(source, asked)
    found.take(source, asked or recognise(source))
    return found


def readable(source: Source, asked: Format | None) -> Source:
    """Itself where a format claims it; else with NaN as null, where that makes it a file of another tool."""
    if asked is not None or claims(source) is not None or (cleaned := nan_as_null(source)) is source:
        return source
    found = claims(cleaned)
    return source if found is None or found.write is not None else cleaned


def gather_folder(folder: Folder, asked: Format | None = None, tell: Tell | None = None) -> Gathered:
    """All that the files of a folder hold; what is in no known format is noted, what is damaged is a warning.

    Args:
        asked: as of `gather_file`.
        tell: hears how many files of how many are read.

    Raises:
        FormatError: there is nothing that can be read.
    """
    found = Gathered(folder.name)
    unread: list[str] = []
    total = 0
    for number, name in enumerate(folder.names):
        try:
            data = folder.fetch(name)
            total += len(data)
            check_size(total, folder.name)
            if not data:
                continue
            source = readable(open_source(data, name=name, folder=folder, place=name), asked)
            if (claimed := asked or claims(source)) is None:
                unread.append(name)
            else:
                found.take(source, claimed)
        except (FormatError, ForestError) as error:
            found.warnings.append(str(error))
        if tell is not None:
            tell(number + 1, len(folder.names))
    if not found.formats:
        raise _nothing(folder, unread, found.warnings)
    if unread := [name for name in unread if name not in folder.asked]:
        named = ", ".join(unread[:NAMED]) + (" and others" if len(unread) > NAMED else "")
        found.notes.drop(f"files in no known format ({named})", len(unread))
    return found


def _nothing(folder: Folder, unread: list[str], warnings: list[str]) -> FormatError:
    if warnings:
        return FormatError(f"no file of it can be read; the first: {warnings[0]}", where=folder.name)
    if not unread:
        return FormatError("there is no file in it", where=folder.name, todo="name the folder that holds the rollouts")
    return FormatError(
        f"none of its {len(unread):,} files is in a known format, for example {unread[0]}",
        where=folder.name,
        todo="see `treecore formats`, or read a table by naming its columns with --map",
    )


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: parsing makes millions of objects, none of them garbage in a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
