"""One forest of a library, read again from the file that holds it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.files import read
from treecore.formats.folder import folder_on_disk
from treecore.formats.gather import gather_folder
from treecore.formats.limits import Account
from treecore.formats.source import read_path
from treecore.library.index import Index
from treecore.library.scan import TOGETHER


def open_forest(folder: str | os.PathLike[str], index: Index, file: str, number: int) -> Forest:
    """A forest by its file and its place there; of our own files only its line is read.

    Raises:
        FormatError: it is not in the index, or the file has changed since.
    """
    _, rows = index.query('SELECT start, "length", id FROM forests WHERE file = ? AND number = ?', (file, number))
    changed = FormatError("the file has changed since it was indexed", where=file, todo="update the library")
    if not rows:
        raise FormatError(f"no forest {number} of this file is in the library", where=file, todo="update the library")
    start, length, name = rows[0]
    root = Path(folder)
    if file.startswith(TOGETHER):
        forests = _together(root, index, file.removeprefix(TOGETHER))
    elif start is not None:
        try:
            with open(root / file, "rb") as opened:
                opened.seek(start)
                line = opened.read(length)
        except OSError as error:  # its words tell where the folder is
            raise changed from error
        forests = read(line, name=file)
        number = 0
    else:
        forests = read(root / file, name=file)
    if number >= len(forests) or forests[number].id != name:
        raise changed
    return forests[number]


def _together(root: Path, index: Index, kind: str) -> list[Forest]:
    """All forests of a format in which a file holds one rollout."""
    names = tuple(name for name, known in index.files().items() if known.format == kind)
    gathered = gather_folder(replace(folder_on_disk(root, read_path), names=names))
    return gathered.finish(Account(gathered.name, gathered.memory, stored=gathered.memory))
