"""Files of lines: places that cannot be written, one writer at a time, torn ends, full disks and the final order."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from treecore.errors import FormatError, Stopped
from treecore.rollouts.output import jsonl_file as lines
from treecore.rollouts.output.jsonl_file import JsonlFile


class Usage(NamedTuple):
    free: int


def written(path: Path, *, count: int = 3) -> JsonlFile:
    """A file with some lines of the form `{number}`, still open."""
    file = JsonlFile(path).__enter__()
    file.keep(0, total=count)
    for number in range(count):
        file.append(b"{%d}" % number)
    return file


def test_lines_are_kept_and_a_torn_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "run"
    written(path).__exit__(None, None, None)
    path.write_bytes(path.read_bytes() + b'{"format":"tree')
    with JsonlFile(path) as file:
        whole = file.whole()
        assert whole == b"{0}\n{1}\n{2}\n"
        assert path.read_bytes().endswith(b'"tree')
        file.keep(len(whole), total=4)
        file.append(b"{3}")
        assert len(file) == 4
    assert path.read_bytes() == b"{0}\n{1}\n{2}\n{3}\n"


def test_nothing_changes_before_keep_and_an_empty_file_goes_away(tmp_path: Path) -> None:
    path, other = tmp_path / "run", tmp_path / "other"
    path.write_bytes(b"{0}\n{1")
    with JsonlFile(path), JsonlFile(other):
        assert other.exists()
    assert path.read_bytes() == b"{0}\n{1"
    assert not other.exists()


def test_two_runs_never_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with JsonlFile(path) as file:
        with pytest.raises(FormatError, match="another run is writing this file; wait"), JsonlFile(path):
            pass
        file.keep(0, total=1)
        file.append(b"{}")
    with JsonlFile(path) as file:
        assert len(file) == 1


def test_what_is_no_torn_line_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("milk, bread")
    with JsonlFile(path) as file, pytest.raises(FormatError, match="holds no forests"):
        file.whole()
    assert path.read_text() == "milk, bread"


def places(folder: Path) -> Iterator[tuple[Path, str]]:
    """Paths that cannot be written, and what is said of them."""
    (folder / "file").write_text("")
    yield folder / "no" / "run", "there is no such folder"
    yield folder, "is a folder, not a file"
    yield folder / "file" / "run", "a part of the path is a file"
    yield Path(os.devnull), "is no regular file"
    yield folder / "a\0b", "null character"
    yield folder / ("x" * 300), "cannot be written"
    if Path("/proc/self").exists():
        yield Path("/proc/run"), "/proc/run: no file can be made there; choose another place"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    for path, said in places(tmp_path):
        with pytest.raises(FormatError, match=said) as caught, JsonlFile(path):
            pass
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "no permission to write there; choose another place"),
        (errno.EROFS, "the disk can only be read"),
        (errno.ENOSPC, "the disk is full"),
    ],
)
def test_refusals_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, said: str) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lines.os, "open", refuse)
    with pytest.raises(FormatError, match=said), JsonlFile(tmp_path / "run"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FormatError, match="no permission"), JsonlFile(tmp_path / "run"):
        pass


def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(FormatError, match=r"nearly full: [\d,]+ MB are free, the run needs at least [\d,]+ MB"):
        JsonlFile(tmp_path / "run", needs=2 * free).__enter__()
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").write_bytes(b"{}\n" * 1000)
    monkeypatch.setattr(lines.shutil, "disk_usage", lambda folder: Usage(free=lines.MIN_FREE))
    with JsonlFile(tmp_path / "run", needs=3000) as file:
        assert len(file) == 1000
    with pytest.raises(FormatError, match="nearly full"), JsonlFile(tmp_path / "run", needs=3001):
        pass


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond: writing what does not fit fails as on a full disk, after a part of it.

    Not a fixture: it holds for the whole process, and the report of a test is written while its fixtures are there.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_runs_full_keeps_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with largest_file(64):
        file = written(path, count=8)
        with pytest.raises(FormatError, match=r"largest size.*8 finished forests are kept; make room and continue"):
            file.append(b"x" * 60)
        file.__exit__(None, None, None)
    assert path.read_bytes() == b"".join(b"{%d}\n" % number for number in range(8))


def test_a_disk_without_room_for_a_copy_keeps_the_order(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"{0}\n{1}\n{2}\n")
    with largest_file(8), JsonlFile(path) as file:
        file.arrange([2, 1, 0])
    assert path.read_bytes() == b"{0}\n{1}\n{2}\n"
    assert os.listdir(tmp_path) == ["run"]


def test_lines_in_order(tmp_path: Path) -> None:
    path, link = tmp_path / "run", tmp_path / "link"
    link.symlink_to(path)
    file = written(link)
    path.chmod(0o640)
    file.arrange([2, 0, 1])
    file.__exit__(None, None, None)
    assert path.read_bytes() == b"{1}\n{2}\n{0}\n"
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link", "run"]


def test_replaced_lines_stay_until_the_next_is_there(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"{0}\n{1}\n{2")
    path.chmod(0o640)
    with JsonlFile(path) as file:
        file.replace([b"{1}"], total=3)
        assert path.read_bytes() == b"{0}\n{1}\n{2"
        file.append(b"{3}")
        assert path.read_bytes() == b"{1}\n{3}\n"
        with pytest.raises(FormatError, match="another run"), JsonlFile(path):
            pass
        file.append(b"{4}")
        assert len(file) == 3
    assert path.read_bytes() == b"{1}\n{3}\n{4}\n"
    assert path.stat().st_mode & 0o777 == 0o640
    with JsonlFile(path) as file:
        file.replace([b"{4}"], total=1)
    assert path.read_bytes() == b"{4}\n"
    assert os.listdir(tmp_path) == ["run"]


def test_a_disk_without_room_keeps_what_was_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"{0}\n")
    with largest_file(64), JsonlFile(path) as file:
        file.replace([], total=1)
        with pytest.raises(FormatError, match=r"largest size.*; the file is as it was; make room and start again"):
            file.append(b"x" * 100)
    assert path.read_bytes() == b"{0}\n"
    assert os.listdir(tmp_path) == ["run"]


def test_an_interrupt_before_anything_was_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"{0}\n")
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupted_before(tmp_path / "run")
    assert not isinstance(caught.value, Stopped)
    assert (tmp_path / "run").read_bytes() == b"{0}\n"


def interrupted_before(path: Path) -> None:
    with JsonlFile(path) as file:
        file.replace([], total=5)
        raise KeyboardInterrupt


KILLED = """
import os, pathlib, signal, sys
from treecore.rollouts.output import jsonl_file as lines
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
setattr(lines.os, sys.argv[2], kill)
with lines.JsonlFile(pathlib.Path(sys.argv[1])) as file:
    if sys.argv[3] == "order":
        file.arrange([2, 1, 0])
    else:
        file.replace([], total=1)
        file.append(b"{9}")
