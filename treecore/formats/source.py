"""Untrusted content, opened within limits: paths or bytes, plain or gzip, JSON documents one after the other.

Knows sizes, encodings and JSON; knows nothing about forests.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, NamedTuple

import numpy as np
import orjson

from treecore.errors import FormatError
from treecore.formats.json_errors import explain

MAX_BYTES = 500_000_000
MAX_NODES = 5_000_000
CONTAINERS_PER_NODE = 5
CHUNK = 1 << 17
GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n"
HANDED = re.compile(r"/dev/stdin|(/dev|/proc/self)/fd/\d+")
"""How a shell names a pipe that it opened for us."""


def limit(name: str, default: int) -> int:
    """A limit from the environment.

    Raises:
        FormatError: it is set to something that is no positive whole number.
    """
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise FormatError(f"{name}={text!r} is not a positive whole number", todo="change or unset it")
    return int(text)


Decode = Callable[[bytes, int, int], Any]
"""Content, start and end of one JSON value to whatever stands for it; raises `orjson.JSONDecodeError` if it is none."""


def plain(data: bytes, start: int, end: int) -> Any:
    """One JSON value as Python objects."""
    return orjson.loads(memoryview(data)[start:end])


class Document(NamedTuple):
    """One JSON value of a file, or what was decoded from it, and where it stands."""

    value: Any
    where: str


@dataclass(frozen=True)
class Source:
    """Decompressed content with the name that errors give it."""

    name: str
    data: bytes

    @cached_property
    def _opening(self) -> tuple[Any, int] | FormatError:
        """The first JSON value and where the next one starts, or why there is none."""
        return self._open(plain)

    def _open(self, decode: Decode) -> tuple[Any, int] | FormatError:
        start = len(self.data) - len(self.data.lstrip(BLANK))
        end = self.data.find(b"\n", start)
        end = len(self.data) if end < 0 else end
        try:
            return decode(self.data, start, end), end
        except orjson.JSONDecodeError as error:
            line_error = error
        if not self.data[end:].strip(BLANK):
            return explain(self.data, line_error, name=self.name)
        try:
            return decode(self.data, 0, len(self.data)), len(self.data)
        except orjson.JSONDecodeError as whole_error:
            line = self.data[start:end].strip(BLANK)
            if line.startswith(b"{") and line.endswith(b"}"):
                return explain(line, line_error, name=self.name, line=self._line_number(start))
            return explain(self.data, whole_error, name=self.name)

    def _line_number(self, offset: int) -> int:
        return self.data.count(b"\n", 0, offset) + 1

    @property
    def first(self) -> Any:
        """The first JSON value, for detection; None when the content does not start with one."""
        return None if isinstance(self._opening, FormatError) else self._opening[0]

    @property
    def json_error(self) -> FormatError | None:
        """Why the content does not start with a JSON value."""
        return self._opening if isinstance(self._opening, FormatError) else None

    def starts_with(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the content matches from its start; nothing is parsed."""
        return pattern.match(self.data) is not None

    def documents(self, decode: Decode = plain) -> Iterator[Document]:
        """All JSON values: one over the whole file, or one a line.

        Args:
            decode: gives the value of a document; the first is plain JSON all the same where detection parsed it.

        Raises:
            FormatError: not JSON; names line and column.
        """
        opening = self._opening if "_opening" in vars(self) else self._open(decode)
        if isinstance(opening, FormatError):
            raise opening
        value, offset = opening
        if not self.data[offset : offset + 4096].strip(BLANK) and not self.data[offset:].strip(BLANK):
            yield Document(value, self.name)
            return
        line = self._line_number(offset)
        yield Document(value, f"{self.name}, line {line}")
        view = memoryview(self.data)
        while offset < len(self.data):
            start, line = offset + 1, line + 1
            end = self.data.find(b"\n", start)
            offset = len(self.data) if end < 0 else end
            if not bytes(view[start : min(offset, start + 4096)]).strip(BLANK) and not self.data[start:offset].strip():
                continue
            try:
                value = decode(self.data, start, offset)
            except orjson.JSONDecodeError as error:
                raise explain(self.data[start:offset], error, name=self.name, line=line) from None
            yield Document(value, f"{self.name}, line {line}")


