"""Every file of another tool is claimed by exactly one format; files beside it, which readers ask for, by none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cases import DATA, examples, files_of, folders

from treecore.formats import FORMATS, read_with_report
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.source import open_source

FILES = [path for folder in folders() for path in files_of(folder)]


def claiming(path: Path) -> list[str]:
    """Names of all formats that take a file for their own, or what an archive in no format holds."""
    source = open_source(path.read_bytes(), name=path.name)
    found = [entry.name for entry in FORMATS.values() if entry.detect(source)]
    if found or not source.data.startswith(ZIP_MAGIC):
        return found
    inner = [open_source(source.members.fetch(name), name=name) for name in source.members.names]
    return [entry.name for entry in FORMATS.values() for one in inner if entry.detect(one)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_no_two_formats_claim_a_file(path: Path) -> None:
    assert len(claiming(path)) <= 1


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_format_claims_each_folder(folder: Path) -> None:
    assert [path.name for path in files_of(folder) if claiming(path)]


@pytest.mark.parametrize("name", examples())
def test_an_example_is_claimed_by_its_format_alone(name: str) -> None:
    source = open_source(examples()[name], name="example")
    assert [entry.name for entry in FORMATS.values() if entry.detect(source)] == [name]


def test_every_reader_has_a_fixture_or_an_example() -> None:
    found = {name for path in FILES for name in claiming(path)} | examples().keys()
    assert {entry.name for entry in FORMATS.values() if entry.write is None} <= found


LATER = {
    "verl": [
        {"input": "a", "output": "b", "gts": "1", "step": 1},
        {"input": "a", "output": "c", "score": 1, "step": 1},
    ],
    "generations": [{"problem": "a", "generations": []}, {"problem": "b", "generations": ["c", None]}],
    "chats": [{"reward": 0}, {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}],
}
LATER["generations"].append({"problem": "b", "generations": ["c"]})


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("name", LATER)
def test_a_first_row_without_a_field_hides_no_format(name: str, listed: bool) -> None:
    content = json.dumps(LATER[name]) if listed else "\n".join(map(json.dumps, LATER[name]))
    assert read_with_report(content.encode()).format == name
