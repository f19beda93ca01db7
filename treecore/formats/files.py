"""`read` and `write`: any path or bytes to forests and back, by whatever registered format fits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from treecore.core.collector import collector_paused
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.folder import folder_around, folder_of, folder_on_disk
from treecore.formats.gather import Gathered, Tell, gather_file, gather_folder
from treecore.formats.read_report import ReadReport, unknown_fields
from treecore.formats.registry import Format, writer_for
from treecore.formats.source import HANDED, open_source, read_path
from treecore.formats.tables import table_format
from treecore.formats.target import check_free, write_whole

Given = str | os.PathLike[str] | bytes | Mapping[str, bytes]
"""A path of a file or a folder, the content of a file, or the contents of several by their names."""


def read(given: Given, *, name: str = "", columns: Mapping[str, str] | None = None) -> list[Forest]:
    """The forests of a file or a folder in any readable format, recognised by content.

    Rollouts that stand one by one in a file are trees of one step a turn; `treecore.merge` folds those of a prompt
    into one tree.

    Args:
        given: a path, the content of a file, or contents by name.
        name: what errors call it; the path by default.
        columns: of a table in no known format, what its columns are: `prompt`, `answer`, `reward`, `group` and other
            roles of `mapping.USUAL` -> name of the column.

    Raises:
        FormatError: it cannot be read, or breaks the rules of its format.
        ForestError: its nodes do not make a forest.
    """
    return read_with_report(given, name=name, columns=columns).forests


def read_with_report(
    given: Given, *, name: str = "", columns: Mapping[str, str] | None = None, on_progress: Tell | None = None
) -> ReadReport:
    """`read`, with an account of what was found. Same arguments and errors, and one more.

    Args:
        on_progress: hears how many bytes (of a folder, files) of how many are read; what it raises ends the reading.
    """
    with collector_paused():
        found = gathered(given, name, table_format(columns) if columns else None, on_progress)
        forests = found.finish(found.account())
    first = next(iter(found.formats))
    return ReadReport(
        name=found.name,
        format=first.name,
        title=", ".join(entry.title for entry in found.formats),
        forests=forests,
        extra=unknown_fields(forests),
        warnings=tuple(found.warnings),
        notes=found.notes,
        memory=found.memory,
    )


def gathered(given: Given, name: str, asked: Format | None, tell: Tell | None) -> Gathered:
    """All that is given, each file read by its format, or by the one that is asked for."""
    if isinstance(given, Mapping):
        return gather_folder(folder_of(given, name or "the files"), asked, tell)
    if isinstance(given, bytes):
        return gather_file(open_source(given, name=name, tell=tell), asked)
    path = Path(given)
    if path.is_dir():
        return gather_folder(folder_on_disk(path, read_path, name=name), asked, tell)
    if HANDED.fullmatch(str(path)) or not path.is_file():
        return gather_file(open_source(given, name=name, tell=tell), asked)
    folder, place = folder_around(path, read_path)
    return gather_file(open_source(given, name=name, tell=tell, folder=folder, place=place), asked)


def write(forests: Forest | Sequence[Forest], path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write forests in the format that the name's ending asks for, compressed when it ends in `.gz`.

    The file appears whole or not at all.

    Args:
        forests: one or several.
        path: where.
        overwrite: put them in place of a file that holds anything.

    Raises:
        FormatError: no writable format ends like this, nothing to write, the place cannot be written, another process
            is writing a run there, or there is a file that is not to be overwritten.
    """
    batch = [forests] if isinstance(forests, Forest) else list(forests)
    target = os.fspath(path)
    if not batch:
        raise FormatError("no forests to write", where=target, todo="give at least one")
    writer = writer_for(target).write
    assert writer is not None
    write_whole(target, writer(batch, target), overwrite=overwrite)


def check_output(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """`write` can write there, as far as is known without writing. Errors as there."""
    writer_for(os.fspath(path))
    check_free(path, overwrite=overwrite)