def open_source(path_or_bytes: str | os.PathLike[str] | bytes, *, name: str = "") -> Source:
    """Content within limits (`TREECORE_MAX_BYTES`, `TREECORE_MAX_NODES`).

    Args:
        path_or_bytes: a path, or the content itself.
        name: what errors call it; the path by default.

    Raises:
        FormatError: missing, a folder, not permitted, empty, too large, broken gzip, not UTF-8.
    """
    if isinstance(path_or_bytes, bytes):
        name = name or "the data"
        data = within_limit(path_or_bytes, name)
    else:
        path = os.fspath(path_or_bytes)
        name = name or path
        data = read_path(path, name)
    if data.startswith(GZIP_MAGIC):
        data = gunzip(data, name)
    data = data.removeprefix(BOM)
    if not data[:4096].strip(BLANK) and not data.strip(BLANK):
        raise FormatError("the file is empty", where=name, todo="give a file with at least one forest")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("the text is UTF-16", where=name, todo="save it as UTF-8")
    containers = CONTAINERS_PER_NODE * limit("TREECORE_MAX_NODES", MAX_NODES)
    if len(data) > 2 * containers and opening_brackets(data) > containers:
        raise FormatError(
            f"more than {containers:,} JSON objects and lists", where=name,
            todo="split the file, or raise the limit by setting TREECORE_MAX_NODES",
        )  # fmt: skip
    return Source(name, data)


def opening_brackets(data: bytes) -> int:
    """Number of `{` and `[`, which differ in one bit, also those inside texts."""
    codes = np.frombuffer(data, dtype=np.uint8)
    masked, opening = np.empty(CHUNK, dtype=np.uint8), np.empty(CHUNK, dtype=bool)
    total = 0
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        n = len(chunk)
        np.bitwise_and(chunk, ~np.uint8(0x20), out=masked[:n])
        np.equal(masked[:n], 0x5B, out=opening[:n])
        total += int(np.count_nonzero(opening[:n]))
    return total


def read_path(path: str, name: str) -> bytes:
    """Bytes of a file, at most the limit; of a pipe only where the shell opened it, as `/dev/stdin` or `<(command)`.

    Raises:
        FormatError: missing, a folder, not permitted, too large, or something that may never end: a device, a FIFO.
    """
    handed = HANDED.fullmatch(path) is not None
    try:
        with open(path, "rb", opener=None if handed else open_at_once) as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                check_size(status.st_size, name)
            elif not (handed and stat.S_ISFIFO(status.st_mode)):
                raise no_file(status.st_mode, name)
            return read_within_limit(file, name)
    except FileNotFoundError:
        raise FormatError("there is no such file", where=name, todo="check the path") from None
    except IsADirectoryError:
        raise FormatError("this is a folder", where=name, todo="name a file in it") from None
    except PermissionError:
        raise FormatError("no permission to read this file", where=name, todo="change its permissions") from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENXIO:
            raise no_file(os.stat(path).st_mode, name) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"the file cannot be read ({reason})", where=name, todo="check path and disk") from None


def open_at_once(path: str, flags: int) -> int:
    """Open without waiting for whoever writes to a FIFO, and without taking a terminal as our own."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def no_file(mode: int, name: str) -> FormatError:
    """The error for what is neither a file nor a folder."""
    kind = "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    return FormatError(f"this is {kind}, not a file", where=name, todo="save what it gives to a file, and name that")


def check_size(size: int, name: str) -> None:
    """Refuse more bytes than the limit."""
    most = limit("TREECORE_MAX_BYTES", MAX_BYTES)
    if size > most:
        raise FormatError(
            f"{size:,} bytes or more, where the limit is {most:,}", where=name,
            todo="split the file, or raise the limit by setting TREECORE_MAX_BYTES",
        )  # fmt: skip


def within_limit(data: bytes, name: str) -> bytes:
    """`data`, if it is not too large."""
    check_size(len(data), name)
    return data


def read_within_limit(file: IO[bytes] | gzip.GzipFile, name: str) -> bytes:
    """All of a stream, if it is not too large; reads one byte over the limit at most."""
    return within_limit(file.read(limit("TREECORE_MAX_BYTES", MAX_BYTES) + 1), name)


def gunzip(data: bytes, name: str) -> bytes:
    """Decompressed `data`; stops at the limit, whatever the archive would grow to."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return read_within_limit(file, name)
    except EOFError:
        raise FormatError("the gzip file ends too early (truncated)", where=name, todo="copy it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(f"the gzip file is damaged ({error})", where=name, todo="copy it again") from None
