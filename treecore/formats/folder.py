"""Several files that were given together: a folder on disk, what was uploaded, a zip archive. Knows no format."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treecore.errors import FormatError

MAX_FILES = 20_000
MAX_LEVELS = 12


@dataclass(frozen=True)
class Folder:
    """Files by their path below the folder, with slashes.

    Attributes:
        name: for messages.
        names: of its files, `step_2` before `step_10`; empty where only files of known names are asked for.
        fetch: path below the folder -> content.
        path: where it lies, as far as that is known, if its name does not say so.
        within: of an archive that lies in a folder, its path there; "" otherwise.
        asked: paths of files that a reader took together with another one.
        found: what a reader made of several of its files, so that it is made once.
    """

    name: str
    names: tuple[str, ...]
    fetch: Callable[[str], bytes] = field(repr=False)
    path: str = ""
    within: str = ""
    asked: set[str] = field(default_factory=set, repr=False, compare=False)
    found: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def called(self, name: str) -> str:
        """What messages call a file of it."""
        return f"{self.within}, {name}" if self.within else name

    def beside(self, name: str, *, relative: str) -> str:
        """The path of a file that is named relative to another; "" where it lies outside the folder."""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
        return "" if path.startswith(("..", "/")) else path


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key to sort names by in which numbers count as numbers."""
    return [(0, int(part)) if part.isdigit() and len(part) < 19 else (1, part) for part in re.split(r"(\d+)", name)]


def folder_on_disk(path: Path, read: Callable[[str, str], bytes], *, name: str = "") -> Folder:
    """All files below a folder; hidden ones and symbolic links left out.

    Args:
        read: path, name for messages -> content.
        name: of the folder, for messages; its path by default.

    Raises:
        FormatError: there are none, or too many, or they lie too deep.
    """
    names: list[str] = []
    for where, folders, files in os.walk(path):
        level = len(Path(where).relative_to(path).parts)
        if level > MAX_LEVELS:
            raise FormatError(f"folders {MAX_LEVELS:,} deep", where=where, todo="name a folder further down")
        folders[:] = sorted(one for one in folders if not one.startswith(".") and not os.path.islink(f"{where}/{one}"))
        for one in files:
            place = os.path.join(where, one)
            if not one.startswith(".") and not os.path.islink(place):
                names.append(Path(place).relative_to(path).as_posix())
        if len(names) > MAX_FILES:
            raise FormatError(f"more than {MAX_FILES:,} files", where=str(path), todo="name a folder further down")
    return Folder(name or str(path), tuple(sorted(names, key=natural)), lambda name: read(str(path / name), name))


def folder_around(path: Path, read: Callable[[str, str], bytes]) -> tuple[Folder, str]:
    """The surroundings of one file, two levels up, and its path there: for readers that need a file beside it."""
    root = path.absolute().parent.parent

    def fetch(name: str) -> bytes:
        place = root / name
        if os.path.realpath(place) != str(Path(os.path.realpath(root)) / name):
            raise FormatError("a symbolic link", where=name)
        return read(str(place), name)

    return Folder(str(root), (), fetch), path.absolute().relative_to(root).as_posix()


def folder_of(files: Mapping[str, bytes], name: str) -> Folder:
    """Files that are in memory."""
    if len(files) > MAX_FILES:
        raise FormatError(f"more than {MAX_FILES:,} files", where=name, todo="give fewer")
    return Folder(name, tuple(sorted(files, key=natural)), lambda one: files[one])
