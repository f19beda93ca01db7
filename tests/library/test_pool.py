"""Reading by several processes: one that dies takes its own file with it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from treecore.library import scan
from treecore.library.pool import in_processes

DIES = "__import__('os')._exit(9)"


def test_a_process_that_dies_takes_one_name_with_it() -> None:
    names = ["1 + 1", DIES, *(f"{n} * {n}" for n in range(3, 9)), f"[{DIES}]"]
    found = dict(in_processes(eval, names, workers=2, lost=lambda name: "lost"))
    assert found == {name: "lost" if "exit" in name else eval(name) for name in names}


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_processes(eval, ["1 / 0", "2"], workers=2, lost=str))


def test_a_file_that_cannot_be_read_for_any_reason_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "bad"):
        (tmp_path / f"{name}.forest.json").write_text('{"format": "treecore/1", "nodes": [{"id": 0, "parent": null}]}')
    read = scan.read_with_report

    def reads(path: Path, *, name: str) -> object:
        if name.startswith("bad"):
            raise MemoryError
        return read(path, name=name)

    monkeypatch.setattr(scan, "read_with_report", reads)
    index = scan.Index(tmp_path / "x.duckdb")
    progress = scan.refresh(tmp_path, index, workers=1)
    assert (progress.forests, progress.failed) == (1, 1)
    (error,) = (known.error for known in index.files().values() if known.error)
    assert error == "bad.forest.json: it cannot be read (MemoryError); send it to the authors of treecore"
    assert str(scan.lost("bad").error).startswith("bad: the process that read it was ended")
