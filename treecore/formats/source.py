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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import IO, Any, NamedTuple

import msgspec
import orjson

from treecore.errors import FormatError
from treecore.formats.archive import ZIP_MAGIC, ZSTD_MAGIC, archive, most_of, unzstd
from treecore.formats.characters import opening_brackets
from treecore.formats.folder import Folder
from treecore.formats.json_errors import explain
from treecore.formats.limits import (
    MAX_BYTES,
    MAX_NODES,
    SMALL_FILE,
    SMALL_UNPACKED,
    Account,
    check_size,
    json_cost,
    limit,
)
from treecore.formats.line_breaks import lines_in
from treecore.formats.wide import NARROW, check_width

CONTAINERS_PER_NODE = 5
BLOCK = 1 << 18
"""Bytes of lines that are parsed at once, about."""
CHECKED_BYTES = 1 << 21
"""From how many bytes on the cost of plain JSON is estimated before it is parsed."""
GZIP_MAGIC = b"\x1f\x8b"
ARROW_FILE, ARROW_STREAM = b"ARROW1\0\0", b"\xff\xff\xff\xff"
CONTAINERS = (ZIP_MAGIC, b"PAR1", ARROW_FILE, ARROW_STREAM)
"""How files begin whose content is neither text nor compressed as a whole."""
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
BLANK = b" \t\r\n"
HANDED = re.compile(r"/dev/stdin|(/dev|/proc/self)/fd/\d+")
"""How a shell names a pipe that it opened for us."""

is_json = msgspec.json.Decoder(msgspec.Raw).decode
raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""The fields of an object as their text; nothing inside them is parsed.

Raises:
    msgspec.ValidationError: it is no object.
    msgspec.DecodeError, RecursionError: it is not JSON, or nested too deep.
