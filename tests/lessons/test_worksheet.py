"""The worksheet: every question in it, filled in and checked, whatever is uploaded."""

from __future__ import annotations

import csv
import io
import re

import pytest

from treecore.errors import TreecoreError
from treecore.lessons.unit import Unit, units
from treecore.lessons.worksheet import MAX_BYTES, answer, checked, number_in, question, worksheet


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
    first = next(iter(units()))
    assert {one.right for one in checked(f"unit,answer\nnothing,1\n{first},\n".encode())} == {None}
    with pytest.raises(TreecoreError, match="names a unit"):
        checked(b"unit,answer\nnothing,1\n")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("\N{MINUS SIGN}0,40", -0.4),
        ("-1/3", -1 / 3),
        ("2 / 4", 0.5),
        ("37 %", 0.37),
        ("+.5", 0.5),
        ("", None),
        ("1/0", None),
        ("nan", None),
        ("1e9", None),
        ("9" * 99, None),
        ("1/2/3", None),
        ("0x1", None),
    ],
)
def test_numbers_as_people_write_them(text: str, number: float | None) -> None:
    assert number_in(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize("unit", [unit for unit in units().values() if answer(unit) < 0], ids=lambda unit: unit.name)
def test_a_question_whose_answer_is_below_zero_asks_for_the_sign(unit: Unit) -> None:
    assert re.search(r"\bsign\b.*\bbelow zero\b", question(unit))


def test_every_answer_is_told_why() -> None:
    said = {one.unit.name: one for one in checked(filled({"outcome": "7", "siblings": "a third", "blame": "-1/6"}))}
    assert said["outcome"].said == f"It is another number. {units()['outcome'].check.hint}"
    assert said["siblings"].said.startswith("Write a number")
    assert (said["blame"].right, said["blame"].said) == (True, "")
    assert said["search"].said == "No answer yet."
    twice = checked(b"unit,answer\nblame,1\nblame,2\n")
    assert [one.said for one in twice if one.given] == ["It was answered twice: keep one of the two."]


def test_tables_of_spreadsheets_are_read() -> None:
    right = {name: f"{answer(unit):.3f}".replace(".", ",") for name, unit in units().items()}
    rows = "".join(f"{name};{number}\r\n" for name, number in right.items())
    assert all(one.right for one in checked(f"unit;answer\r\n{rows}".encode("utf-8-sig")))
