"""Every bad file gives one line: what was found, where, what to do."""

from __future__ import annotations

import gzip
import json
import os
import socket
from pathlib import Path

import pytest

from treecore.errors import FormatError, TreecoreError
from treecore.formats import read, write
from treecore.formats.source import open_source
from treecore.tasks.dataset.rows import read_rows


def forest(nodes: str, head: str = '"format":"treecore/1"') -> str:
    return f'{{{head},"nodes":[{nodes}]}}'


ROOT = '{"id":0,"parent":null}'
BAD = {
    "no json": ("hello", "line 1, column 1", "this is not JSON"),
    "pickle": (b"\x80\x04\x95", "bad", "this is a pickle: opening one can run any code"),
    "zeros": (b"\0" * 100, "line 1", "this is not JSON"),
    "a list": ("[1]", "bad", "the file holds the list [1], no forest"),
    "an empty list": ("[]", "bad", "the file holds an empty list, no forest"),
    "a list of null": ("[null]", "bad", "the file holds the list [null], no forest"),
    "a bare list of forests": (f"[{forest(ROOT)}]", "bad", "a bare list of forests; put one on each line"),
    "null": ("null", "bad", "the file holds null, no forest; give a forest"),
    "true": ("true", "bad", "the file holds true, no forest"),
    "a text": ('"x"', "bad", 'the file holds "x", no forest'),
    "NaN alone": ("NaN", "line 1, column 1", "NaN is not JSON"),
    "an empty object": ("{}", "bad", "an empty object is no forest"),
    "other fields": ('{"a":1}', "bad", "with the fields a; say what its fields are"),
    "null for forests": ('{"forests":null}', "$.forests", "null is not a list of forests; list at least one"),
    "an object for forests": ('{"forests":{}}', "$.forests", "{} is not a list of forests"),
    "a list of no forests": ('{"forests":[]}', "$.forests", "the list of forests is empty"),
    "a list of null for forests": ('{"forests":[null]}', "$.forests[0]", "null is not a forest"),
    "forests without format": ('{"forests":[{"nodes":[]}]}', "$.forests[0]", "no format field"),
    "null for forests of ours": ('{"format":"treecore/1","forests":null}', "$.forests", "null is not a list"),
    "nodes without format": (f'{{"nodes":[{ROOT}]}}', "bad, $", 'no format field; add "format": "treecore/1"'),
    "null for format": ('{"format":null}', "$.format", "the format is null; this program reads treecore/1"),
    "questions": ('{"prompt":"a","answer":"b"}', "bad", "these are questions, not forests; sample answers"),
    "a zip archive": (b"PK\x03\x04\x14\0", "bad", "the zip archive is damaged (File is not a zip file); copy it again"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", "bad", "the zstd data ends too early (truncated); copy it again"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "bad", "this is a picture, not JSON"),
    "gzip of gzip": (gzip.compress(gzip.compress(b"{}")), "bad", "holds another gzip file; unpack it once"),
    "gzip of nothing": (gzip.compress(b""), "bad", "the file is empty"),
    "a mark of byte order alone": (b"\xef\xbb\xbf", "bad", "the file is empty"),
    "utf-32": ("{}".encode("utf-32"), "bad", "the text is UTF-32; save it as UTF-8"),
    "empty": ("", "bad", "the file is empty"),
    "blank": (" \n\n ", "bad", "the file is empty"),
    "truncated": (forest(ROOT)[:-5], "line 1", "truncated"),
    "truncated over lines": ('{"format":\n"treecore/1",\n"nodes":[', "line 3", "truncated"),
    "truncated second line": (forest(ROOT) + "\n" + forest(ROOT)[:-9], "line 2, column", "truncated"),
    "broken first line": ('{"format" "treecore/1"}\n' + forest(ROOT), "line 1, column 1", "not valid JSON"),
    "trailing comma": (forest(ROOT + ","), "line 1", "not valid JSON"),
    "two documents": ('{"format":\n"treecore/1"}\n{"a":\n1}', "line 3", "a second JSON value"),
    "nan": (forest('{"id":0,"parent":null,"reward":NaN}'), "line 1, column", "NaN is not JSON"),
    "minus infinity": (forest('{"id":0,"parent":null,"reward":-Infinity}'), "column", "-Infinity is not JSON"),
    "too large a float": (forest('{"id":0,"parent":null,"reward":1e999}'), "column", "too large"),
    "not utf-8": (b'{"format":"treecore/1",\n"prompt":"\xff"}', "line 2", "byte 0xff is not UTF-8"),
    "utf-16": ("{}".encode("utf-16"), "bad", "UTF-16"),
    "lone surrogate": (forest('{"id":0,"parent":null,"text":"\\ud800"}'), "line 1", "lone surrogate"),
    "json too deep": ('{"format":"treecore/1","x":' + "[" * 2000 + "]" * 2000 + "}", "line 1", "levels deep"),
    "field too deep": (forest(ROOT, '"format":"treecore/1","x":' + "[" * 70 + "]" * 70), "$.x", "levels deep"),
    "node field too deep": (forest('{"id":0,"parent":null,"x":' + "[" * 70 + "]" * 70 + "}"), "$.nodes[0].x", "levels"),
    "wrong version": (forest(ROOT, '"format":"treecore/2"'), "$.format", 'the format is "treecore/2"'),
    "later version": (forest(ROOT) + "\n" + forest(ROOT, '"format":1'), "line 2, $.format", "the format is 1"),
    "no version later": (forest(ROOT) + "\n\n" + forest(ROOT, '"a":1'), "line 3, $.format", "no format field"),
    "later line no object": (forest(ROOT) + "\n7", "line 2, $", "7 is not a forest"),
    "no nodes": ('{"format":"treecore/1"}', "$.nodes", "without nodes"),
    "nodes no list": ('{"format":"treecore/1","nodes":{}}', "$.nodes", "{} is not a list"),
    "empty nodes": (forest(""), "$.nodes", "without nodes"),
    "no forests": ('{"format":"treecore/1","forests":[]}', "$.forests", "the list of forests is empty"),
    "bad inner forest": (f'{{"forests":[{forest(ROOT)},{forest("5")}]}}', "$.forests[1].nodes[0]", "5 is not a node"),
    "node no object": (forest(ROOT + ",[]"), "$.nodes[1]", "[] is not a node"),
    "no id": (forest(ROOT + ',{"parent":0}'), "$.nodes[1]", "without id"),
    "bool id": (forest('{"id":true,"parent":null}'), "$.nodes[0].id", "true is not an id"),
    "fraction id": (forest('{"id":0.5,"parent":null}'), "$.nodes[0].id", "0.5 is not an id"),
    "large id": (
        forest('{"id":99999999999999999999,"parent":null}'),
        "$.nodes[0].id",
        "the whole number 99999999999999999999 has more than 64 bits, too large for an id",
    ),
    "large parent": (
        forest(ROOT + ',{"id":1,"parent":123456789012345678901}'),
        "$.nodes[1].parent",
        "123456789012345678901",
    ),
    "large text": (
        forest('{"id":0,"parent":null,"text":123456789012345678901}'),
        "$.nodes[0].text",
        "123456789012345678901",
    ),
    "no parent": (forest(ROOT + ',{"id":1}'), "$.nodes[1] (node 1)", "without parent"),
    "bool parent": (forest(ROOT + ',{"id":1,"parent":false}'), "$.nodes[1].parent (node 1)", "false is not an id"),
    "missing parent": (forest(ROOT + ',{"id":1,"parent":"x"}'), "$.nodes[1].parent (node 1)", 'no node "x"'),
    "parent minus one": (forest('{"id":0,"parent":-1}'), "$.nodes[0].parent (node 0)", "no node -1"),
    "duplicate": (forest(ROOT + ',{"id":"0","parent":0}'), "$.nodes[1].id", "already that of $.nodes[0]"),
    "own parent": (forest('{"id":0,"parent":0}'), "$.nodes[0].parent", "node 0 is its own parent"),
    "cycle": (
        forest(ROOT + ',{"id":1,"parent":2},{"id":2,"parent":3},{"id":3,"parent":2}'),
        "$.nodes[2].parent",
        "nodes 2, 3 are each other's ancestors",
    ),
    "no root": (forest('{"id":0,"parent":1},{"id":1,"parent":0}'), "$.nodes[0].parent", "no node is a root"),
    "reward inside": (
        forest('{"id":5,"parent":0,"reward":1},{"id":7,"parent":5},' + ROOT),
        "$.nodes[0].reward (node 5)",
        "has a reward",
    ),
    "reward text": (forest('{"id":0,"parent":null,"reward":"1"}'), "$.nodes[0].reward (node 0)", '"1" is not a number'),
    "reward bool": (forest('{"id":0,"parent":null,"reward":true}'), "$.nodes[0].reward", "true is not a number"),
    "text number": (forest('{"id":0,"parent":null,"text":5}'), "$.nodes[0].text", "5 is not text"),
    "status": (forest('{"id":0,"parent":null,"status":"done"}'), "$.nodes[0].status", '"done" is no status'),
    "negative count": (forest('{"id":0,"parent":null,"n_model_tokens":-1}'), ".n_model_tokens (node 0)", "is negative"),
    "negative beside null": (
        forest(ROOT + ',{"id":1,"parent":0,"born":-1}'),
        "$.nodes[1].born (node 1)",
        "-1 is negative",
    ),
    "fraction count": (forest('{"id":0,"parent":null,"born":0.5}'), "$.nodes[0].born", "0.5 is not a whole number"),
    "large count": (forest('{"id":0,"parent":null,"born":9999999999999999999}'), "$.nodes[0].born", "too large"),
    "larger count": (forest('{"id":0,"parent":null,"born":1e300}'), "$.nodes[0].born", "too large"),
    "tokens list": (forest('{"id":0,"parent":null,"tokens":[]}'), "$.nodes[0].tokens", "[] is not an object"),
    "column no list": (forest('{"id":0,"parent":null,"tokens":{"id":5}}'), "$.nodes[0].tokens.id", "5 is not a list"),
    "unequal columns": (
        forest('{"id":0,"parent":null,"tokens":{"id":[1,2],"logprob":[-1]}}'),
        "$.nodes[0].tokens.logprob (node 0)",
        "1 value where id has 2",
    ),
    "bad token": (
        forest(ROOT + ',{"id":"b","parent":0,"tokens":{"id":[1,"x"]}}'),
        '$.nodes[1].tokens.id[1] (node "b")',
        '"x" is not',
    ),
    "bad column": (
        forest('{"id":0,"parent":null,"columns":{"a b":"x"}}'),
        '$.nodes[0].columns["a b"] (node 0)',
        "is not a number",
    ),
    "bad credit": (forest('{"id":0,"parent":null,"credit":5}'), "$.nodes[0].credit", "5 is not an object"),
    "prompt number": (forest(ROOT, '"format":"treecore/1","prompt":5'), "$.prompt", "5 is not text"),
    "policy text": (forest(ROOT, '"format":"treecore/1","policy":"gpt"'), "$.policy", '"gpt" is not an object'),
    "tree differs": (
        forest('{"id":0,"parent":null,"tree":0},{"id":1,"parent":0,"tree":1}'),
        "$.nodes[1].tree (node 1)",
        "tree 1",
    ),
    "id of many lists": (
        forest(f'{{"id":{"[" * 300}{"]" * 300},"parent":null}}'),
        "$.nodes[0].id",
        "[[[]]] is not an id",
    ),
    "reward of many objects": (
        forest(ROOT + ',{"id":1,"parent":0,"reward":' + '{"a":' * 300 + "1" + "}" * 300 + "}"),
        "$.nodes[1].reward (node 1)",
        "is not a number",
    ),
    "number beyond 64 bits": (
        forest(ROOT, '"format":"treecore/1","run_id":123456789012345678901234567890'),
        "$.run_id",
        "the whole number 123456789012345678901234567890 has more than 64 bits",
    ),
    "number beyond 64 bits inside": (
        forest(ROOT, '"format":"treecore/1","policy":{"seeds":[1,18446744073709551616]}'),
        "$.policy.seeds[1]",
        "18446744073709551616 has more than 64 bits",
    ),
    "number beyond 64 bits in a node": (
        forest(ROOT + ',{"id":1,"parent":0,"hash":-9223372036854775809}'),
        "$.nodes[1].hash (node 1)",
        "-9223372036854775809 has more than 64 bits",
    ),
    "number of thousands of digits": (
        forest('{"id":0,"parent":null,"x":' + "9" * 300 + "}"),
        "$.nodes[0].x (node 0)",
        "the whole number 999999999999999999999999... has more than 64 bits",
    ),
    "field twice": (
        forest(ROOT, '"format":"treecore/1","prompt":"a","prompt":"b"'),
        "$",
        'the field "prompt" is written twice',
    ),
    "nodes twice": (forest(ROOT, f'"format":"treecore/1","nodes":[{ROOT}]'), "$", 'field "nodes" is written twice'),
    "field of a node twice": (
        forest(ROOT + ',{"id":1,"parent":0,"reward":1,"reward":0}'),
        "$.nodes[1] (node 1)",
        'the field "reward" is written twice',
    ),
    "unknown field twice": (
        forest(ROOT + ',{"id":1,"parent":0,"x":{"b":{"a":1,"a":2}}}'),
        "$.nodes[1].x.b (node 1)",
        '"a" is written twice',
    ),
    "token column twice": (
        forest('{"id":0,"parent":null,"tokens":{"id":[1],"id":[2]}}'),
        "$.nodes[0].tokens",
        '"id" is written twice',
    ),
    "name of a column twice": (
        forest('{"id":0,"parent":null,"columns":{"a":1,"\\u0061":2}}'),
        "$.nodes[0].columns",
        '"a" is written twice',
    ),
    "field of the policy twice": (
        forest(ROOT, '"format":"treecore/1","policy":{"name":"a", "name" : "b"}'),
        "$.policy",
        '"name" is written twice',
    ),
    "children inside": (
        forest('{"id":0,"parent":null,"children":[{"id":1,"text":"a"},{"id":2}]}'),
        "$.nodes[0].children (node 0)",
        "2 nested nodes",
    ),
    "lines that end in CR alone": (forest(ROOT) + "\r" + forest(ROOT), "line 1", "second JSON value"),
    "utf-16 without its mark": ('{"a":1}'.encode("utf-16-le"), "bad", "UTF-16"),
    "a value after the forest": (forest(ROOT) + "}", "line 1", "second JSON value"),
    "tree twice": (
        forest('{"id":0,"parent":null,"tree":0},{"id":1,"parent":null,"tree":0}'),
        "$.nodes[1].tree",
        "second root",
    ),
}


def one_line(error: TreecoreError) -> str:
    line = str(error)
    assert "\n" not in line
    assert error.found
    assert error.where.startswith("bad")
    assert error.todo
    assert len(line) < 400
    return line


@pytest.mark.parametrize("case", BAD)
def test_one_line_says_what_where_and_what_to_do(case: str) -> None:
    content, where, found = BAD[case]
    with pytest.raises(TreecoreError) as caught:
        read(content if isinstance(content, bytes) else content.encode(), name="bad")
    assert found in one_line(caught.value)
    assert where in caught.value.where


@pytest.mark.parametrize("case", [case for case in BAD if not case.startswith("gzip of")])
def test_the_same_from_a_compressed_file(case: str, tmp_path: Path) -> None:
    content, where, found = BAD[case]
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(content if isinstance(content, bytes) else content.encode()))
    with pytest.raises(TreecoreError) as caught:
        read(path, name="bad")
    assert where in one_line(caught.value)
    assert found in str(caught.value)


