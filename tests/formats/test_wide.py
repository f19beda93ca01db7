"""Rows and steps of too many fields: told by their text, and by what was parsed where the text does not tell."""

from __future__ import annotations

import orjson
import pytest

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.limits import MAX_FIELDS
from treecore.formats.wide import check_width

ROW = {"prompt": "a", "completion": "b", "reward": 1.0}


def fields(count: int, value: object = "x") -> dict[str, object]:
    return {f"c{number}": value for number in range(count)}


def test_as_many_fields_as_may_be() -> None:
    (forest,) = read(orjson.dumps([ROW | fields(MAX_FIELDS - len(ROW))]))
    assert len(forest.node_extra[0]) == MAX_FIELDS - len(ROW)
    with pytest.raises(FormatError, match=r"a row or an object in it has more than 10,000 fields"):
        read(orjson.dumps([ROW | fields(MAX_FIELDS - len(ROW) + 1)]))


def test_the_line_is_named() -> None:
    lines = orjson.dumps(ROW) + b"\n" + orjson.dumps(ROW | fields(MAX_FIELDS))
    with pytest.raises(FormatError, match=r"log, line 2: a row has more than 10,000 fields"):
        read(lines, name="log")


@pytest.mark.parametrize("option", [0, orjson.OPT_INDENT_2])
def test_fields_of_many_objects_are_not_those_of_one(option: int) -> None:
    rows = [ROW | {"of": {f"row {row}": fields(90)}} for row in range(200)]
    check_width(memoryview(orjson.dumps(rows, option=option)), "f")
    assert len(read(orjson.dumps(rows, option=option))) == 1


def test_names_inside_a_text_are_no_fields() -> None:
    text = orjson.dumps(fields(MAX_FIELDS + 1)).decode()
    (forest,) = read(orjson.dumps([ROW, ROW | {"note": f"[{{}},{text}]"}]))
    assert len(forest) == 2


def test_fields_that_hold_lists_of_objects_are_counted_too() -> None:
    wide = fields(MAX_FIELDS + 1, [{}, {}])
    with pytest.raises(FormatError, match=r"\$\[0\]: a row has more than 10,000 fields"):
        read(orjson.dumps([ROW | wide]), name="rows")
    node = {"id": 0, "parent": None} | wide
    with pytest.raises(FormatError, match=r"\$\.nodes\[0\].*: a step has more than 10,000 fields"):
        read(orjson.dumps({"format": "treecore/1", "nodes": [node]}))


def test_a_table_is_told_of_its_own_numbers() -> None:
    with pytest.raises(FormatError, match="the rows have numbers under more than 1,000 different names"):
        read(orjson.dumps([ROW | fields(1001, 0.5)]))


def test_a_wide_csv_names_its_columns() -> None:
    names = [*ROW, *fields(5000)]
    with pytest.raises(FormatError, match="line 1: 5,003 columns, where the limit is 1,000"):
        read("\n".join([",".join(names), ",".join("1" for _ in names)]).encode())


def test_a_csv_of_long_names_is_known_by_its_first_columns() -> None:
    names = [*ROW, *(f"{name}_{'long' * 10}" for name in fields(400))]
    (forest,) = read("\n".join([",".join(names), ",".join("1" for _ in names)]).encode())
    assert forest.reward.tolist() == [1.0]
