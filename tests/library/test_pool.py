"""Reading by several processes: one that dies takes its own file with it, and no other."""

from __future__ import annotations

import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import ModuleType

import pytest

from treecore.errors import TreecoreError
from treecore.formats.gather import Gathered
from treecore.formats.registry import Format
from treecore.formats.source import Source
from treecore.library import scan
from treecore.library.pool import in_processes

DIES = "__import__('os')._exit(9)"


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that new processes need not run: Streamlit's tests leave theirs behind, whose file is gone."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def test_a_process_that_dies_takes_one_name_with_it() -> None:
    names = ["1 + 1", DIES, *(f"{n} * {n}" for n in range(3, 9)), f"[{DIES}]"]
    found = dict(in_processes(eval, names, workers=2, lost=lambda name: "lost"))
    assert found == {name: "lost" if "exit" in name else eval(name) for name in names}


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_processes(eval, ["1 / 0", "2"], workers=2, lost=str))


class TwoWordsError(Exception):
    """Is pickled with one word, and cannot be made of one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def two_words(name: str) -> str:
    raise TwoWordsError(name, name)


def test_what_is_raised_and_cannot_be_unpickled_is_not_taken_for_a_death() -> None:
    with pytest.raises(BrokenProcessPool) as told:
        list(in_processes(two_words, ["a"], workers=2, lost=str))
    assert "second" in str(told.value.__cause__)


def test_a_process_that_does_not_come_up_loses_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ModuleType("__main__")
    script.__file__ = str(tmp_path / "unguarded.py")
    (tmp_path / "unguarded.py").write_text("raise SystemExit(3)")
    monkeypatch.setitem(sys.modules, "__main__", script)
    with pytest.raises(TreecoreError, match="no process can be started that reads files; in a script, put"):
        list(in_processes(eval, ["1", "2"], workers=2, lost=str))


def test_a_file_that_cannot_be_read_for_any_reason_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "bad"):
        (tmp_path / f"{name}.forest.json").write_text('{"format": "treecore/1", "nodes": [{"id": 0, "parent": null}]}')
    read = scan.gather_file

    def reads(source: Source, asked: Format) -> Gathered:
        if source.name.startswith("bad"):
            raise MemoryError
        return read(source, asked)

    monkeypatch.setattr(scan, "gather_file", reads)
    index = scan.Index(tmp_path / "x.duckdb")
    progress = scan.refresh(tmp_path, index, workers=1)
    assert (progress.forests, progress.failed) == (1, 1)
    (error,) = (known.error for known in index.files().values() if known.error)
    assert error == "bad.forest.json: it cannot be read (MemoryError); send it to the authors of treecore"
    assert str(scan.lost("bad").error).startswith("bad: the process that read it was ended")
