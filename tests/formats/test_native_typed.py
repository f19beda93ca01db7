"""Decoding to records gives what plain JSON gives, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import orjson
import pytest
from forests import any_forest, random_forest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.formats import native_typed, read
from treecore.formats.compare import losses
from treecore.formats.limits import Account
from treecore.formats.native_chunks import Chunk
from treecore.formats.native_fields import FOREST_FIELDS, NODE_FIELDS
from treecore.formats.native_nodes import Nodes
from treecore.formats.native_pieces import read_piece
from treecore.formats.native_read import assembled, check_node_list, check_version, read_meta
from treecore.formats.native_typed import SAMPLE, Decoders, text_chunks
from treecore.formats.native_write import encode
from treecore.formats.source import raw_fields

SAMPLES = sorted((Path(__file__).parents[2] / "sample_trees").glob("*.forest.json*"))
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "0", "1", "terminated", "treecore/1", "\u0000", "\U0001f600"]),
    st.lists(st.one_of(st.none(), st.integers(-2, 2**65), st.text(max_size=2)), max_size=3),
    st.dictionaries(
        st.sampled_from(["x", "y", *(column.name for column in TOKEN_COLUMNS)]),
        st.one_of(st.none(), st.integers(-1, 2**66), st.lists(st.one_of(st.none(), st.floats(-9, 0)), max_size=2)),
        max_size=2,
    ),
)


def dumps(value: Any) -> bytes:
    """JSON with whole numbers of any size."""
    return json.dumps(value).encode()


def kinds(data: bytes) -> set[bool]:
    """Whether the chunks of a forest are records."""
    nodes = memoryview(raw_fields(data)["nodes"])
    return {found.chunk.typed for found in text_chunks(nodes, Decoders(), Account("", len(data), stored=0), "")}


def forest_from(value: Any, where: str, *, path: str, at_once: int = 4096) -> Forest:
    """One forest of plain JSON, by plain objects alone, some nodes at once; errors as of `read`."""
    check_version(value, where, path=path)
    listed = value.get("nodes")
    check_node_list(listed, f"{where}, {path}.nodes")
    account = Account(where, 10**12, stored=10**12)
    nodes = Nodes(where, path=f"{path}.nodes", account=account)
    pieces = []
    for chunk in (Chunk(listed[low : low + at_once], low) for low in range(0, len(listed), at_once)):
        given = nodes.look(chunk)
        pieces.append(read_piece(nodes, chunk, account))
        nodes.take(given)
    return assembled(nodes, pieces, read_meta(value, where, path=path), account)


def outcome(reading: Callable[[], Forest]) -> Forest | str:
    """The forest, or what is wrong."""
    try:
        return reading()
    except TreecoreError as error:
        return str(error)


def same(one: Forest, other: Forest) -> bool:
    return one.digest == other.digest and not losses([one], [other]) and not losses([other], [one])


@given(any_forest())
def test_what_it_gives_is_what_plain_json_gives(forest: Forest) -> None:
    data = encode(forest)
    found = read(data)[0]
    assert same(found, forest_from(orjson.loads(data), "", path="$"))
    assert encode(found) == encode(forest_from(orjson.loads(data), "", path="$"))


def without_long_numbers(said: str) -> str:
    """A message without numbers beyond 64 bits, which a parser of plain JSON rounds before they can be quoted."""
    return re.sub(r"\d{17,}", "N", said)


@given(st.data())
def test_whatever_is_changed(data: st.DataObject) -> None:
    forest = random_forest(np.random.default_rng(data.draw(st.integers(0, 50))), 6, tokens=True)
    value = orjson.loads(encode(forest))
    place = data.draw(st.sampled_from([value, *value["nodes"]]))
    names = FOREST_FIELDS - {"format", "nodes"} if place is value else NODE_FIELDS
    place[data.draw(st.sampled_from([*sorted(names), "other"]))] = data.draw(ODD)
    changed = dumps(value)
    plainly = outcome(lambda: forest_from(orjson.loads(changed), "the data", path="$"))
    in_file = outcome(lambda: read(changed)[0])
    if "has more than 64 bits" in str(in_file):
        assert any(len(digits) > 18 for digits in re.findall(r"\d+", changed.decode()))
    elif isinstance(plainly, str):
        assert without_long_numbers(str(in_file)) == without_long_numbers(plainly)
    else:
        assert isinstance(in_file, Forest)
        assert same(in_file, plainly)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_recorded_forests_take_the_short_way(path: Path) -> None:
    data = path.read_bytes()
    assert kinds(data) == {True}
    assert same(read(data)[0], forest_from(orjson.loads(data), "", path="$"))


def test_fields_that_first_occur_in_the_middle_are_kept(rng: np.random.Generator) -> None:
    value = orjson.loads(encode(random_forest(rng, 3000, n_trees=1)))
    for node in value["nodes"]:
        node["text"] = "x" * 60
        for name in (*(column.name for column in NODE_COLUMNS if column.name != "text"), "columns"):
            node.pop(name, None)
    value["nodes"][1500] |= {"observation": "here", "columns": {"value": 0.5}}
    data = orjson.dumps(value)
    assert b'"columns"' not in data[:SAMPLE]
    assert b'"columns"' not in data[-SAMPLE:]
    assert kinds(data) == {True}
    found = read(data)[0]
    assert found.observation[1500] == "here"
    assert found.columns["value"][1500] == 0.5
    assert same(found, forest_from(value, "", path="$"))


def test_escaped_names_are_names() -> None:
    data = b'{"format":"treecore/1","nodes":[{"id":0,"parent":null,"te\\u0078t":"hello"},{"\\u0069d":1,"parent":0}]}'
    assert read(data)[0].text == ("hello", "")


@pytest.mark.parametrize("depth", [100, 100_000])
def test_nesting_does_no_harm(depth: int) -> None:
    nested = b'{"format":"treecore/1","policy":' + b'{"a":' * depth + b"1" + b"}" * depth
    with pytest.raises(TreecoreError):
        read(nested + b',"nodes":[{"id":0,"parent":null}]}')


@given(st.lists(any_forest(), min_size=2, max_size=4))
def test_documents_of_one_file_may_differ_in_their_fields(forests: list[Forest]) -> None:
    found = read(b"\n".join(map(encode, forests)))
    for one, forest in zip(found, forests, strict=True):
        assert same(one, forest_from(orjson.loads(encode(forest)), "", path="$"))


@given(st.data())
def test_any_size_of_a_chunk_gives_the_same(data: st.DataObject) -> None:
    forest = random_forest(np.random.default_rng(data.draw(st.integers(0, 50))), 40, n_trees=3, tokens=True)
    value = orjson.loads(encode(forest))
    for node in value["nodes"]:
        if data.draw(st.booleans()):
            node["text"] = data.draw(st.sampled_from(['}, {"id": 7}', "},{", '"}],[{"', "}\n,\n{"]))
        if data.draw(st.booleans()):
            node[data.draw(st.sampled_from(["mine", "b", "c"]))] = [{"a": 1}, {"b": [{}, {}]}]
    value["nodes"] = data.draw(st.permutations(value["nodes"]))
    if data.draw(st.booleans()):
        names = {node["id"]: f"n{node['id']}" for node in value["nodes"]}
        for node in value["nodes"]:
            node["id"], node["parent"] = names[node["id"]], names.get(node["parent"])
    text = data.draw(st.sampled_from([json.dumps(value), json.dumps(value, indent=1), orjson.dumps(value).decode()]))
    with mock.patch.object(native_typed, "CHUNK_BYTES", data.draw(st.sampled_from([1, 40, 300, 5000]))):
        found = read(text.encode())[0]
    assert same(found, forest_from(value, "", path="$", at_once=data.draw(st.sampled_from([1, 3, 100]))))


def test_decoders_are_not_made_for_every_line() -> None:
    """Making one takes longer than parsing a short line."""
    lines = [b'{"format":"treecore/1","nodes":[{"id":0,"parent":null,"f%d":1}]}' % number for number in range(2000)]
    made = native_typed.decoder.cache_info().misses
    assert [list(forest.node_extra[0]) for forest in read(b"\n".join(lines))] == [[f"f{n}"] for n in range(2000)]
    assert native_typed.decoder.cache_info().misses - made < 30
