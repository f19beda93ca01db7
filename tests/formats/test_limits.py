"""What a file may cost: peak memory is measured in a process of its own, time as work that is done or not."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.limits import MAX_NAMES, SMALL_FILE, SMALL_UNPACKED, Account, json_cost, object_cost

SMALL_PEAK, TIMES = 400_000_000, 8
LARGE = 60_000_000
"""Bytes of a large file, so that 8 times are more than what any file may take."""
MEASURE = """
import sys
from treecore.errors import TreecoreError
from treecore.formats import read
peak = lambda: int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024
before = peak()
try:
    said = f"{len(read(sys.argv[1]))} forests"
except TreecoreError as error:
    said = str(error)
print(before, peak(), said)
"""
ROOT = b'{"id":0,"parent":null}'


class Measured(NamedTuple):
    """Bytes that the program takes before it reads, and at most; what came out, or the error."""

    before: int
    peak: int
    said: str


def measured(path: Path) -> Measured:
    """Read a file in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    before, peak, said = done.stdout.strip().split(" ", 2)
    return Measured(int(before), int(peak), said)


def forest(nodes: Iterable[bytes], fields: bytes = b"") -> bytes:
    return b'{"format":"treecore/1",%b"nodes":[%b]}' % (fields, b",".join(nodes))


def filled(make: Callable[[int], bytes], size: int, first: int = 0) -> list[bytes]:
    """As many pieces as make up that many bytes with commas between them."""
    pieces, total = [], 0
    while total < size:
        pieces.append(make(first + len(pieces)))
        total += len(pieces[-1]) + 1
    return pieces[:-1]


