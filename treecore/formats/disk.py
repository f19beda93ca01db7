"""Places on a disk: errors as one sentence, one writer of a file at a time, and names that nothing has yet."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from treecore.errors import FormatError

if sys.platform != "win32":
    import fcntl

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REASONS = {
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "is a folder, not a file",
    errno.EACCES: "no permission to write there",
    errno.EPERM: "no permission to write there",
    errno.EROFS: "the disk can only be read",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file has reached the largest size that is allowed here",
}
REFUSED = "no file can be made there"
BINARY = getattr(os, "O_BINARY", 0)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Errors of the disk, as one sentence; but a name that is taken stays a `FileExistsError`.

    Args:
        path: to be written.
    """
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        folder = Path(os.path.realpath(path)).parent
        if error.errno == errno.ENOENT and not folder.is_dir():
            raise FormatError(reason(error), where=str(folder), todo="make it, or choose another place") from None
        why = REFUSED if error.errno == errno.ENOENT else reason(error)
        raise FormatError(why, where=str(path), todo="choose another place") from None


def reason(error: OSError) -> str:
    """Why the disk refused, as a clause."""
    return REASONS.get(error.errno or 0, f"cannot be written ({error.strerror or error})")


def check_place(path: Path) -> None:
    """The path may lead to a file; anything else than a folder is refused here, a folder by opening it.

    Raises:
        FormatError: it is a device, a FIFO or a socket, or no path at all.
    """
    if "\0" in str(path):
        where = str(path).replace("\0", "?")
        raise FormatError("the name holds a null character", where=where, todo="choose another name")
    with disk_errors(path):
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise FormatError("is no regular file", where=str(path), todo="name a file")


def lock(fd: int, path: Path) -> None:
    """Let no other process write the file; does nothing on Windows, nor on a disk that knows no locks.

    Args:
        fd: of the file, open for writing; the lock goes with it.
        path: by which it was opened.

    Raises:
        FormatError: another process does, or has put another file in its place.
    """
    try:
        if sys.platform != "win32":
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = leads_to(path, fd)
    except BlockingIOError:
        alone = False
    except OSError:
        return
    if not alone:
        raise FormatError(
            "another run is writing this file", where=str(path), todo="wait for it, or write to another file"
        )


def leads_to(path: Path, fd: int) -> bool | None:
    """Whether the file at `path` is the open one; None where nothing is there."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(fd))
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_new(path: str, chunks: Iterable[bytes], *, compressed: bool = False) -> None:
    """A file of these chunks, in place of what was there; it is on the disk when this returns.

    Args:
        path: where.
        chunks: what it will hold.
        compressed: by gzip, without name and time, so that equal content gives equal files.
    """
    with open(path, "wb") as file:
        if compressed:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as packed:
                for chunk in chunks:
                    packed.write(chunk)
        else:
            file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def give_name(path: str, name: str) -> None:
    """Move a file to a name that nothing has.

    Raises:
        FileExistsError: something has it; `path` is still there.
        OSError: it cannot be moved there.
    """
    try:
        os.link(path, name)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        os.close(os.open(name, os.O_CREAT | os.O_EXCL))
        os.replace(path, name)
    else:
        os.unlink(path)


def sync_folder(path: Path) -> None:
    """Make the file's name as durable as what it holds, where the system can."""
    with suppress(OSError):
        folder = os.open(path.resolve().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
