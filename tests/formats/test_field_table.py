"""Tables by their columns: what is done once for a column, and what must not be done for each of very many."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import orjson
import pytest

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.field_table import MANY, of_rows
from treecore.formats.gather import gather_file
from treecore.formats.limits import Account
from treecore.formats.readers.reward_columns import explaining, leading
from treecore.formats.source import open_source
from treecore.formats.whole_table import _few_within, field_table, held_rows


class Row(dict[str, Any]):
    """A row that is not asked for one name after the other."""

    def get(self, *_: Any) -> Any:
        raise AssertionError("a column of all rows is made")


def account() -> Account:
    return Account("file", 10**6, stored=10**6)


def test_no_column_is_made_for_each_of_very_many_names() -> None:
    rows = [Row({f"n{row}": 1.0}) for row in range(MANY)] + [Row({"last": "words"})]
    table = of_rows(rows, str, account())
    assert leading(table, (), {float}) == [f"n{row}" for row in range(MANY)]
    assert table.rest(()).lone[3] == {"n3": 1.0}


@pytest.mark.parametrize("rows", [3, MANY + 2])
def test_leading_columns_end_before_the_first_that_holds_anything_else(rows: int) -> None:
    table = of_rows(
        [{f"n{row}": None if row else 1.0, "words": "w", "late": 1.0} for row in range(rows)], str, account()
    )
    assert leading(table, (), {float}) == ["n0"]


def lines(*values: Any) -> bytes:
    return b"".join(orjson.dumps(value) + b"\n" for value in values)


def test_lines_of_objects_and_of_lists_of_them_are_one_table() -> None:
    heard: list[tuple[int, int]] = []
    data = lines({"a": 1}, [{"a": 2}, {"b": 3}], {"a": 4})
    table = field_table(open_source(data, name="some.file", tell=lambda done, size: heard.append((done, size))))
    assert table["a"] == [1, 2, None, 4]
    places = ["line 1", "line 2, $[0]", "line 2, $[1]", "line 3"]
    assert [table.where(row) for row in range(4)] == [f"some.file, {place}" for place in places]
    assert heard
    assert all(done <= size for done, size in heard)
    with pytest.raises(FormatError, match=r"some\.file, line 2: a row is no object"):
        field_table(open_source(lines({"a": 1}, 2), name="some.file"))


def test_each_line_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    whole = orjson.loads

    def loads(text: bytes) -> Any:
        parsed.append(bytes(text))
        return whole(text)

    source = open_source(lines({"a": 1}, {"a": 2}))
    monkeypatch.setattr("treecore.formats.source.orjson.loads", loads)
    table = field_table(source)
    assert table["a"] == [1, 2]
    assert parsed == [b'{"a":1}', b'{"a":2}']


def test_progress_ends_at_all_also_where_a_file_is_read_again() -> None:
    """NaN is read as null, once it is found."""
    heard: list[float] = []
    rows = lines(*({"input": "a", "output": "b", "score": 1, "step": 1} for _ in range(20_000)))
    data = rows + rows[: rows.index(b"\n") + 1].replace(b"1,", b"NaN,", 1)
    source = open_source(data, tell=lambda done, size: heard.append(done / size))
    assert len(gather_file(source).finish(account())) == 1
    assert max(heard) <= 1.0


def test_lists_of_nearly_nothing_are_counted_as_they_are_read() -> None:
    row = lines({"input": "a", "output": "b", "score": 1, "step": 1, "x": [[]] * 300_000})
    with pytest.raises(FormatError, match="would take more than 200 MB"):
        read(row * 12)


@pytest.mark.parametrize("sizes", [[3], [1, 4, 3], [2, 2]])
def test_the_rewards_are_those_that_explain_every_group(sizes: list[int]) -> None:
    group = np.repeat(np.arange(len(sizes)), sizes)
    parts = [np.arange(len(group)) % 3 * 1.0, np.arange(len(group)) % 2 * 0.5, np.arange(len(group)) ** 2.0]
    reward = parts[0] + parts[1]
    mean = np.array([reward[group == one].mean() for one in group])
    order = np.random.default_rng(0).permutation(len(group))
    found = explaining(
        ["a", "b", "c"],
        [part[order] for part in parts],
        claimed=(2 * (reward - mean))[order],
        group=group[order].tolist(),
    )
    telling = max(sizes) > 2
    assert found.names == (["a", "b"] if telling else ["a", "b", "c"])
    assert found.sure


def test_rows_of_the_same_fields_are_columns_until_one_has_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.formats.source.BLOCK", 1)
    alike = field_table(open_source(lines({"a": 1, "b": 2}, {"a": 3, "b": 4})))
    assert (alike.uniform, len(alike.rows), alike.columns) == (True, 0, {"a": [1, 3], "b": [2, 4]})
    other = field_table(open_source(lines({"a": 1, "b": 2}, {"a": 3, "b": 4}, {"b": 5}, {"a": 6, "b": 7})))
    assert (other.uniform, other["a"], other["b"]) == (False, [1, 3, None, 6], [2, 4, 5, 7])
    assert other.names == ("a", "b")
    none = field_table(open_source(lines({}, {})))
    assert (none.size, none.names) == (2, ())


def test_what_is_counted_for_the_whole_file_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "1000000")
    table = field_table(open_source(lines(*[{"a": "words", "b": [1, 2]}] * 3000), name="some.file"))
    with pytest.raises(FormatError, match=r"^some\.file: 3,000 rows with 3,000 values would take more than 1 MB"):
        table.rest(())
    with pytest.raises(FormatError, match=r"^some\.file: 8,000 rows with 16,000 values would take more than 1 MB"):
        field_table(open_source(lines({"a": [1] * 8000, "b": 1}), name="some.file")).unfolded("a")


@pytest.mark.parametrize("value", [1, "yes", "\\boxed{42}", "[[]]"])
def test_plain_values_are_counted_once(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither names nor rows are held where all rows have the same fields, and what is in a text is no object."""
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "2000000")
    row = {"p": "q1", "a": "42", "r": 0} | {f"k{n}": value for n in range(12)}
    assert field_table(open_source(lines(*[row] * 1500))).size == 1500
    with pytest.raises(FormatError, match="more than 2 MB"):
        field_table(open_source(lines(*[row] * 2500)))


