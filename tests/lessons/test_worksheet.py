"""The worksheet: every question in it, filled in and checked, whatever is uploaded."""

from __future__ import annotations

import csv
import io

import pytest

from treecore.errors import TreecoreError
from treecore.lessons.unit import units
from treecore.lessons.worksheet import MAX_BYTES, answer, checked, worksheet


def filled(answers: dict[str, str]) -> bytes:
    rows = list(csv.DictReader(io.StringIO(worksheet())))
    out = io.StringIO()
    table = csv.DictWriter(out, rows[0])
    table.writeheader()
    table.writerows({**row, "answer": answers.get(row["unit"], "")} for row in rows)
    return out.getvalue().encode()


def test_it_asks_every_unit_and_answers_none() -> None:
    rows = list(csv.DictReader(io.StringIO(worksheet())))
    assert [row["unit"] for row in rows] == list(units())
    assert {row["answer"] for row in rows} == {""}
    assert all(row["question"].endswith("?") for row in rows)


def test_a_solved_one_is_checked() -> None:
    right = {name: f"{answer(unit):.2f}" for name, unit in units().items()}
    assert all(one.right for one in checked(filled(right)))
    first = next(iter(units()))
    marks = {one.unit.name: one.right for one in checked(filled({**right, first: "7"}))}
    assert marks.pop(first) is False
    assert all(marks.values())
    assert {one.right for one in checked(filled({}))} == {None}


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"x" * (MAX_BYTES + 1), b'"' * 100])
def test_what_is_no_worksheet_is_refused(data: bytes) -> None:
    with pytest.raises(TreecoreError):
        checked(data)


def test_units_that_there_are_not_count_for_nothing() -> None:
    assert {one.right for one in checked(b"unit,answer\nnothing,1\n")} == {None}
