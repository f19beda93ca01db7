"""Indexes of libraries on a public server are bounded in bytes; those that are there can be opened still."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.library import folders
from treecore import quotas
from treecore.bundled import samples
from treecore.errors import FormatError
from treecore.library.scan import refresh


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[folders.Run]:
    """Two folders of an operator who set the bound to one byte."""
    monkeypatch.setattr(folders, "refresh_apart", refresh)  # a process of its own takes a second to start
    monkeypatch.setenv("TREECORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setenv(quotas.INDEX_BYTES.variable, "1")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        shutil.copy(samples()["by_hand"].path, tmp_path / name)
    monkeypatch.setenv(folders.LIBRARIES_VARIABLE, f"{tmp_path / 'first'}:{tmp_path / 'second'}")
    return folders.named()


def read(run: folders.Run) -> None:
    """Read a folder into its index, or raise why not."""
    folders._refresh(run, folders.Scan(), lambda done, total: None)


def test_another_index_is_refused_once_there_is_no_room(
    runs: list[folders.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = runs
    read(first)
    with pytest.raises(FormatError, match=r"indexes of libraries on this server take .* ask its operator for room"):
        read(second)
    assert not second.index.path.exists()
    read(first)  # what has an index is read again
    monkeypatch.setattr("app.serving.permissions.is_open", lambda: False)
    read(second)
    assert second.index.path.exists(), "at the operator's own machine nothing is refused"