def test_a_byte_order_mark_and_foreign_line_ends_are_fine() -> None:
    text = b"\xef\xbb\xbf" + f"{forest(ROOT)}\r\n\r\n{forest(ROOT)}\r\n".encode()
    assert len(read(text)) == 2


def test_whole_numbers_may_be_written_as_floats() -> None:
    found = read(forest('{"id":1.0,"parent":null},{"id":2,"parent":1,"born":3.0}').encode())[0]
    assert found.node_id == (1, 2)
    assert found.born.tolist() == [-1, 3]


@pytest.mark.parametrize("depth", range(950, 1050, 7))
@pytest.mark.parametrize("field", ["id", "reward", "x", "tokens"])
def test_about_a_thousand_levels_are_told_with_their_place(field: str, depth: int) -> None:
    nested = forest(f'{{"id":0,"parent":null,"{field}":{"[" * depth}{"]" * depth}}}').encode()
    with pytest.raises(TreecoreError) as caught:
        read(nested, name="bad")
    assert "$.nodes[0]" in one_line(caught.value) or "line 1, column" in one_line(caught.value)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ('"x":18446744073709551615', 2**64 - 1),
        ('"x":-9223372036854775808', -(2**63)),
        ('"x":"123456789012345678901"', "123456789012345678901"),
        ('"x":-0.0', -0.0),
        ('"x":1e-5', 1e-5),
        ('"x":[null,{"":null}]', [None, {"": None}]),
        ('"x":0.1234567890123456789', 0.12345678901234568),
        ('"x":1E+2', 100.0),
    ],
)
def test_values_beyond_the_format_that_are_kept(fields: str, kept: object, tmp_path: Path) -> None:
    """Up to 64 bits, and texts that look like numbers; a name may stand again in another object."""
    data = forest(f'{{"id":0,"parent":null,{fields}}}', f'"format":"treecore/1","y":{{{fields}}}').encode()
    found = read(data)[0]
    assert repr(found.node_extra[0]["x"]) == repr(found.extra["y"]["x"]) == repr(kept)
    write(found, tmp_path / "a.forest.json")
    assert read(tmp_path / "a.forest.json")[0].digest == found.digest