"""


@pytest.mark.parametrize("doing", ["order", "overwrite"])
@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_killed_while_a_copy_takes_the_place_of_the_file(tmp_path: Path, at: str, doing: str) -> None:
    path = tmp_path / "run"
    written(path).__exit__(None, None, None)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path), at, doing], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"{0}\n{1}\n{2}\n"
    with JsonlFile(path) as file:
        file.arrange([0, 1, 2])
    assert os.listdir(tmp_path) == ["run"]
    with JsonlFile(path) as file:
        file.arrange([2, 1, 0])
    assert path.read_bytes() == b"{2}\n{1}\n{0}\n"
    assert os.listdir(tmp_path) == ["run"]


def interrupted(path: Path, *, kept: bool) -> None:
    with JsonlFile(path) as file:
        if kept:
            file.keep(0, total=5)
            file.append(b"{}")
        raise KeyboardInterrupt


def test_an_interrupt_tells_how_many_are_done(tmp_path: Path) -> None:
    with pytest.raises(Stopped) as caught:
        interrupted(tmp_path / "run", kept=True)
    assert (caught.value.done, caught.value.total) == (1, 5)
    with pytest.raises(KeyboardInterrupt) as early:
        interrupted(tmp_path / "run", kept=False)
    assert not isinstance(early.value, Stopped)
