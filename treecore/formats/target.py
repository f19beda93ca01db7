"""Files that appear whole or not at all: written beside their place, then moved there. Knows nothing of content."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterable
from typing import IO

from treecore.errors import FormatError


def write_whole(path: str, chunks: Iterable[bytes]) -> None:
    """Write `chunks` to `path`, compressed when the name ends in `.gz`.

    Raises:
        FormatError: the place cannot be written.
    """
    if "\0" in path:
        raise FormatError("the name holds a null character", where=path.replace("\0", "?"), todo="choose another name")
    try:
        if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            with open(path, "wb") as device:
                put(device, chunks, compressed=path.lower().endswith(".gz"))
            return
        replace(os.path.realpath(path), chunks, compressed=path.lower().endswith(".gz"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FormatError(
            f"cannot be written ({error.strerror or error})", where=path, todo="choose another place"
        ) from None


def replace(path: str, chunks: Iterable[bytes], *, compressed: bool) -> None:
    """Write beside `path`, then move over it; on failure nothing is left behind and `path` is as it was."""
    beside = f"{path}.{os.getpid()}.part"
    try:
        with open(beside, "wb") as file:
            put(file, chunks, compressed=compressed)
        os.replace(beside, path)
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def put(file: IO[bytes], chunks: Iterable[bytes], *, compressed: bool) -> None:
    """All chunks into an open file."""
    if not compressed:
        file.writelines(chunks)
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as packed:
        for chunk in chunks:
            packed.write(chunk)
