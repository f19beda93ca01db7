"""Long tables are printed as rich prints them, cell for cell, on terminals and pipes of any width."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from treecore.cli.table import print_table

ROWS = [
    ["1", "3*4=12, then the rest", "+0.5", "0.1 0.22 –"],
    ["a-long-name", "答えは 42 です, as it was written in the file that is open", "–", " ".join(["0.1234"] * 40)],
    ["2", "", "1.234e+05", ""],
    ["é", "e\u0301 combined", "0", "–"],
]


def empty(*, words: bool) -> Table:
    table = Table(title=Text("forest 0  What is 3*4+2?"), title_justify="left")
    table.add_column("node", no_wrap=True)
    table.add_column("step", no_wrap=True, max_width=48)
    table.add_column("credit", justify="right", no_wrap=True)
    if words:
        table.add_column("tokens")
    return table


def by_rich(out: Console, rows: Sequence[Sequence[str]], *, words: bool) -> None:
    table = empty(words=words)
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("width", [12, 30, 60, 84, 120, 300])
def test_a_table_is_as_rich_prints_it(width: int, terminal: bool, words: bool) -> None:
    for rows in ([row[: 3 + words] for row in ROWS], [ROWS[0][: 3 + words]]):
        files = [io.StringIO(), io.StringIO()]
        color = "standard" if terminal else None
        ours, rich = (Console(file=file, width=width, force_terminal=terminal, color_system=color) for file in files)
        print_table(ours, partial(empty, words=words), rows)
        by_rich(rich, rows, words=words)
        assert files[0].getvalue() == files[1].getvalue()