@pytest.mark.parametrize("inner", [{"a": 1}, [[], []], {"a": {}, "b": []}])
def test_lists_and_objects_in_rows_are_counted(inner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "2000000")
    row = {f"k{n}": inner for n in range(12)}
    with pytest.raises(FormatError, match="more than 2 MB"):
        field_table(open_source(lines(*[row] * 1500)))


def test_names_that_no_two_rows_share_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "2000000")
    assert field_table(open_source(lines(*[{f"k{n}": 1 for n in range(15)}] * 1500))).size == 1500
    with pytest.raises(FormatError, match="more than 2 MB"):
        field_table(open_source(lines(*({f"{row}.{n}": 1 for n in range(15)} for row in range(1500)))))


def test_rows_without_fields_are_rows() -> None:
    """They fill no column, so those that have some would stand in the wrong lines."""
    data = lines({}, {}) * 60_000 + lines({"a": 1})
    with pytest.raises(FormatError, match="more than 100,000 rows in a file of this size"):
        field_table(open_source(gzip.compress(data)))
    table = field_table(open_source(lines({}, {}) * 45_000 + lines({"a": 1}), name="some.file"))
    assert (table.size, table["a"][-2:], table.where(90_000)) == (90_001, [None, 1], "some.file, line 90001")
    assert [row.where for row in held_rows(open_source(lines({}, {}), name="f"))] == ["f, line 1", "f, line 2"]


def test_lines_are_parsed_where_they_stand() -> None:
    """Room for a copy of a block costs more than parsing it where texts are long."""
    source = open_source(b'\n{"a": 1}\n\n{"a": 2}\n', name="file")
    (block,) = source.blocks()
    assert block.text.obj is source.data
    assert ([value["a"] for value in block.values], list(block.lines)) == ([1, 2], [2, 4])


@pytest.mark.parametrize(("most", "few"), [(6, True), (5, False)])
def test_values_within_others_are_counted_at_any_depth(most: int, few: bool) -> None:
    assert _few_within([[{"a": 1, "b": [2, "words"]}], {"c": {}}, []], most) is few  # 1 + 2 + 2 + 1


def test_a_table_of_long_texts_is_not_searched_for_what_stands_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def searched(*_: Any) -> int:
        raise AssertionError("the text is searched")

    monkeypatch.setattr("treecore.formats.whole_table.opening_brackets", searched)
    row = {"messages": [{"role": "user", "content": "{" * 2000}]}
    assert field_table(open_source(orjson.dumps(row) + b"\n" + orjson.dumps(row), name="file")).size == 2
