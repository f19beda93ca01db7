"""Every case in `data` gives what its `expected.json` says, alone and in a folder."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from cases import Case, cases, check, examples

from treecore.formats import read, write
from treecore.formats.compare import losses
from treecore.formats.gather import gather_file
from treecore.formats.source import open_source

CASES = list(cases())
LOSE_MUCH = {"inspect_ai", "otel", "prime_rl_tokens", "verifiers", "weave"}
"""Formats of which `docs/formats.md` says at length what is not kept."""


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


def with_a_field(data: bytes) -> bytes:
    """JSON, or lines of it, each of whose rows, or the one object that it is, has a field that nobody knows; empty for
    other files."""
    try:
        rows = [orjson.loads(line) for line in data.splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        try:
            whole = orjson.loads(data)
        except orjson.JSONDecodeError:
            return b""
        rows = whole if isinstance(whole, list) else [whole]
    if not all(isinstance(row, dict) for row in rows):
        return b""
    return b"\n".join(orjson.dumps({**row, "unheard_of": "word-7391"}) for row in rows)


ALONE = [(case.id, *case.files.items()) for case in CASES if len(case.files) == 1]
MORE = [(case, name, more) for case, (name, data) in ALONE if (more := with_a_field(data))]


@pytest.mark.parametrize(("name", "data"), [case[1:] for case in MORE], ids=[case[0] for case in MORE])
def test_a_field_that_nobody_knows_is_kept_or_told(name: str, data: bytes, tmp_path: Path) -> None:
    found = gather_file(open_source(data, name=name))
    notes = " ".join(found.notes.dropped)
    write(found.finish(found.account()), tmp_path / "a.forest.jsonl")
    kept = "word-7391" in (tmp_path / "a.forest.jsonl").read_text()
    assert kept or "unheard_of" in notes or {entry.name for entry in found.formats} <= LOSE_MUCH


@pytest.mark.parametrize("case", CASES[:1], ids=lambda case: case.id)
def test_a_wrong_number_is_found(case: Case) -> None:
    wrong = {**case.expected, "rewards": [*case.expected["rewards"][1:], 7.0]}
    with pytest.raises(AssertionError, match="rewards"):
        check(read(case.files), wrong)
