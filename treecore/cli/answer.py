"""Rows of any number of columns, legible in the width of a terminal.

What fits is a table; of few rows too wide for one each is set by itself, a column a line; of many only the first and
the last columns are printed, as many as fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from treecore.cli.text import clean
from treecore.core.numerals import counted

if TYPE_CHECKING:
    from rich.console import Console

CELLS = (60, 40, 24, 16)
"""Characters that a cell has at most, the most that fit."""
GAP, FEW = 2, 4
"""Blanks between columns, and rows that are set one by one where they are too wide."""
LEFT_OUT = "…"


def print_answer(out: Console, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as a table, one by one, or without their middle columns."""
    head = [cell(name, CELLS[0]) for name in names]
    for most in CELLS:
        cells = [[cell(value, most) for value in row] for row in rows]
        if needed(widths_of(head, cells)) <= out.width:
            print_columns(out, head, cells)
            return
    if 0 < len(rows) <= FEW:
        print_one_by_one(out, head, rows)
        return
    shown = outer(widths_of(head, cells), out.width)
    print_columns(out, picked(head, shown), [picked(row, shown) for row in cells])
    out.print(Text(f"{counted(len(names), 'column')}, {len(shown):,} shown; --json has all"))


def widths_of(head: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column is."""
    return [max(map(cell_len, column)) for column in zip(head, *cells, strict=True)]


def needed(widths: Sequence[int]) -> int:
    """How wide a table of such columns is."""
    return sum(widths) + GAP * len(widths)


def outer(widths: Sequence[int], most: int) -> list[int]:
    """Numbers of the columns that fit beside one of dots: in turn the next from the left and from the right."""
    left, right, room = 0, len(widths), most - GAP - cell_len(LEFT_OUT)
    while left < right:
        at = left if left <= len(widths) - right else right - 1
        room -= widths[at] + GAP
        if room < 0 and left:
            break
        left, right = (left + 1, right) if at == left else (left, right - 1)
    return [*range(left), *range(right, len(widths))]


def picked(values: Sequence[str], shown: Sequence[int]) -> list[str]:
    """Some of the values, with dots where others are left out."""
    found: list[str] = []
    before = -1
    for at in [*shown, len(values)]:
        found += [LEFT_OUT] if at > before + 1 else []
        found += [values[at]] if at < len(values) else []
        before = at
    return found


def print_columns(out: Console, head: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """A table that fits."""
    table = Table(box=None, padding=(0, GAP, 0, 0))
    for name in head:
        table.add_column(Text(name), no_wrap=True)
    for row in cells:
        table.add_row(*map(Text, row))
    out.print(table)


def print_one_by_one(out: Console, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Each row by itself, a column a line."""
    width = max(map(cell_len, head))
    for number, row in enumerate(rows):
        if number:
            out.print()
        for name, value in zip(head, row, strict=True):
            blanks = " " * (width - cell_len(name) + GAP)
            line = Text.assemble((name, "bold"), blanks, cell(value, max(out.width - width - GAP, 1)))
            out.print(line, no_wrap=True, overflow="ellipsis")


def cell(value: Any, most: int) -> str:
    """A value in a line of at most so many characters."""
    if value is None:
        return "–"
    text = " ".join(clean(f"{value:.4g}" if isinstance(value, float) else str(value)[: 4 * most]).split())
    return text if len(text) <= most else text[: most - 1] + LEFT_OUT