@pytest.mark.parametrize("text", ['":', ' " : ', ":", ': "', '\\\\":', '{"a":1,"a":2}', "a\\", '\\":"'])
def test_words_are_not_taken_for_names(text: str) -> None:
    node = json.dumps({"id": 0, "parent": None, "text": text, text: {text: text}, "observation": text})
    for separators in ((",", ":"), (", ", " : ")):
        spaced = json.dumps(json.loads(node), separators=separators)
        assert read(forest(spaced, json.dumps({"format": "treecore/1", text: text})[1:-1]).encode())[0].text == (text,)


def test_children_that_are_ids_are_kept() -> None:
    found = read(forest('{"id":0,"parent":null,"children":[1]},{"id":1,"parent":0,"children":[]}').encode())[0]
    assert found.node_extra == {0: {"children": [1]}, 1: {"children": []}}


def test_archives_of_several_members_are_one_file() -> None:
    parts = gzip.compress(forest(ROOT).encode() + b"\n") + gzip.compress(forest(ROOT).encode())
    assert len(read(parts)) == 2
    assert len(read(parts + bytes(8))) == 2
    with pytest.raises(FormatError, match="damaged"):
        read(parts + b"garbage")


def test_what_is_no_file(tmp_path: Path) -> None:
    for path, found in (
        (tmp_path / "none", "no such file"),
        (tmp_path, "there is no file in it"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(FormatError, match=found) as caught:
            read(path, name="bad")
        one_line(caught.value)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(FormatError, match="no permission"):
        read(tmp_path / "a.json")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(FormatError, match="1,000,000,000 bytes or more, where the limit is 500,000,000"):
        read(path)


def test_a_gzip_bomb_is_stopped_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_BYTES", "100000")
    bomb = gzip.compress(b" " * 10_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(FormatError, match="100,001 bytes or more"):
        read(bomb)


@pytest.mark.parametrize(
    ("change", "found"), [(lambda d: d[:-10], "truncated"), (lambda d: d[:-8] + bytes(8), "damaged")]
)
def test_a_broken_gzip_file(change: object, found: str) -> None:
    with pytest.raises(FormatError, match=found):
        read(change(gzip.compress(forest(ROOT).encode())))  # type: ignore[operator]


def test_the_limit_on_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_NODES", "2")
    chain = ",".join('{"id":%d,"parent":%s}' % (i, i - 1 if i else "null") for i in range(3))  # noqa: UP031
    with pytest.raises(FormatError, match="3 nodes, where the limit is 2"):
        read(forest(chain).encode())
    with pytest.raises(FormatError, match="more than 10 JSON objects and lists"):
        read(forest(ROOT, '"format":"treecore/1","x":[' + ",".join(["[]"] * 20) + "]").encode())


@pytest.mark.parametrize("value", ["x", "-1", "0", "1e6"])
def test_a_limit_that_is_no_number(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TREECORE_MAX_BYTES", value)
    with pytest.raises(FormatError, match="TREECORE_MAX_BYTES"):
        read(forest(ROOT).encode())


def test_a_pipe_is_read_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    end, start = os.pipe()
    os.write(start, b"{}  " * 100)
    os.close(start)
    monkeypatch.setenv("TREECORE_MAX_BYTES", "100")
    with pytest.raises(FormatError, match="101 bytes or more"):
        open_source(f"/dev/fd/{end}")
    os.close(end)


def test_what_may_never_end_is_not_waited_for(tmp_path: Path) -> None:
    pipe, link = tmp_path / "run.forest.jsonl", tmp_path / "link.jsonl"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(FormatError, match=rf"{path.name}: this is a FIFO, not a file; save what it gives"):
            read(path)
    with pytest.raises(FormatError, match="this is a FIFO"):
        read_rows(str(pipe))
    for path in ("/dev/zero", os.devnull):
        with pytest.raises(FormatError, match="this is a device"):
            read(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(FormatError, match="this is a socket"):
            read(tmp_path / "socket")
