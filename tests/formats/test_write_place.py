"""Where forests are written: nothing is written over unasked, or while another process writes there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats import disk, read, write
from treecore.formats.target import write_whole
from treecore.rollouts.output.jsonl_file import JsonlFile

FOREST = Forest(parent=[-1], id="q")


@pytest.mark.parametrize("name", ["a.forest.jsonl", "a.json", "a.json.gz"])
def test_a_file_that_is_there_is_replaced_only_when_asked(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"notes")
    path.chmod(0o640)
    with pytest.raises(FormatError, match=f"{name}: there is such a file; give another name, or replace it"):
        write(FOREST, path)
    assert path.read_bytes() == b"notes"
    write(FOREST, path, overwrite=True)
    assert [forest.id for forest in read(path)] == ["q"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == [name]


def test_an_empty_file_is_free(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch()
    write(FOREST, tmp_path / "a.json")
    assert len(read(tmp_path / "a.json")) == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_that_a_run_is_writing_is_left_alone(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "run.forest.jsonl"
    with JsonlFile(path) as file:
        file.keep(0, total=2)
        for line in (b"{0}", b"{1}"):
            with pytest.raises(FormatError, match="another run is writing this file; wait for it"):
                write(FOREST, path, overwrite=overwrite)
            file.append(line)
    assert path.read_bytes() == b"{0}\n{1}\n"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_comes_meanwhile_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    path = tmp_path / "a.json"
    if not links:
        monkeypatch.setattr(disk.os, "link", no_links)

    def chunks() -> Iterator[bytes]:
        path.write_bytes(b"notes")
        yield b"forest"

    with pytest.raises(FormatError, match="there is such a file"):
        write_whole(str(path), chunks(), overwrite=False)
    assert path.read_bytes() == b"notes"
    assert os.listdir(tmp_path) == ["a.json"]


def no_links(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk.os, "link", no_links)
    write(FOREST, tmp_path / "a.json")
    assert len(read(tmp_path / "a.json")) == 1
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_is_no_file_is_not_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    for overwrite in (False, True):
        with pytest.raises(FormatError, match="is no regular file; name a file"):
            write(FOREST, tmp_path / "a.json", overwrite=overwrite)
    (tmp_path / "b.json").symlink_to(tmp_path / "c.json")
    write(FOREST, tmp_path / "b.json")
    assert (tmp_path / "b.json").is_symlink()
    assert len(read(tmp_path / "c.json")) == 1
