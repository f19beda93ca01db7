"""Tables of many rows, as rich prints them: rich draws the frame around the widest cells, the rows are set by width.

Measuring and drawing every cell by itself would take rich seconds for tens of thousands of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console


def print_table(out: Console, make: Callable[[], Table], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with these rows. Where the terminal is too narrow for its columns, rich sets every row.

    Args:
        make: a table without rows, with its columns, set left or right; those that may wrap are set as words.
        rows: at least one; cells without line breaks or blanks at their ends.
    """
    table, columns = make(), list(zip(*rows, strict=True))
    widest = [max(cells, key=cell_len) for cells in columns]
    wraps = [not column.no_wrap for column in table.columns]
    table.add_row(*map(Text, widest))
    words = [longest_word(cells) if may else "" for cells, may in zip(columns, wraps, strict=True)]
    if any(wraps):
        table.add_row(*map(Text, words))
    with out.capture() as drawn:
        out.print(table)
    *above, bottom = drawn.get().splitlines()
    widths = [len(run) - 2 for run in re.findall(f"{re.escape(bottom[1])}+", bottom)]
    if len(widths) < len(columns) or any(
        width < max(1, cell_len(word)) for width, word in zip(widths, words, strict=True)
    ):
        table = make()
        for row in rows:
            table.add_row(*map(Text, row))
        out.print(table)
        return
    right = [column.justify == "right" for column in table.columns]
    lines = [*set_row(widest, widths, right=right, wraps=wraps), *([""] if any(wraps) else [])]
    head, edge = above[: -len(lines)], above[-1][0]
    body = (
        f"{edge} {line} {edge}"
        for row in rows
        for line in set_row(row, widths, right=right, wraps=wraps, between=f" {edge} ")
    )
    out.file.write("\n".join([*head, *body, bottom, ""]))


def set_row(
    row: Sequence[str], widths: Sequence[int], *, right: Sequence[bool], wraps: Sequence[bool], between: str = " "
) -> Iterator[str]:
    """The lines of one row, as wide as its columns."""
    cells = [wrapped(cell, width) if may else [cell] for cell, width, may in zip(row, widths, wraps, strict=True)]
    for pieces in zip_longest(*cells, fillvalue=""):
        yield between.join(map(fitted, pieces, widths, right))


def fitted(cell: str, width: int, right: bool) -> str:
    """A cell of exactly `width` cells of the terminal."""
    if cell_len(cell) > width:
        text = Text(cell)
        text.truncate(width, overflow="ellipsis")
        cell = text.plain
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if right else cell + blanks


def wrapped(cell: str, width: int) -> list[str]:
    """The words of a cell in lines of at most `width`."""
    lines = [""]
    for word in cell.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def longest_word(cells: Sequence[str]) -> str:
    """The word that decides how narrow a column may be."""
    return max((word for cell in cells for word in cell.split(" ")), key=cell_len)
