"""Files that were given together, each read by the format that claims it; rollouts of one prompt in one forest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import orjson

from treecore.core.collector import collector_paused
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.errors import ForestError, FormatError, boundary
from treecore.formats.answers import Answers
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.folder import MAX_FILES, Folder
from treecore.formats.grouping import forests_of
from treecore.formats.json_nan import nan_as_null
from treecore.formats.limits import Account, check_size
from treecore.formats.nested_rows import columns_as_rows, note_rows_within, rows_within
from treecore.formats.notes import Notes
from treecore.formats.paths import path_of
from treecore.formats.pickles import check_no_pickle
from treecore.formats.registry import Format, claims, recognise
from treecore.formats.rollout import Rollout
from treecore.formats.source import Source, open_source
from treecore.formats.tables import BY_NAME, certain

Tell = Callable[[int, int], None]
"""Hears how much of how much is read."""
TOO_DEEP = "Recursion limit"
"""What orjson says of values that are nested too deep; its error is a plain TypeError."""
NAMED = 3
"""Files in no known format that are named one by one."""


@dataclass
class Gathered:
    """What was read so far.

    Attributes:
        name: of what was given.
        forests: of readers that give whole ones; rollouts: of the others, by format; costs: what each of these takes.
        formats: title of each format found -> number of files.
        memory: bytes that the forests take; size: bytes of all files that were read, unpacked.
        files: number of files that were opened; content: their bytes.
        places: where the rollouts of each forest stand, those of the first forests; once `finish` was asked for it.
    """

    name: str
    forests: list[Forest] = field(default_factory=list)
    rollouts: dict[str, list[Rollout | Answers]] = field(default_factory=dict)
    costs: Counter[str] = field(default_factory=Counter)
    formats: Counter[Format] = field(default_factory=Counter)
    notes: Notes = field(default_factory=Notes)
    warnings: list[str] = field(default_factory=list)
    memory: int = 0
    size: int = 0
    files: int = 0
    content: int = 0
    places: list[list[str]] = field(default_factory=list)

    def count(self, data: bytes) -> None:
        """Count the content of one more file.

        Raises:
            FormatError: there are more files, or they hold more bytes, than may be.
        """
        self.files += 1
        self.content += len(data)
        if self.files > MAX_FILES:
            raise FormatError(f"more than {MAX_FILES:,} files", where=self.name, todo="give fewer")
        check_size(self.content, self.name)

    def account(self) -> Account:
        """What the forests of all files may take, by the bytes that were read."""
        return Account(self.name, self.size, stored=self.size)

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
        if found.is_bundled:
            self._read_by(source, found)
            return
        try:
            with boundary(FormatError, f"format {found.name!r}"):
                self._read_by(source, found)
        except FormatError as error:
            raise error if error.where else error.at(source.name) from error.__cause__

    def _read_by(self, source: Source, found: Format) -> None:
        if found.read is not None:
            reading = found.read(source)
            self.forests += reading.forests
            self.warnings += reading.warnings
        if found.rollouts is not None:
            notes = Notes()
            try:
                rollouts, cost = afforded(found.rollouts(source, notes), source.account)
            except (RecursionError, orjson.JSONEncodeError) as error:
                if isinstance(error, TypeError) and TOO_DEEP not in str(error):
                    raise
                raise FormatError("its values are nested too deep", where=source.name, todo="flatten them") from None
            self.rollouts.setdefault(found.name, []).extend(rollouts)
            self.costs[found.name] += cost
            note_rows_within(source, notes)
            self.notes.add(notes)

    def finish(self, account: Account, *, placed: bool = False) -> list[Forest]:
        """All forests.

        Args:
            placed: fill `places`, where no reader gave whole forests.

        Raises:
            FormatError: there are none.
        """
        with collector_paused():
            for name in list(self.rollouts):
                rollouts, cost = self.rollouts.pop(name), self.costs.pop(name)
                places = self.places if placed and len(self.places) == len(self.forests) else None
                self.forests += forests_of(rollouts, source=self.name, account=account, cost=cost, places=places)
        self.memory += account.spent
        if not self.forests:
            raise FormatError("the file holds no forest", where=self.name, todo="give a file with at least one")
        return self.forests


def afforded(rollouts: Iterable[Rollout | Answers], account: Account) -> tuple[list[Rollout | Answers], int]:
    """All of them, as long as they may be held, and what `forests_of` is told of their cost.

    Raises:
        FormatError: they take more than the file may.
    """
    held: list[Rollout | Answers] = []
    rows = cost = 0
    for found in rollouts:
        if isinstance(found, Rollout):
            rows, cost = rows + len(found.turns), cost + found.cost()
            account.afford_rows(rows, found.where, beside=cost)
        held.append(found)
    return held, cost


def gather_file(source: Source, asked: Format | None = None) -> Gathered:
    """All that one file holds; an archive that is in no format itself is a folder.

    Args:
        asked: the format to read it by; found by content if left out.

    Raises:
        FormatError, ForestError: see `treecore.formats.read`.
    """
    check_no_pickle(source)
    if source.data.startswith(ZIP_MAGIC) and claims(source) is None:
        return gather_folder(members_of(source), asked)
    found = Gathered(source.name)
    source, claimed = claimed_content(source, asked)
    found.take(source, claimed or recognise(source))
    return found


def members_of(source: Source) -> Folder:
    """What an archive holds, under the whole path of the archive where it lies in a folder."""
    within = source.name if source.folder is not None and source.folder.names else ""
    return replace(source.members, path=path_of(source), within=within)


def claimed_content(source: Source, asked: Format | None) -> tuple[Source, Format | None]:
    """The content and the format to read it by, None where none claims it; with NaN as null only where that makes it a
    file of another tool, since all of it is searched for them; of an object around rows only these.
    """
    claimed = asked or certain(source)
    if claimed is not None:
        return columns_as_rows(source) if claimed.name == BY_NAME else source, claimed
    cleaned = nan_as_null(source)
    found = None if cleaned is source else claims(cleaned)
    if found is None and (inner := rows_within(cleaned)) is not cleaned:
        cleaned, found = inner, certain(inner)
    return (source, None) if found is None or found.write is not None else (cleaned, found)


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
    for number, name in enumerate(folder.names):
        unread += gather_member(found, folder, name, asked)
        if tell is not None:
            tell(number + 1, len(folder.names))
    if not found.formats:
        raise _nothing(folder, unread, warnings=found.warnings)
    if unread := [name for name in unread if name not in folder.asked]:
        named = ", ".join(unread[:NAMED]) + (" and others" if len(unread) > NAMED else "")
        found.notes.drop(f"files in no known format ({named})", len(unread))
    return found


def gather_member(
    found: Gathered, folder: Folder, name: str, asked: Format | None, *, archives: bool = True
) -> list[str]:
    """Read one file of a folder; what is wrong with it is a warning.

    Args:
        archives: also what an archive in the folder holds; of archives inside that one, nothing is read.

    Returns:
        Names of files in no known format.
    """
    try:
        data = folder.fetch(name)
        found.count(data)
        if not data:
            return []
        opened = open_source(data, name=folder.called(name), folder=folder, place=name)
        source, claimed = claimed_content(opened, asked)
        check_no_pickle(source)
        if archives and data.startswith(ZIP_MAGIC) and claims(source) is None:
            inner = members_of(source)
            unread = [
                one for member in inner.names for one in gather_member(found, inner, member, asked, archives=False)
            ]
            return [inner.called(one) for one in unread if one not in inner.asked]
        if claimed is None:
            return [name]
        found.take(source, claimed)
    except (FormatError, ForestError) as error:
        found.warnings.append(str(error))
    return []


def _nothing(folder: Folder, unread: list[str], *, warnings: list[str]) -> FormatError:
    if warnings:
        return FormatError(f"no file of it can be read; the first: {warnings[0]}", where=folder.name)
    if not unread:
        return FormatError("there is no file in it", where=folder.name, todo="name the folder that holds the rollouts")
    return FormatError(
        f"none of its {counted(len(unread), 'file')} is in a known format, for example {unread[0]}",
        where=folder.name,
        todo="give files in a format that is read, or tables and what their columns are",
        command="treecore formats lists the formats, --map ROLE=COLUMN names a column",
    )