def repeated(one: bytes, size: int) -> bytes:
    return b",".join([one] * (size // (len(one) + 1)))


def node(fields: bytes) -> Callable[[int], bytes]:
    """Makes nodes with these fields; `%d` is the number of the node."""
    return lambda number: b'{"id":%d,"parent":null,%b}' % (number, fields.replace(b"%d", b"%d" % number))


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "nodes": lambda size: forest(filled(lambda n: b'{"id":%d,"parent":null}' % n, size)),
    "children first": lambda size: forest([*filled(lambda n: b'{"id":"a%d","parent":"a%d"}' % (n, n + 1), size)]),
    "token ids": lambda size: forest(filled(node(b'"tokens":{"id":[%b]}' % repeated(b"999", 4000)), size)),
    "one node of tokens": lambda size: forest([node(b'"tokens":{"logprob":[%b]}' % repeated(b"-1", size))(0)]),
    "a long list": lambda size: forest([node(b'"x":[%b]' % repeated(b"1.5", size))(0)]),
    "many lists": lambda size: forest(filled(node(b'"x":[%b]' % repeated(b"[]", 3000)), size)),
    "columns of few values": lambda size: forest(
        filled(lambda n: b'{"id":%d,"parent":null,"columns":{"c%d":1}}' % (n, n % MAX_NAMES), size)
    ),
    "a field of the forest": lambda size: forest([ROOT], b'"x":[%b],' % repeated(b"[]", size)),
    "forests": lambda size: b"\n".join([forest([ROOT])] * (size // 57)),
    "lists": lambda size: b"[" * size,
}
LARGE_ONES = ("nodes", "token ids", "many lists")


def numbers(size: int) -> bytes:
    """Fields of an object that make up that many bytes."""
    return b",".join(filled(lambda n: b'"c%d":%d.5' % (n, n), size))


ROW = b'{"prompt":"a","completion":"b","reward":1.0%b}\n'
WIDE: dict[str, Callable[[int], bytes]] = {
    "first row": lambda size: ROW % (b"," + numbers(size)),
    "second row": lambda size: ROW % b"" + ROW % (b"," + numbers(size)),
    "row of a list": lambda size: b"[" + ROW % b"" + b"," + ROW % (b"," + numbers(size)) + b"]",
    "node": lambda size: forest([node(numbers(size))(0)]),
    "second node": lambda size: forest([ROOT, node(numbers(size))(1)]),
    "forest": lambda size: forest([ROOT], numbers(size) + b","),
}
"""Files of a row or node with as many fields as make up that many bytes."""


@pytest.mark.parametrize("case", HOSTILE)
def test_a_small_compressed_file_takes_little_memory(case: str, tmp_path: Path) -> None:
    path = tmp_path / "small.gz"
    path.write_bytes(gzip.compress(HOSTILE[case](SMALL_UNPACKED - 100), compresslevel=1))
    found = measured(path)
    assert found.peak < SMALL_PEAK, found


@pytest.mark.parametrize("case", LARGE_ONES)
def test_a_large_file_takes_eight_times_its_size_at_most(case: str, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(HOSTILE[case](LARGE))
    found = measured(path)
    assert found.peak - found.before < TIMES * LARGE, found


@pytest.mark.parametrize("case", WIDE)
def test_a_wide_row_or_node_is_refused_before_it_is_made(case: str, tmp_path: Path) -> None:
    path, size = tmp_path / "wide", 8_000_000
    path.write_bytes(WIDE[case](size))
    found = measured(path)
    assert " has more than 10,000 fields; keep the fields that matter" in found.said
    assert found.peak - found.before < TIMES * size, found


def test_distinct_names_of_columns_are_bounded(tmp_path: Path) -> None:
    """One matrix of all names and all nodes would take 3 GB."""
    path = tmp_path / "columns.forest.json"
    names = filled(lambda n: b'{"id":%d,"parent":null,"columns":{"c%d":1}}' % (n, n), SMALL_FILE - 100)
    path.write_bytes(forest(names))
    found = measured(path)
    assert 'more than 1,000 different names under "columns" and "credit"' in found.said
    assert found.peak < SMALL_PEAK


def test_names_of_columns_up_to_the_bound_are_read() -> None:
    nodes = [b'{"id":%d,"parent":null,"columns":{"c%d":1}}' % (n, n) for n in range(MAX_NAMES)]
    found = read(forest(nodes))[0]
    assert [float(found.columns[f"c{n}"][n]) for n in range(MAX_NAMES)] == [1.0] * MAX_NAMES
    extra = b'{"id":%d,"parent":null,"credit":{"other":1}}' % MAX_NAMES
    with pytest.raises(FormatError, match="more than 1,000 different names"):
        read(b"\n".join([forest(nodes), forest([extra])]))


def test_a_small_archive_may_not_grow_large() -> None:
    with pytest.raises(FormatError, match=r"grow to more than 32,000,000; unpack it with gunzip first"):
        read(gzip.compress(b" " * (SMALL_UNPACKED + 1)))


def test_lines_are_bounded_by_the_size_of_the_file() -> None:
    line = forest([ROOT]) + b"\n"
    with pytest.raises(FormatError, match="line 20001: more than 20,000 forests in a file of this size"):
        read(gzip.compress(line * 20_100))


def test_the_limit_on_memory_is_told_and_can_be_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    data = forest(filled(node(b'"x":[1,2,3]'), 20_000))
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "100000")
    with pytest.raises(FormatError, match=r"more than 0 MB of memory; split the file, or raise .* TREECORE_MAX_MEMORY"):
        read(data)
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "10000000")
    assert len(read(data)[0]) > 500


def test_what_was_refused_is_not_counted_twice() -> None:
    account = Account("f", 10**9, stored=10**9)
    account.spend(10**9, "f")
    with pytest.raises(FormatError):
        account.spend(10**10, "f")
    account.afford(10**9, "f", what="more")
    assert account.spent == 10**9


@pytest.mark.parametrize("value", [[1.5, 2.5], {"a": [{}, []]}, ["ab", "cd"], {"a": "x" * 1000}])
def test_both_estimates_agree(value: object) -> None:
    text = repr(value).replace("'", '"').encode()
    assert 0.4 < object_cost(value) / json_cost(text) < 1.5
    assert json_cost(text) <= json_cost(text, brackets=text.count(b"[") + text.count(b"{"))


def test_files_of_other_tools_may_hold_as_much_as_their_size_allows() -> None:
    row = '{"example_id": %d, "prompt": "3*4?", "completion": "14", "reward": 1.0}\n'
    data = "".join(row % number for number in range(20_500)).encode()
    assert len(read(data)) == 20_500


def test_columns_of_many_forests_are_bounded() -> None:
    fields = b",".join(b'"c%d":1' % n for n in range(900))
    line = forest([b'{"id":0,"parent":null,"columns":{%b}}' % fields])
    with pytest.raises(FormatError, match="line 223: forests with more than 200,000 columns in a file of this size"):
        read(gzip.compress(b"\n".join([line] * 230)))
