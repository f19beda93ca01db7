"""Write, read, equal: for any forest, in every form of file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from forests import any_forest, random_forest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.columns import TOKEN_COLUMNS
from treecore.core.forest import Forest, TokenTable
from treecore.errors import ForestError, FormatError
from treecore.formats import read, read_with_report, write
from treecore.formats.compare import losses
from treecore.formats.native_write import encode

NAMES = ("a.forest.jsonl", "a.forest.json", "a.forest.jsonl.gz", "a.forest.json.gz", "a.json", "a.JSONL")


def known_columns(table: TokenTable | None) -> set[str]:
    return set() if table is None else {c.name for c in TOKEN_COLUMNS if getattr(table, c.name) is not None}


@given(any_forest())
def test_any_forest_comes_back_equal(forest: Forest) -> None:
    back = read(encode(forest))[0]
    assert back.digest == forest.digest
    assert back.provenance == forest.provenance
    assert known_columns(back.tokens) == known_columns(forest.tokens)
    assert orjson.loads(encode(back)) == orjson.loads(encode(forest))
    assert encode(read(encode(back))[0]) == encode(back)
    assert losses([forest], [back]) == []


@given(any_forest(), any_forest())
def test_a_difference_is_reported_as_a_loss(one: Forest, other: Forest) -> None:
    if other.digest == one.digest:
        return
    found = losses([one], [other]) + losses([other], [one])
    assert found or one.extra != other.extra or one.node_extra != other.node_extra


@pytest.mark.parametrize("name", NAMES)
def test_every_form_of_file_comes_back_equal(tmp_path: Path, rng: np.random.Generator, name: str) -> None:
    forests = [random_forest(rng, 30, n_trees=3, tokens=number % 2 == 0, id=f"q{number}") for number in range(4)]
    write(forests, tmp_path / name)
    report = read_with_report(tmp_path / name)
    assert [forest.digest for forest in report.forests] == [forest.digest for forest in forests]
    assert report.format == "treecore"
    assert (report.n_nodes, report.n_trees) == (120, 12)
    assert report.n_leaves == report.n_scored == sum(len(forest.leaves) for forest in forests)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_content_counts_and_not_the_name(tmp_path: Path, rng: np.random.Generator, name: str) -> None:
    forest = random_forest(rng)
    write(forest, tmp_path / name)
    plain = tmp_path / "nothing.in.a.name"
    plain.write_bytes((tmp_path / name).read_bytes())
    assert read(plain)[0].digest == forest.digest
    assert read(plain.read_bytes())[0].digest == forest.digest


@given(any_forest(), st.randoms(use_true_random=False))
def test_the_order_of_nodes_in_the_file_does_not_matter(forest: Forest, random: object) -> None:
    document = orjson.loads(encode(forest))
    random.shuffle(document["nodes"])  # type: ignore[attr-defined]
    back = read(orjson.dumps(document))[0]
    above = {
        str(n): None if p < 0 else str(forest.node_id[p]) for n, p in zip(forest.node_id, forest.parent, strict=True)
    }
    found = {str(n): None if p < 0 else str(back.node_id[p]) for n, p in zip(back.node_id, back.parent, strict=True)}
    assert found == above
    for row, name in enumerate(back.node_id):
        old = forest.row(name)
        assert back.text[row] == forest.text[old]
        np.testing.assert_array_equal(back.reward[row], forest.reward[old])
        assert back.node_extra.get(row, {}) == forest.node_extra.get(old, {})
    assert read(encode(back))[0].digest == back.digest


def test_unknown_fields_stay_where_they_were() -> None:
    document = {
        "format": "treecore/1",
        "lab": {"deep": [1, None]},
        "extra": 5,
        "nodes": [{"id": 0, "parent": None, "mark": "x", "tokens": {"id": [1, 2], "surprise": [0.5]}, "zero": None}],
    }
    report = read_with_report(orjson.dumps(document))
    assert report.forests[0].extra == {"lab": {"deep": [1, None]}, "extra": 5}
    assert report.forests[0].node_extra == {0: {"mark": "x", "zero": None, "tokens": {"surprise": [0.5]}}}
    assert report.extra == {
        "forest.lab": 1,
        "forest.extra": 1,
        "nodes[].mark": 1,
        "nodes[].zero": 1,
        "nodes[].tokens": 1,
    }
    assert orjson.loads(encode(report.forests[0])) == document


def test_nulls_are_absence() -> None:
    nulls = dict.fromkeys(("text", "reward", "status", "born", "tokens", "columns", "credit", "tree"))
    loud = orjson.dumps(
        {"format": "treecore/1", "id": None, "policy": None, "nodes": [{"id": 0, "parent": None, **nulls}]}
    )
    quiet = b'{"format":"treecore/1","nodes":[{"id":0,"parent":null}]}'
    assert read(loud)[0].digest == read(quiet)[0].digest
    assert encode(read(loud)[0]) == quiet


def test_a_null_reward_is_not_zero() -> None:
    nodes = (
        '{"id":0,"parent":null},{"id":1,"parent":0,"reward":null},{"id":2,"parent":0,"reward":0},{"id":3,"parent":0}'
    )
    reward = read(f'{{"format":"treecore/1","nodes":[{nodes}]}}'.encode())[0].reward
    np.testing.assert_array_equal(reward, [np.nan, np.nan, 0.0, np.nan])


@pytest.mark.parametrize("numbers", [[0, 1], [1, 0], [4, 9]])
def test_tree_numbers_survive(numbers: list[int]) -> None:
    nodes = [
        {"id": "a", "parent": None, "tree": numbers[0]},
        {"id": "b", "parent": None, "tree": numbers[1]},
        {"id": "c", "parent": "b", "tree": numbers[1]},
        {"id": "d", "parent": "b"},
    ]
    forest = read(orjson.dumps({"format": "treecore/1", "nodes": nodes}))[0]
    assert forest.tree.tolist() == [0, 1, 1, 1]
    again = orjson.loads(encode(forest))["nodes"]
    assert [node.get("tree") for node in again] in ([None] * 4, [*numbers, numbers[1], None])
    assert ("tree" in again[0]) == (numbers != [0, 1])


def test_a_list_of_forests_and_its_unkept_fields() -> None:
    inner = {"nodes": [{"id": 0, "parent": None}]}
    report = read_with_report(orjson.dumps({"format": "treecore/1", "forests": [inner, inner], "note": 1}), name="x")
    assert len(report.forests) == 2
    assert report.warnings == ("x: field 'note' beside \"forests\" is not kept",)
    assert report.as_json()["n_forests"] == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"extra": {"prompt": 1}}, "field 'prompt': an extra field with the name"),
        ({"node_extra": {0: {"text": "b"}}}, "node 0, field 'text': an extra field with the name"),
        ({"extra": {"a": float("nan")}}, "nan has no form in JSON"),
        ({"extra": {"a": object()}}, "cannot be written as JSON"),
        ({"prompt": "\ud800"}, "cannot be written as JSON"),
        ({"policy": {"a": [[]]}, "extra": {"deep": orjson.loads("[" * 70 + "]" * 70)}}, "nested more than 64"),
    ],
)
def test_what_json_cannot_hold_is_refused_and_nothing_is_left(tmp_path: Path, fields: dict, message: str) -> None:
    path = tmp_path / "a.forest.jsonl"
    path.write_bytes(b"before")
    with pytest.raises(FormatError, match=message):
        write([Forest(parent=[-1]), Forest(parent=[-1], **fields)], path, overwrite=True)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["logprob", "entropy", "confidence"])
def test_infinite_numbers_are_refused_before_they_could_be_written(name: str) -> None:
    with pytest.raises(ForestError, match=f"has the {name} inf"):
        TokenTable(start=[0, 1], **{name: [np.inf]})
    for group in ("columns", "claimed"):
        with pytest.raises(ForestError, match="inf"):
            Forest(parent=[-1], **{group: {"v": [np.inf]}})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.txt", "no writable format ends like this name"),
        ("missing/a.json", "missing: there is no such folder; make it"),
        ("folder.json", "is a folder, not a file"),
        ("nul\0.json", "null character"),
    ],
)
def test_places_that_cannot_be_written(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(FormatError, match=message):
        write(Forest(parent=[-1]), str(tmp_path / name))
    with pytest.raises(FormatError, match="no forests"):
        write([], tmp_path / "a.json")