"""


class Text(NamedTuple):
    """The text of one JSON value of a file, and where it stands.

    Attributes:
        line: of the file, 0 for the whole of it.
    """

    data: memoryview
    where: str
    line: int


class Block(NamedTuple):
    """The JSON values of some lines.

    Attributes:
        lines: the number of the line of each.
        text: of all these lines.
    """

    values: list[Any]
    lines: Sequence[int]
    text: memoryview


class Document(NamedTuple):
    """One JSON value of a file, and where it stands."""

    value: Any
    where: str


@dataclass(frozen=True)
class Source:
    """Decompressed content with the name that errors give it, and the account of what reading it takes.

    Attributes:
        folder: what was given together with it, None where it stands alone; place: its own path there.
    """

    name: str
    data: bytes
    account: Account
    folder: Folder | None = None
    place: str = ""

    def beside(self, relative: str) -> Source | None:
        """A file that is named relative to this one; None where it was not given, or cannot be read."""
        if self.folder is None or not (path := self.folder.beside(self.place, relative=relative)):
            return None
        try:
            found = open_source(self.folder.fetch(path), name=path)
        except (FormatError, KeyError):
            return None
        self.folder.asked.add(path)
        return found

    @cached_property
    def found(self) -> dict[str, Any]:
        """What was found out about the content by those who know more of it, so that it is looked for once."""
        return {}

    @cached_property
    def members(self) -> Folder:
        """What a zip archive holds.

        Raises:
            FormatError: it is damaged.
        """
        return archive(self.data, self.name)

    @cached_property
    def _span(self) -> tuple[int, int, bool]:
        """Start and end of the first JSON value, and whether each line holds one."""
        start = len(self.data) - len(self.data.lstrip(BLANK))
        end = self.data.find(b"\n", start)
        if end < 0 or self._blank(end, len(self.data)):
            return start, len(self.data), False
        try:
            is_json(memoryview(self.data)[start:end])
            return start, end, True
        except (msgspec.DecodeError, RecursionError):
            return start, len(self.data), False

    def _blank(self, start: int, end: int) -> bool:
        """Whether nothing but blanks stands there."""
        if start < end and self.data[start] not in BLANK:
            return False
        return not self.data[start : min(end, start + 4096)].strip(BLANK) and not self.data[start:end].strip(BLANK)

    def texts(self) -> Iterator[Text]:
        """The texts of all JSON values: one over the whole file, or one a line. They may be no JSON.

        Raises:
            FormatError: an object has more fields than a row may.
        """
        start, end, lines = self._span
        view = memoryview(self.data)
        if not lines:
            check_width(view[start:end], self.name)
            yield Text(view[start:end], self.name, 0)
            return
        for start, end, line in self._lines():
            where = f"{self.name}, line {line}"
            check_width(view[start:end], where)
            yield Text(view[start:end], where, line)

    def _lines(self) -> Iterator[tuple[int, int, int]]:
        """Start, end and number of each line that is not blank."""
        data, start = self.data, self._span[0]
        size, line = len(data), data.count(b"\n", 0, start)
        while start < size:
            found = data.find(b"\n", start)
            end, line = size if found < 0 else found, line + 1
            if start < end and (data[start] not in BLANK or not self._blank(start, end)):
                yield start, end, line
            start = end + 1

    def documents(self) -> Iterator[Document]:
        """All JSON values as plain objects.

        Raises:
            FormatError: not JSON, which names line and column, or more than the file may take.
        """
        if "_only" in self.__dict__ and self._only is not None:
            yield Document(self.__dict__.pop("_only"), self.name)
        elif not self._span[2]:
            for text in self.texts():
                yield Document(self.plain(text), text.where)
                self.account.advance(len(text.data))
        else:
            for block in self.blocks():
                for value, line in zip(block.values, block.lines, strict=True):
                    yield Document(value, f"{self.name}, line {line}")

    @property
    def by_lines(self) -> bool:
        """Whether each line holds a JSON value."""
        return self._span[2]

    def blocks(self) -> Iterator[Block]:
        """The JSON values of all lines, some at once. Errors as `documents`."""
        data, start = self.data, self._span[0]
        line = data.count(b"\n", 0, start) + 1
        while start < len(data):
            end = data.find(b"\n", min(start + BLOCK, len(data)))
            end = len(data) if end < 0 else end
            texts = lines_in(data, start=start, stop=end)
            first, line = line, line + len(texts)
            if not texts[-1]:
                texts.pop()  # what follows the last line break is no line
            if texts:
                yield Block(*self._values(texts, first), memoryview(data)[start:end])
            self.account.advance(end - start)
            start = end + 1

    def _values(self, texts: Sequence[memoryview], line: int) -> tuple[list[Any], Sequence[int]]:
        """The values of lines, of which `line` is the first, and the number of the line of each."""
        longest = max(map(len, texts))
        if longest >= NARROW:
            for number, one in enumerate(texts, start=line):
                check_width(one, f"{self.name}, line {number}")
        if longest <= CHECKED_BYTES:
            with suppress(orjson.JSONDecodeError):
                return list(map(orjson.loads, texts)), range(line, line + len(texts))
        lines = [number for number, text in compress(enumerate(texts, start=line), texts) if bytes(text).strip(BLANK)]
        values = []
        for number in lines:
            text = Text(texts[number - line], f"{self.name}, line {number}", number)
            values.append(self.plain(text))
        return values, lines

    @cached_property
    def _only(self) -> Any:
        """The one JSON value of the file, parsed once; None where each line holds one, or it is not JSON."""
        if self._span[2] or self.data[self._span[0] : self._span[0] + 1] not in (b"{", b"["):
            return None
        with suppress(FormatError, RecursionError, StopIteration):
            return self.first()
        return None

    @cached_property
    def head(self) -> Mapping[str, Any]:
        """The first row of a table, or the object that the file is; empty where it is neither. Never raises."""
        if not self._span[2]:
            value = self._only
            value = value[0] if isinstance(value, list) and value else value
        else:
            with suppress(FormatError, RecursionError, StopIteration):
                value = self.first()
                return value if isinstance(value, dict) else {}
            return {}
        return value if isinstance(value, dict) else {}

    def plain(self, text: Text) -> Any:
        """One JSON value as plain objects.

        Raises:
            FormatError: not JSON, which names line and column, or more than the file may take.
        """
        if len(text.data) > CHECKED_BYTES:
            self.account.afford(json_cost(text.data), text.where, what="its JSON")
        try:
            return orjson.loads(text.data)
        except orjson.JSONDecodeError as error:
            raise self._explained(text, error) from None

    def not_json(self, text: Text) -> FormatError:
        """Why a text that a parser refused is not JSON."""
        try:
            self.plain(text)
        except FormatError as error:
            return error
        return FormatError("not valid JSON", where=text.where, todo="correct it here")

    def _explained(self, text: Text, error: orjson.JSONDecodeError) -> FormatError:
        if not text.line and (end := bytes(text.data[:CHECKED_BYTES]).find(b"\n")) > 0:
            line = bytes(text.data[:end]).strip(BLANK)
            if line.startswith(b"{") and line.endswith(b"}"):
                number = self.data.count(b"\n", 0, self._span[0]) + 1
                try:
                    orjson.loads(line)
                except orjson.JSONDecodeError as of_line:
                    return explain(line, of_line, name=self.name, line=number)
        return explain(bytes(text.data), error, name=self.name, line=text.line)

    @cached_property
    def fields(self) -> Mapping[str, memoryview]:
        """The fields of the first JSON value as their text, for detection; empty when it is no object."""
        start, end, _ = self._span
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {name: memoryview(raw) for name, raw in raw_fields(memoryview(self.data)[start:end]).items()}
        return {}

    def first(self) -> Any:
        """The first JSON value as plain objects. Errors as `plain`."""
        return self.plain(next(self.texts()))

    def starts_with(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the content matches from its start; nothing is parsed."""
        return pattern.match(self.data) is not None


