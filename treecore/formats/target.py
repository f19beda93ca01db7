"""Files that appear whole or not at all: written beside their place, then moved there. Knows nothing of content."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from treecore.errors import FormatError
from treecore.formats.disk import BINARY, check_place, disk_errors, give_name, lock, sync_folder, write_new


def check_free(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """A file may be written there, as far as is known before it is.

    Raises:
        FormatError: there is a file that holds anything and is not to be overwritten, another run is writing it, or
            the place cannot be written.
    """
    with place(Path(path), overwrite=overwrite):
        pass


def write_whole(path: str, chunks: Iterable[bytes], *, overwrite: bool) -> None:
    """Write `chunks` to `path`, compressed when the name ends in `.gz`.

    Args:
        path: where.
        chunks: what the file will hold.
        overwrite: put it in place of a file that holds anything.

    Raises:
        FormatError: as `check_free`; nothing is left behind and what was there is as it was.
    """
    with place(Path(path), overwrite=overwrite) as there:
        target = os.path.realpath(path)
        beside = f"{target}.{os.getpid()}-{threading.get_ident()}.part"
        try:
            with disk_errors(Path(path)):
                write_new(beside, chunks, compressed=path.lower().endswith(".gz"))
                move(beside, target, there=there)
        except FileExistsError:
            raise exists(path) from None
        finally:
            with suppress(FileNotFoundError):
                os.unlink(beside)
    sync_folder(Path(path))


def move(beside: str, target: str, *, there: bool) -> None:
    """Give a finished file its name; only where something was there may it take the place of anything."""
    if not there:
        give_name(beside, target)
        return
    shutil.copymode(target, beside)
    os.replace(beside, target)


@contextmanager
def place(path: Path, *, overwrite: bool) -> Iterator[bool]:
    """Whether there is a file; meanwhile no other process writes it.

    Raises:
        FormatError: see `check_free`.
    """
    check_place(path)
    fd = opened(path)
    if fd is None:
        yield False
        return
    try:
        lock(fd, path)
        if not overwrite and os.fstat(fd).st_size:
            raise exists(str(path))
        if sys.platform == "win32":  # where no open file can be replaced
            os.close(fd)
        yield True
    finally:
        if sys.platform != "win32":
            os.close(fd)


def opened(path: Path) -> int | None:
    """The file, open for writing; None where there is none."""
    with disk_errors(path):
        try:
            return os.open(path, os.O_RDWR | BINARY)
        except FileNotFoundError:
            os.stat(os.path.dirname(os.path.realpath(path)))
            return None


def exists(path: str) -> FormatError:
    """The error for a file that is not to be overwritten."""
    return FormatError("there is such a file", where=path, todo="give another name, or replace it with --overwrite")
