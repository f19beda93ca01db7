"""Rows of SQL in the width of a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from treecore.cli.answer import print_answer


def printed(names: list[str], rows: list[list[Any]], width: int = 80) -> list[str]:
    out = Console(file=io.StringIO(), width=width, highlight=False)
    print_answer(out, names, rows)
    lines = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert all(cell_len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_what_fits_is_a_table() -> None:
    assert printed(["id", "rate"], [["a", 0.5], ["b", None]]) == ["id  rate", "a   0.5", "b   –"]


def test_long_cells_are_cut_before_columns_are_left_out() -> None:
    head, row = printed(["one", "two"], [["x" * 70, "y"]], width=50)
    assert head.split() == ["one", "two"]
    assert row == f"{'x' * 39}…  y"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_few_rows_too_wide_for_a_table_are_set_one_by_one(width: int) -> None:
    names = [f"column_{n}" for n in range(30)]
    lines = printed(names, [list(range(30)), ["long " * 50] * 30], width)
    assert lines[:2] == ["column_0   0", "column_1   1"]
    assert len(lines) == 61
    assert lines[-1].endswith("…")


@pytest.mark.parametrize(("width", "shown"), [(40, 3), (80, 7)])
def test_many_rows_keep_their_outer_columns(width: int, shown: int) -> None:
    names = [f"column_{n:02}" for n in range(30)]
    head, *rows, said = printed(names, [[n] * 30 for n in range(5)], width)
    assert head.split()[0] == "column_00"
    assert head.split()[-1] == "column_29"
    assert head.split().count("…") == 1
    assert len(rows) == 5
    assert len(head.split()) - 1 == shown
    assert said == f"30 columns, {shown} shown; --json has all"


def test_no_rows_and_strange_text() -> None:
    assert printed(["a", "b"], []) == ["a  b"]
    assert printed([f"n{n}" for n in range(40)], [], width=40)[-1].startswith("40 columns")
    assert printed(["a"], [["\x1b[31m[red]two\nlines"]])[1] == "[31m[red]two lines"
