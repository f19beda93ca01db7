"""A forest of a large file of another tool is read from its own lines, and is the one that the whole file gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from treecore.bench.reading_files import MADE
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.formats.compare import losses
from treecore.formats.source import open_source
from treecore.library import Index, index_path, opening, refresh, scan
from treecore.library.opening import open_forest
from treecore.library.pieces import MAX_PIECES, mark_of, pieces_of

LINES = ("verl", "chats", "generations", "table", "lm_eval", "ms_swift", "nemo_rl")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(scan, "LARGE", 0)


def indexed(folder: Path) -> Index:
    index = Index(index_path(folder))
    refresh(folder, index, workers=1)
    return index


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / name).write_bytes(data)
    return folder


def never(*_: object) -> list[Forest]:
    raise AssertionError("the whole file is read")


def assert_same(given: Forest, wanted: Forest) -> None:
    assert losses([given], [wanted]) == losses([wanted], [given]) == []
    assert (given.id, given.provenance, given.node_id) == (wanted.id, wanted.provenance, wanted.node_id)


@pytest.mark.parametrize("family", LINES)
def test_only_its_lines_are_read(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{family}.jsonl"
    folder = written(tmp_path, name, b"\n\n" + MADE[name](80).replace(b"\n", b"\n\n"))
    index = indexed(folder)
    whole = read(folder / name, name=name)
    assert len(whole) == 10
    monkeypatch.setattr(opening, "_whole", never)
    for number, forest in enumerate(whole):
        assert_same(open_forest(folder, index, name, number), forest)


def test_rows_that_are_scattered_keep_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"input": f"q{n % 3}", "output": f"a{n}", "score": n % 2, "step": n // 6} for n in range(12)]
    folder = written(tmp_path, "d.jsonl", "\n".join(map(json.dumps, rows)).encode())
    index = indexed(folder)
    whole = read(folder / "d.jsonl", name="d.jsonl")
    monkeypatch.setattr(opening, "_whole", never)
    found = [open_forest(folder, index, "d.jsonl", number) for number in range(len(whole))]
    for one, forest in zip(found, whole, strict=True):
        assert_same(one, forest)
    assert [one.provenance["where"] for one in found[3:]] == [f"d.jsonl, line {n}" for n in (7, 8, 9)]


def test_what_all_rows_decide_is_read_from_all(tmp_path: Path) -> None:
    """The reward is the list with the fewest gaps; by the rows of the first prompt alone it would be the other."""
    rows = [
        {"problem": "p", "generations": ["a", "b"], "score_1": [1, 0], "score_2": [0, 1]},
        {"problem": "q", "generations": ["a", "b"], "score_1": [None, None], "score_2": [0, 1]},
    ]
    folder = written(tmp_path, "g.jsonl", "\n".join(map(json.dumps, rows)).encode())
    index = indexed(folder)
    first = open_forest(folder, index, "g.jsonl", 0)
    assert first.reward.tolist() == [0, 1]
    assert_same(first, read(folder / "g.jsonl", name="g.jsonl")[0])


def test_rollouts_of_which_not_all_lines_are_known_are_read_from_all(tmp_path: Path) -> None:
    folder = written(tmp_path, "spans.jsonl", MADE["spans.jsonl"](16))
    index = indexed(folder)
    for number, forest in enumerate(read(folder / "spans.jsonl", name="spans.jsonl")):
        assert_same(open_forest(folder, index, "spans.jsonl", number), forest)


def test_a_file_that_is_one_document_has_no_pieces(tmp_path: Path) -> None:
    rows = [{"input": "q", "output": "a", "score": 1, "step": 1}]
    folder = written(tmp_path, "d.json", json.dumps(rows).encode())
    assert indexed(folder).query("SELECT pieces, mark FROM forests").rows == [(None, None)]


def test_lines_that_follow_each_other_are_one_piece() -> None:
    source = open_source(b'{"a": 1}\n\n{"a": 2}\n{"a": 3}\n{"a": 4}', name="f")
    of_two, unknown, elsewhere = pieces_of(source, [["f, line 3", "f, line 4, item 2"], ["row 3"], ["f, line 9"]])
    assert of_two == [(1, 0, 9), (3, 10, 18)]
    assert (unknown, elsewhere) == ([], [])


def test_a_forest_in_very_many_pieces_is_read_from_all() -> None:
    n = 2 * MAX_PIECES + 4
    source = open_source(b"{}\n" * n, name="f")
    (few, many) = pieces_of(
        source, [[f"f, line {2 * k + 1}" for k in range(count)] for count in (MAX_PIECES + 1, MAX_PIECES + 2)]
    )
    assert (len(few), len(many)) == (MAX_PIECES, 0)


def test_a_mark_is_another_where_a_number_or_a_name_is() -> None:
    forest = Forest(parent=[-1, -1], text=["a", "b"], reward=[1.0, 0.0], columns={"c": [1.0, 2.0]}, id="one")
    assert mark_of(forest) == mark_of(forest.with_columns(id="two"))
    for change in (
        {"reward": [0.0, 1.0]},
        {"columns": {"d": [1.0, 2.0]}},
        {"columns": {}, "claimed": {"c": [1.0, 2.0]}},
        {"text": ("a", "bc")},
        {"provenance": {"where": "line 2"}},
        {"node_extra": {0: {"kind": "x"}}},
    ):
        assert mark_of(forest) != mark_of(forest.with_columns(**change))
