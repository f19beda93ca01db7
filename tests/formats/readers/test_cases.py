"""Every case in `data` gives what its `expected.json` says, alone and in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import Case, cases, check, examples

from treecore.formats import read, write
from treecore.formats.compare import losses

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_what_comes_out(case: Case) -> None:
    check(read(case.files, name=case.id), case.expected)


@pytest.mark.parametrize("case", [case for case in CASES if len(case.files) == 1], ids=lambda case: case.id)
def test_one_file_alone(case: Case) -> None:
    check(read(next(iter(case.files.values())), name=case.id), case.expected)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_it_is_the_same_once_written_in_our_own_format(case: Case, tmp_path: Path) -> None:
    forests = read(case.files, name=case.id)
    write(forests, tmp_path / "a.forest.jsonl")
    assert losses(forests, read(tmp_path / "a.forest.jsonl")) == []


@pytest.mark.parametrize("name", examples())
def test_an_example_is_read_whole_and_is_the_same_once_written_in_our_own_format(name: str, tmp_path: Path) -> None:
    forests = read(examples()[name], name="example")
    assert all(any(forest.text) for forest in forests)
    write(forests, tmp_path / "a.forest.jsonl")
    assert losses(forests, read(tmp_path / "a.forest.jsonl")) == []


@pytest.mark.parametrize("case", CASES[:1], ids=lambda case: case.id)
def test_a_wrong_number_is_found(case: Case) -> None:
    wrong = {**case.expected, "rewards": [*case.expected["rewards"][1:], 7.0]}
    with pytest.raises(AssertionError, match="rewards"):
        check(read(case.files), wrong)
