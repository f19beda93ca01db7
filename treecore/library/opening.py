"""Forests of a library, read again from the files that hold them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.files import read_with_report
from treecore.formats.folder import folder_on_disk
from treecore.formats.gather import Tell, gather_folder
from treecore.formats.source import read_path
from treecore.library.index import Index
from treecore.library.pieces import forest_of
from treecore.library.scan import TOGETHER

Place = tuple[str, int]
"""A file of the folder, and which forest of it."""
PARTS = 1000
"""Into which a piece of the work is divided for whoever hears how far it is."""


def stamp(index: Index, file: str) -> str:
    """What is another once a file of the index was read anew."""
    kind = file.removeprefix(TOGETHER) if file.startswith(TOGETHER) else None
    asked = "SELECT count(*), bit_xor(hash(file, size, changed)) FROM files WHERE file = ? OR format = ?"
    return repr(index.query(asked, (file, kind)).rows)


def open_forest(folder: str | os.PathLike[str], index: Index, file: str, number: int) -> Forest:
    """A forest by its file and its place there. Errors as in `open_forests`."""
    return open_forests(folder, index, [(file, number)])[0]


def open_forests(
    folder: str | os.PathLike[str], index: Index, places: Sequence[Place], on_progress: Tell = lambda done, total: None
) -> list[Forest]:
    """Forests by their files and places there; each file is read once, and of our own files, and large ones of JSON
    lines, only their lines.

    Args:
        on_progress: hears how much of how much is read; what it raises ends the reading.

    Raises:
        FormatError: one is not in the index, or its file has changed since.
    """
    numbers: dict[str, list[int]] = {}
    for file, number in places:
        numbers.setdefault(file, []).append(number)

    found: dict[Place, Forest] = {}
    for place, (file, some) in enumerate(numbers.items()):
        tell = _part(on_progress, place, of=len(numbers))
        tell(0, 1)
        found |= {(file, number): forest for number, forest in _of_file(Path(folder), index, file, some, tell)}
    return [found[place] for place in places]


def _part(tell: Tell, place: int, *, of: int) -> Tell:
    """Hears how far one of several equal parts of the work is, and tells how far all of it is."""

    def hear(done: int, total: int) -> None:
        tell(PARTS * place + PARTS * done // max(total, 1), PARTS * of)

    return hear


def _of_file(root: Path, index: Index, file: str, numbers: Sequence[int], tell: Tell) -> Iterator[tuple[int, Forest]]:
    asked = (
        'SELECT number, start, "length", pieces, mark, id FROM forests WHERE file = ? AND number IN (SELECT unnest(?))'
    )
    rows = {row[0]: row[1:] for row in index.query(asked, (file, list(numbers)), most=len(numbers)).rows}
    changed = FormatError("the file has changed since it was indexed", where=file, todo="update the library")
    whole: list[Forest] | None = None
    for place, number in enumerate(numbers):
        if number not in rows:
            found = f"no forest {number} of this file is in the library"
            raise FormatError(found, where=file, todo="update the library")
        start, length, pieces, mark, name = rows[number]
        if start is not None and not file.startswith(TOGETHER):
            forest = _of_line(
                root / file, changed, file=file, start=start, length=length, tell=_part(tell, place, of=len(numbers))
            )
        else:
            forest = _of_pieces(root, file, pieces, mark, name=name) if pieces and whole is None else None
            if forest is None:
                whole = _whole(root, index, file, tell) if whole is None else whole
                forest = whole[number] if number < len(whole) else None
        if forest is None or forest.id != name:
            raise changed
        yield number, forest


def _of_line(path: Path, changed: FormatError, *, file: str, start: int, length: int, tell: Tell) -> Forest | None:
    try:
        with open(path, "rb") as opened:
            opened.seek(start)
            line = opened.read(length)
    except OSError as error:  # its words tell where the folder is
        raise changed from error
    return next(iter(read_with_report(line, name=file, on_progress=tell).forests), None)


def _of_pieces(root: Path, file: str, pieces: Sequence[int], mark: str, *, name: str) -> Forest | None:
    """A forest from its lines alone; None where its file has changed, or all of it says how to read them."""
    given = list(zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True))
    with suppress(OSError):
        if (forest := forest_of(root, file, given, mark)) is not None:
            return replace(forest, id=name)
    return None


def _whole(root: Path, index: Index, file: str, tell: Tell) -> list[Forest]:
    if file.startswith(TOGETHER):
        return _together(root, index, file.removeprefix(TOGETHER), tell)
    return read_with_report(root / file, name=file, on_progress=tell).forests


def _together(root: Path, index: Index, kind: str, tell: Tell) -> list[Forest]:
    """All forests of a format in which a file holds one rollout."""
    names = tuple(name for name, known in index.files().items() if known.format == kind)
    gathered = gather_folder(replace(folder_on_disk(root, read_path), names=names), tell=tell)
    return gathered.finish(gathered.account())
