"""Pickle is refused in one sentence, wherever it lies; nothing of it is run."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report

GOOD = b'{"input": "3*4+2?", "output": "14", "gts": "14", "score": 1.0, "step": 1}\n'


class Runs:
    """What writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def saved(**options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save({"rewards": torch.ones(3)}, buffer, **options)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


PICKLES = {f"protocol {n}": pickle.dumps({"reward": 1.0, "prompt": ["a"]}, protocol=n) for n in range(6)}
PICKLES |= {f"list of protocol {n}": pickle.dumps([{"reward": 1.0}], protocol=n) for n in range(6)}
PICKLES |= {"torch": saved(), "older torch": saved(_use_new_zipfile_serialization=False)}


@pytest.mark.parametrize("data", PICKLES.values(), ids=PICKLES.keys())
def test_a_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        read(data, name="rollout_1.pt")
    told = str(caught.value)
    assert told.startswith("rollout_1.pt: this is a ")
    assert "can run any code" in told
    assert "write the rollouts as JSON lines or Parquet" in told


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_run(tmp_path: Path, protocol: int) -> None:
    with pytest.raises(FormatError, match="can run any code"):
        read(pickle.dumps(Runs(tmp_path / "ran"), protocol=protocol))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", PICKLES)
def test_in_a_folder_and_in_an_archive(name: str) -> None:
    files = {"1.jsonl": GOOD, "debug/rollout_1.pt": PICKLES[name]}
    for given in (files, zipped(**files), {"run.zip": zipped(**files)}):
        report = read_with_report(given)
        assert len(report.forests) == 1
        (warning,) = report.warnings
        assert "rollout_1.pt: this is a" in warning
        assert "can run any code" in warning
    with pytest.raises(FormatError, match="can run any code"):
        read({"debug/rollout_1.pt": PICKLES[name]})


@pytest.mark.parametrize("text", ["(dp is a name.", "cats and\ndogs\n.", "}q.", "(hello) world.\n", '["a"].'])
def test_a_text_is_none(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(text.encode())
    assert "pickle" not in str(caught.value)


def test_an_archive_in_an_archive_is_opened_and_one_further_in_is_not() -> None:
    inner = zipped(**{"1.jsonl": GOOD})
    assert len(read(zipped(**{"a.zip": inner}))) == 1
    assert len(read({"a.zip": zipped(**{"b.txt": b"x", "1.jsonl": GOOD})})) == 1
    with pytest.raises(FormatError, match=r"in a known format, for example a[.]zip, b[.]zip"):
        read(zipped(**{"a.zip": zipped(**{"b.zip": inner})}))


def test_more_files_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.formats.gather.MAX_FILES", 3)
    archive = zipped(**{f"{n}.jsonl": GOOD for n in range(2)})
    report = read_with_report({"a.zip": archive, "b.zip": archive})
    assert any("more than 3 files" in warning for warning in report.warnings)