def plain_at_once(data: bytes) -> Any:
    """What a short text holds as JSON; None where it is anything that must be opened as a source."""
    if data[:1] in (b"{", b"[") and len(data) < min(NARROW, most_containers()):
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(data)
    return None


def most_containers() -> int:
    """JSON objects and lists that a file may hold."""
    return CONTAINERS_PER_NODE * limit("TREECORE_MAX_NODES", MAX_NODES)


def open_source(
    path_or_bytes: str | os.PathLike[str] | bytes,
    *,
    name: str = "",
    tell: Callable[[int, int], None] | None = None,
    folder: Folder | None = None,
    place: str = "",
) -> Source:
    """Content within limits (`TREECORE_MAX_BYTES`, `TREECORE_MAX_NODES`, `TREECORE_MAX_MEMORY`).

    Args:
        path_or_bytes: a path, or the content itself.
        name: what errors call it; the path by default.
        tell: hears how many bytes of all are read.
        folder: what was given together with it; place: its own path there.

    Raises:
        FormatError: missing, a folder, not permitted, empty, too large, broken gzip, not UTF-8, a first row of too
            many fields.
    """
    if isinstance(path_or_bytes, bytes):
        name = name or "the data"
        stored = data = within_limit(path_or_bytes, name)
    else:
        path = os.fspath(path_or_bytes)
        name = name or path
        stored = data = read_path(path, name)
    if data.startswith(GZIP_MAGIC):
        data = gunzip(data, name)
        if data.startswith(GZIP_MAGIC):
            raise FormatError("the gzip file holds another gzip file", where=name, todo="unpack it once with gunzip")
    if data.startswith(ZSTD_MAGIC):
        data = unzstd(data, name, most_of(data))
    account = Account(name, len(data), stored=len(stored), tell=tell)
    if data.startswith(CONTAINERS):
        return Source(name, data, account, folder, place)
    data = data.removeprefix(BOM)
    if not data[:4096].strip(BLANK) and not data.strip(BLANK):
        raise FormatError("the file is empty", where=name, todo="give a file with at least one forest")
    if data.startswith(UTF_16) or data[:2].count(0) == 1:
        kind = "UTF-32" if data[2:4] == b"\0\0" else "UTF-16"
        raise FormatError(f"the text is {kind}", where=name, todo="save it as UTF-8")
    containers = most_containers()
    if len(data) > 2 * containers and opening_brackets(data) > containers:
        raise FormatError(
            f"more than {containers:,} JSON objects and lists",
            where=name,
            todo="split the file, or raise the limit by setting TREECORE_MAX_NODES",
        )
    source = Source(name, data, account, folder, place)
    if len(data) >= NARROW and data[:4096].lstrip(BLANK)[:1] in (b"{", b"["):
        next(source.texts(), None)  # a first row of too many fields is refused before formats look at it
    return source


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


def within_limit(data: bytes, name: str) -> bytes:
    """`data`, if it is not too large."""
    check_size(len(data), name)
    return data


def read_within_limit(file: IO[bytes] | gzip.GzipFile, name: str) -> bytes:
    """All of a stream, if it is not too large; reads one byte over the limit at most."""
    return within_limit(file.read(limit("TREECORE_MAX_BYTES", MAX_BYTES) + 1), name)


def gunzip(data: bytes, name: str) -> bytes:
    """Decompressed `data`; stops at the limit, whatever the archive would grow to."""
    most = SMALL_UNPACKED if len(data) < SMALL_FILE else limit("TREECORE_MAX_BYTES", MAX_BYTES)
    most = min(most, limit("TREECORE_MAX_BYTES", MAX_BYTES))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(most + 1)
    except EOFError:
        raise FormatError("the gzip file ends too early (truncated)", where=name, todo="copy it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(f"the gzip file is damaged ({error})", where=name, todo="copy it again") from None
    check_size(len(found), name)
    if len(found) > most:
        raise FormatError(
            f"{len(data):,} bytes of gzip grow to more than {most:,}", where=name, todo="unpack it with gunzip first"
        )
    return found
