"""Files of lines that others remove, replace or change while they are written: told, and no line is lost."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from treecore.errors import FormatError, Stopped
from treecore.rollouts.output import jsonl_file as lines
from treecore.rollouts.output.jsonl_file import JsonlFile

ALL = b"{0}\n{1}\n{2}\n"


def run(path: Path, meanwhile: Callable[[], object], *, at: int, order: tuple[int, ...] = (0, 1, 2)) -> None:
    """Write three lines; before line `at`, or after the last, something happens."""
    with JsonlFile(path) as file:
        file.keep(0, total=3)
        for number in range(3):
            if number == at:
                meanwhile()
            file.append(b"{%d}" % number)
        if at == 3:
            meanwhile()
        file.arrange(order)


def interrupted_without(path: Path) -> None:
    path.unlink()
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_a_removed_file_is_told_and_written_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, at: int, order: tuple[int, ...]
) -> None:
    path = tmp_path / "run.forest.jsonl"
    run(path, path.unlink, at=at, order=order)
    assert path.read_bytes() == (ALL if order[0] == 0 else b"{2}\n{1}\n{0}\n")
    (told,) = caplog.messages
    written = min(at + 1, 3)
    its = "its forest was" if written == 1 else f"its {written} forests were"
    assert told == f"treecore: note: {path} was removed while it was written; {its} written anew"
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_that_was_written_anew_is_locked_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with JsonlFile(path) as file:
        file.keep(0, total=2)
        file.append(b"{0}")
        path.chmod(0o640)
        path.unlink()
        file.append(b"{1}")
        with pytest.raises(FormatError, match="another run is writing this file"), JsonlFile(path):
            pass
    assert path.read_bytes() == b"{0}\n{1}\n"
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_that_is_removed_before_the_first_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, whole: bool
) -> None:
    path = tmp_path / "folder" / "run"
    path.parent.mkdir()
    with JsonlFile(path) as file:
        shutil.rmtree(path.parent) if whole else path.unlink()
        file.keep(0, total=1)
        file.append(b"{}")
    assert path.read_bytes() == b"{}\n"
    (told,) = caplog.messages
    assert told.endswith("was removed while it was written; it was still empty and is written anew")


def test_a_removed_file_that_was_to_be_replaced_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run"
    path.write_bytes(ALL)
    with JsonlFile(path) as file:
        file.replace([], total=1)
        path.unlink()
        file.append(b"{}")
    assert path.read_bytes() == b"{}\n"
    (told,) = caplog.messages
    assert told.endswith("was removed while it was written; its forest was written anew")


def test_a_removed_file_of_a_run_that_wrote_nothing_is_not_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "run"
    with pytest.raises(Stopped):
        run(path, lambda: interrupted_without(path), at=0)
    assert not path.exists()
    assert caplog.messages == []


def test_a_removed_folder_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "folder" / "run"
    path.parent.mkdir()
    run(path, lambda: shutil.rmtree(path.parent), at=2)
    assert path.read_bytes() == ALL
    assert "written anew" in caplog.text


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_another_file_in_its_place_stays_and_the_lines_are_saved_beside(
    tmp_path: Path, at: int, order: tuple[int, ...]
) -> None:
    path = tmp_path / "run.forest.jsonl"
    (tmp_path / "run-2.forest.jsonl").write_text("mine")

    def replace() -> None:
        (tmp_path / "other").write_text("notes")
        os.replace(tmp_path / "other", path)

    saved, written = tmp_path / "run-3.forest.jsonl", min(at + 1, 3)
    told = (
        f"another file was put in its place; the {written} finished forests are in {saved}; go on there with --resume"
    )
    with pytest.raises(FormatError, match=told):
        run(path, replace, at=at, order=order)
    assert path.read_text() == "notes"
    assert (tmp_path / "run-2.forest.jsonl").read_text() == "mine"
    assert saved.read_bytes() == b"".join(b"{%d}\n" % number for number in range(written))
    assert len(os.listdir(tmp_path)) == 3


def test_lines_without_a_folder_are_saved_in_the_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, temporary = tmp_path / "folder" / "run.jsonl", tmp_path / "temporary"
    path.parent.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(lines, "gettempdir", lambda: str(temporary))

    def replace() -> None:
        shutil.rmtree(path.parent)
        path.parent.write_text("notes")

    with pytest.raises(FormatError, match=f"the 2 finished forests are in {temporary / 'run-2.jsonl'}"):
        run(path, replace, at=1)
    assert (temporary / "run-2.jsonl").read_bytes() == b"{0}\n{1}\n"
    assert path.parent.read_text() == "notes"


@pytest.mark.parametrize("at", [1, 3])
def test_a_file_that_others_write_into_is_not_said_to_be_finished(tmp_path: Path, at: int) -> None:
    path = tmp_path / "run"
    with pytest.raises(FormatError, match=rf"another program changed the file .*: 6 bytes, not {at * 4}; see what"):
        run(path, lambda: path.write_bytes(b"notes\n"), at=at)
    assert path.read_bytes() == b"notes\n"


def test_what_was_not_to_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(ALL)
    with pytest.raises(FormatError, match="another file was put in its place"):
        overwrite_another(path)
    assert path.read_text() == "notes"
    assert os.listdir(tmp_path) == ["run"]


def overwrite_another(path: Path) -> None:
    with JsonlFile(path) as file:
        file.replace([], total=1)
        path.with_name("other").write_text("notes")
        os.replace(path.with_name("other"), path)
        file.append(b"{9}")


def test_an_interrupt_after_a_removal_tells_what_is_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run"

    def interrupted() -> None:
        path.unlink()
        raise KeyboardInterrupt

    with pytest.raises(Stopped) as caught:
        run(path, interrupted, at=2)
    assert (caught.value.done, caught.value.total) == (2, 3)
    assert path.read_bytes() == b"{0}\n{1}\n"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_an_interrupt_tells_where_the_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "run"

    def interrupted() -> None:
        path.unlink()
        path.write_text("notes")
        raise KeyboardInterrupt

    with pytest.raises(FormatError, match=f"the 2 finished forests are in {tmp_path / 'run-2'}"):
        run(path, interrupted, at=2)
    assert path.read_text() == "notes"


def test_an_error_of_the_run_is_told_before_what_happened_to_its_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "run"

    def failed() -> None:
        (tmp_path / "other").write_text("notes")
        os.replace(tmp_path / "other", path)
        raise ValueError("the model failed")

    with pytest.raises(ValueError, match="the model failed"):
        run(path, failed, at=2)
    assert f"the 2 finished forests are in {tmp_path / 'run-2'}" in caplog.text
    assert (tmp_path / "run-2").read_bytes() == b"{0}\n{1}\n"


@pytest.mark.parametrize("at", ["write", "fsync"])
def test_an_interrupt_inside_a_line_keeps_it_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    path = tmp_path / "run"
    write = os.write

    def half(fd: int, data: bytes) -> int:
        write(fd, data[:2])
        raise KeyboardInterrupt

    def stop() -> None:
        monkeypatch.setattr(lines.os, at, half if at == "write" else stopped)

    with pytest.raises(Stopped) as caught:
        run(path, stop, at=1)
    assert caught.value.done == path.read_bytes().count(b"\n") == (1 if at == "write" else 2)
    assert path.read_bytes() in (b"{0}\n", b"{0}\n{1}\n")


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_right_after_the_lines_were_put_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, replace = tmp_path / "run", os.replace

    def moved(old: str, new: str) -> None:
        replace(old, new)
        raise KeyboardInterrupt

    with pytest.raises(Stopped) as caught:
        run(path, lambda: monkeypatch.setattr(lines.os, "replace", moved), at=2, order=(2, 1, 0))
    assert caught.value.done == 3
    assert path.read_bytes() == b"{2}\n{1}\n{0}\n"
    assert os.listdir(tmp_path) == ["run"]
