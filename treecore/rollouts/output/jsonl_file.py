"""A JSONL file of forests that survives a crash: every line is whole and on the disk before the next begins.

Checks the place before anything else is done, lets one process write at a time, cuts off what a killed one left of its
last line, can put others in place of all that is there, and the lines of a complete file in order. What others do to
the file meanwhile is noticed: one that was removed is written anew. A line is a forest; what stands in it is not seen.
"""

from __future__ import annotations

import logging
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import NoReturn, Self

import orjson

from treecore.core.numerals import counted
from treecore.errors import FormatError, Stopped
from treecore.formats.disk import (
    BINARY,
    FULL,
    check_place,
    disk_errors,
    give_name,
    leads_to,
    lock,
    reason,
    sync_folder,
    write_new,
)
from treecore.formats.torn import is_beginning

MIN_FREE = 16 << 20
"""Bytes that must be free beyond what a run surely adds."""
CHUNK = 1 << 20

_LOG = logging.getLogger(__name__)


class JsonlFile:
    """An open file of lines, to be used as a context; `keep` or `replace` first, then `append`, then perhaps `arrange`.

    Nothing that was there is changed before `keep`, nor between `replace` and the first `append`. A file that was made
    here and is still empty goes away again.

    Args:
        path: where.
        needs: bytes that the file will surely hold.

    Raises:
        FormatError: on entering, the place cannot be written, its disk is nearly full, or another run writes there.
            On leaving, another file or other content is in its place.
        Stopped: on leaving by a KeyboardInterrupt, once `keep` was called, or after `replace` a line was appended.
    """

    def __init__(self, path: Path, *, needs: int = 0) -> None:
        self.path, self.needs = path, needs
        self.total: int | None = None
        self._size = 0
        self._instead: list[bytes] | None = None
        self._given_up = False

    def __enter__(self) -> Self:
        check_place(self.path)
        with disk_errors(self.path):
            self._new = not self.path.exists()
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | BINARY, 0o666)
        try:
            self._lock()
            require_space(self.path, max(0, self.needs - os.fstat(self._fd).st_size))
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._size or leads_to(self.path, self._fd) is not None:
                self._stay()
        except FormatError as found:
            if error is None or isinstance(error, KeyboardInterrupt):
                raise found from None
            _LOG.warning("treecore: note: %s", found)
        finally:
            done = len(self) if self.total is not None else 0
            self._close()
        if isinstance(error, KeyboardInterrupt) and self.total is not None and self._instead is None:
            raise Stopped(done, self.total) from None

    def __len__(self) -> int:
        """Whole lines in the file."""
        return sum(chunk.count(b"\n") for chunk in self._chunks())

    def whole(self) -> bytes:
        """The whole lines; a torn one after the last line end is left out.

        Raises:
            FormatError: what follows the last line end is neither whole nor the beginning of a forest.
        """
        data = b"".join(self._chunks())
        size = data.rfind(b"\n") + 1
        tail = data[size:]
        if tail and not is_json(tail) and not is_beginning(tail):
            lost = "the file exists and holds no forests"
            raise FormatError(lost, where=str(self.path), todo="write to another file, or delete it first")
        return data[:size]

    def torn(self) -> bytes:
        """What follows the last line end."""
        data = b"".join(self._chunks())
        return data[data.rfind(b"\n") + 1 :]

    def keep(self, size: int, *, total: int) -> None:
        """Go on after the first `size` bytes; the rest is cut off.

        Args:
            size: of what `whole` gave, or 0.
            total: lines that there will be.

        Raises:
            FormatError: the file cannot be written.
        """
        with disk_errors(self.path):
            os.ftruncate(self._fd, size)
            os.fsync(self._fd)
            sync_folder(self.path)
        self._size, self.total, self._instead = size, total, None
        self._stay()

    def replace(self, lines: Sequence[bytes], *, total: int) -> None:
        """Go on after these lines, in place of all that is there; that stays until the next line is on the disk.

        Args:
            lines: without their ends.
            total: lines that there will be; where these are all, they take their place at once.

        Raises:
            FormatError: the file cannot be written.
        """
        self._instead, self.total = list(lines), total
        if len(lines) == total:
            with disk_errors(self.path):
                self._exchange([line + b"\n" for line in lines])

    def append(self, line: bytes) -> None:
        """Write one more line, without its end, and wait until it is on the disk.

        Raises:
            FormatError: the disk is full or broken; the lines before stay whole, those to be replaced are still there.
                Or another file or other content is in its place; says where the lines are.
        """
        try:
            if self._instead is not None:
                self._exchange([one + b"\n" for one in (*self._instead, line)])
                return
            self._check_size()
            os.lseek(self._fd, self._size, os.SEEK_SET)
            put(self._fd, line + b"\n")
            os.fsync(self._fd)
            self._size += len(line) + 1
        except OSError as error:
            raise self._refused(error) from None
        except KeyboardInterrupt:
            self._settle(len(line) + 1)
            raise
        self._stay()

    def _settle(self, more: int) -> None:
        """After an interrupt, a line of so many bytes is there as a whole or not at all."""
        if os.fstat(self._fd).st_size == self._size + more:
            self._size += more
        elif not self._given_up:
            os.ftruncate(self._fd, self._size)

    def _refused(self, error: OSError) -> FormatError:
        """Why a line could not be written, once the file is whole again."""
        why = reason(error)
        room = "make room and " if error.errno in FULL else ""
        if self._instead is not None:
            return FormatError(f"{why}; the file is as it was", where=str(self.path), todo=f"{room}start again")
        with suppress(OSError):
            os.ftruncate(self._fd, self._size)
        kept = f"{why}; {counted(len(self), 'finished forest is', 'finished forests are')} kept"
        return FormatError(kept, where=str(self.path), todo=f"{room}continue with --resume")

    def arrange(self, places: Sequence[int]) -> None:
        """Sort the lines by `places`, one number a line; whatever happens, the file has the old order or the new.

        Where there is no room for a second copy, the old order stays.
        """
        order = sorted(range(len(places)), key=places.__getitem__)
        with suppress(OSError):
            if order == list(range(len(places))):
                os.unlink(self._beside)
                return
            lines = self.whole().splitlines(keepends=True)
            if len(lines) == len(places):
                self._exchange([lines[number] for number in order])

    @property
    def _beside(self) -> str:
        """Where a copy is written before it takes the place of the file; a killed process leaves it there."""
        return f"{os.path.realpath(self.path)}.part"

    def _exchange(self, lines: Sequence[bytes]) -> None:
        """Put these lines, with their ends, in place of the file in one step; it stays locked.

        Raises:
            OSError: they could not be written; the file is as it was.
        """
        there = leads_to(self.path, self._fd)
        if self._instead is None:
            self._stay()
        elif there is False:
            self._give_up("another file was put in its place", todo="give another name")
        target, beside = os.path.realpath(self.path), self._beside
        try:
            self._copy(beside, lines)
            self._take(beside, target, os.replace)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(beside)
        sync_folder(self.path)
        if self._instead is not None and there is None:
            self._tell_removed(len(lines))
        self._size, self._instead = sum(len(line) for line in lines), None

    def _copy(self, beside: str, chunks: Iterable[bytes]) -> None:
        write_new(beside, chunks)
        os.chmod(beside, stat.S_IMODE(os.fstat(self._fd).st_mode))

    def _take(self, beside: str, target: str, move: Callable[[str, str], None]) -> None:
        """Give a copy the name of the file by `move`, and go on in it."""
        if sys.platform == "win32":  # where no open file can be moved
            os.close(self._fd)
            try:
                move(beside, target)
            finally:
                self._fd = os.open(target, os.O_RDWR | BINARY)
            return
        fresh = os.open(beside, os.O_RDWR)
        try:
            with suppress(FormatError):
                lock(fresh, Path(beside))
            move(beside, target)
        finally:  # an interrupt may come right after
            left, self._fd = (self._fd, fresh) if leads_to(Path(target), fresh) else (fresh, self._fd)
            os.close(left)

    def _check_size(self) -> None:
        """Nobody else wrote into the file.

        Raises:
            FormatError: somebody did.
        """
        size = os.fstat(self._fd).st_size
        if size != self._size:
            changed = f"another program changed the file while it was written: {size:,} bytes, not {self._size:,}"
            self._give_up(changed, todo="see what is left, then continue with --resume, or start over with --overwrite")

    def _stay(self) -> None:
        """The path leads to this file and its lines, once there are any; a file that was removed is written anew.

        Raises:
            FormatError: another file or other content is there; says where the lines are.
        """
        if self.total is None or self._instead is not None or self._given_up:
            return
        self._check_size()
        there = leads_to(self.path, self._fd)
        if there:
            return
        why = "another file was put in its place"
        if there is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._write_anew(self.path)
            except FileExistsError:
                pass
            except OSError as error:
                why = f"it was removed and cannot be written anew ({reason(error)})"
            else:
                self._tell_removed(len(self))
                return
        found, todo = self._rescued(why)
        self._give_up(found, todo=todo)

    def _tell_removed(self, lines: int) -> None:
        held = f"its {lines} forests were" if lines > 1 else "its forest was" if lines else "it was still empty and is"
        _LOG.warning("treecore: note: %s was removed while it was written; %s written anew", self.path, held)

    def _give_up(self, found: str, *, todo: str) -> NoReturn:
        self._given_up = True
        raise FormatError(found, where=str(self.path), todo=todo)

    def _write_anew(self, path: Path) -> None:
        """Copy the lines to a name that nothing has, and go on there.

        Raises:
            OSError: they cannot be written there; a `FileExistsError` where something has the name.
        """
        target = os.path.realpath(path)
        beside = f"{target}.part"
        try:
            self._copy(beside, self._chunks())
            self._take(beside, target, give_name)
        finally:
            with suppress(OSError):
                os.unlink(beside)
        sync_folder(path)

    def _rescued(self, why: str) -> tuple[str, str]:
        """Save the lines of a file that lost its name; what happened, and what can be done."""
        base, dot, endings = self.path.name.partition(".")
        for folder in (self.path.parent, Path(gettempdir())):
            for number in count(2):
                other = folder / f"{base}-{number}{dot}{endings}"
                try:
                    self._write_anew(other)
                except FileExistsError:
                    continue
                except OSError:
                    break
                return (
                    f"{why}; the {counted(len(self), 'finished forest is', 'finished forests are')} in {other}",
                    "go on there with --resume",
                )
        return f"{why}; {counted(len(self), 'finished forest is', 'finished forests are')} lost", "choose another place"

    def _chunks(self) -> Iterator[bytes]:
        os.lseek(self._fd, 0, os.SEEK_SET)
        while chunk := os.read(self._fd, CHUNK):
            yield chunk

    def _lock(self) -> None:
        try:
            lock(self._fd, self.path)
        except FormatError:
            self._new = False
            raise

    def _close(self) -> None:
        with suppress(OSError):
            if self._new and os.fstat(self._fd).st_size == 0 and leads_to(self.path, self._fd):
                os.unlink(self.path)
        os.close(self._fd)


def require_space(path: Path, needs: int) -> None:
    """The disk has room for `needs` bytes and `MIN_FREE` more.

    Raises:
        FormatError: it has not.
    """
    wanted, free = MIN_FREE + needs, shutil.disk_usage(path.parent).free
    if free < wanted:
        raise FormatError(
            f"the disk is nearly full: {free / 1e6:,.0f} MB are free, the run needs at least {wanted / 1e6:,.0f} MB",
            where=str(path),
            todo="make room, or choose another place",
        )


def put(fd: int, data: bytes) -> None:
    """All of `data`; one call of the system wherever that takes it whole."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def is_json(data: bytes) -> bool:
    """Whether these bytes are whole."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True


def one_a_line(data: bytes, n: int) -> bool:
    """Whether these bytes are `n` JSON values, each on a line; a file made elsewhere may be one over many lines."""
    lines = [line for line in data.split(b"\n") if line.strip()]
    return len(lines) == n and all(map(is_json, lines))
