"""How much a file may cost: every bound that readers keep, and the account that is kept while one file is read.

A file below 1 MB, compressed or not, takes less than 400 MB of memory; any other at most 8 times its decompressed
size. What forests keep is estimated before it is made, so a file that would take more is refused, not read half.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from treecore.errors import FormatError
from treecore.formats.characters import occurrences

MAX_BYTES = 500_000_000
MAX_NODES = 5_000_000
MAX_DEPTH = 64
"""Levels of nesting in a value beyond the format."""
MAX_NAMES = 1000
"""Different names under `columns` and `credit` in one file: each is a column over all nodes. Of a table in Parquet or
CSV all columns, of others those of numbers."""
MAX_FIELDS = 10_000
"""Fields of one row of a table in JSON, and of one step."""
SMALL_FILE, SMALL_UNPACKED = 1_000_000, 32_000_000
"""A compressed file below the first may grow to the second."""
FREE_LINES, BYTES_A_LINE = 20_000, 40
"""Lines that any file may have, and bytes of the file as stored for each further one."""
FREE_ROWS, BYTES_A_ROW = 100_000, 8
"""The same for rows of a table. Those of plain columns may take a bit each although they differ, so where they are read
by columns memory alone bounds them."""
FREE_COLUMNS, BYTES_A_COLUMN = 200_000, 4
"""The same for columns of all forests."""
BY_SIZE = (
    f"{FREE_LINES:,} forests or one for each {BYTES_A_LINE} bytes, {FREE_ROWS:,} rows of a table or one for each "
    f"{BYTES_A_ROW}, {FREE_COLUMNS:,} columns of all forests or one for each {BYTES_A_COLUMN}, whichever is more, "
    f"{MAX_FIELDS:,} fields of a row or a step"
)
"""These in words."""
KEPT_BY_SMALL, KEPT_A_BYTE = 200_000_000, 5
"""Bytes that the forests of any file may take, and bytes for each decompressed byte of a large one. The content
itself, one chunk of it as objects and the joining of one column come on top."""

FOREST, NODE, NAMED_NODE, TOKEN, TEXT, FOREIGN_NODE = 4_000, 72, 170, 8, 56, 330
"""Bytes that a forest, a node, an id that is no row number, a number of a token, a text and a node with fields
beyond the format take, beside what is in them."""
VALUE, NUMBER, LIST, OBJECT = 9, 32, 64, 232
"""Bytes that a place in a list, a number, a list and an object of plain JSON take."""
ROW = 600
"""Bytes that a row of a table takes as a rollout, beside what is in it."""
CELL = 64
"""Bytes that a value of a table takes beside its text: in its row or column, and as a number or a field of a step."""
COLUMN = 160
"""Bytes that a column of a forest takes beside its numbers."""


def limit(name: str, default: int) -> int:
    """A limit from the environment.

    Raises:
        FormatError: it is set to something that is no positive whole number.
    """
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise FormatError(f"{name}={text!r} is not a positive whole number", todo="change or unset it")
    return int(text)


def check_size(size: int, name: str) -> None:
    """Refuse more bytes than the limit.

    Raises:
        FormatError: the file is too large.
    """
    most = limit("TREECORE_MAX_BYTES", MAX_BYTES)
    if size > most:
        raise FormatError(
            f"{size:,} bytes or more, where the limit is {most:,}",
            where=name,
            todo="split the file, or raise the limit by setting TREECORE_MAX_BYTES",
        )


def check_nodes(count: int, where: str) -> None:
    """Refuse a forest of more nodes than the limit.

    Raises:
        FormatError: it has more.
    """
    most = limit("TREECORE_MAX_NODES", MAX_NODES)
    if count > most:
        raise FormatError(
            f"at least {count:,} nodes, where the limit is {most:,}",
            where=where,
            todo="split the forest, or raise the limit by setting TREECORE_MAX_NODES",
        )


def json_cost(data: bytes | memoryview, *, brackets: int = -1) -> int:
    """Bytes that JSON takes as plain Python objects, about; never far too few.

    Args:
        brackets: number of `{` and `[` where it is known: all count as objects then, which is more, and sooner done.
    """
    quotes, commas = occurrences(data, b'"') // 2, occurrences(data, b",")
    lists = 0 if brackets >= 0 else occurrences(data, b"[")
    objects = brackets if brackets >= 0 else occurrences(data, b"{")
    numbers = max(commas + lists + objects - quotes, 0)
    return VALUE * (commas + 1) + NUMBER * numbers + LIST * lists + OBJECT * objects + TEXT * quotes + len(data)


def object_cost(value: Any, *, name: int = 0) -> int:
    """The same of plain Python objects.

    Args:
        name: bytes to count for the name of each field, where they may be no names that others share.
    """
    total, stack = 0, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            total += OBJECT + (VALUE + name) * len(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            total += LIST + VALUE * len(item)
            stack.extend(item)
        else:
            total += TEXT + len(item) if isinstance(item, str) else NUMBER
    return total


class LimitError(FormatError):
    """A file is larger, or would take more, than it may."""


class Account:
    """What the forests of one file take so far.

    Args:
        name: of the file.
        size: bytes, decompressed; stored: bytes as they were given.
        tell: hears how many bytes of all are read; what it raises ends the reading.
    """

    def __init__(self, name: str, size: int, *, stored: int, tell: Callable[[int, int], None] | None = None) -> None:
        self.name, self.size, self.done, self._tell = name, size, 0, tell
        self.allowed = limit("TREECORE_MAX_MEMORY", max(KEPT_BY_SMALL, KEPT_A_BYTE * size))
        self.columns_allowed = max(FREE_COLUMNS, stored // BYTES_A_COLUMN)
        self.lines_allowed = max(FREE_LINES, stored // BYTES_A_LINE)
        self.rows_allowed = max(FREE_ROWS, stored // BYTES_A_ROW)
        self.spent, self.lines, self.columns, self.unpacked = 0, 0, 0, size
        self.names: set[str] = set()
        self.rounded, self.first_rounded = 0, ""

    def grow(self, unpacked: int) -> None:
        """Allow for the size of content that stands compressed inside the file."""
        self.unpacked = max(self.unpacked, unpacked)
        if "TREECORE_MAX_MEMORY" not in os.environ and self.size >= SMALL_FILE:
            self.allowed = max(self.allowed, KEPT_A_BYTE * unpacked)

    def note_rounded(self, count: int, number: str, *, where: str) -> None:
        """Count numbers that were rounded.

        Args:
            count: how many; number: digits of the first; where: place of the first.
        """
        self.rounded += count
        self.first_rounded = self.first_rounded or f"{number[:40]}{'...' if len(number) > 40 else ''} at {where}"

    def spend(self, amount: int, where: str, *, what: str = "its forests") -> None:
        """Count memory that is about to be taken.

        Raises:
            FormatError: more than the file may take.
        """
        self.afford(amount, where, what=what)
        self.spent += amount

    def afford(self, amount: int, where: str, *, what: str) -> None:
        """Check that memory may be taken for a while.

        Raises:
            FormatError: more than the file may take.
        """
        if self.spent + amount > self.allowed:
            raise LimitError(
                f"{what} would take more than {self.allowed / 1e6:,.0f} MB of memory",
                where=where or self.name,
                todo="split the file, or raise the limit by setting TREECORE_MAX_MEMORY to more bytes",
            )

    def afford_rows(self, count: int, where: str, *, beside: int = 0, of_columns: bool = False) -> None:
        """Check that rows may be held: where they are alike, they take next to nothing of a compressed file.

        Args:
            beside: bytes to count beside them.
            of_columns: they are those of a table of plain columns, and held as such.

        Raises:
            FormatError: more than the file may have.
        """
        self.afford(ROW * count + beside, where, what=f"{count:,} rows")
        if of_columns:
            self.rows_allowed = max(self.rows_allowed, count)
        self._check_rows(count, where)

    def _check_rows(self, count: int, where: str) -> None:
        if count > self.rows_allowed:
            found = f"more than {self.rows_allowed:,} rows in a file of this size"
            raise LimitError(found, where=where, todo="split the file, or unpack it where it is compressed as a whole")

    def afford_cells(self, rows: int, where: str, *, cells: int, beside: int = 0) -> None:
        """Check that a table may be held.

        Args:
            cells: values of all rows together; beside: bytes to count beside them.

        Raises:
            FormatError: it takes more than the file may, or has more rows.
        """
        self.afford(CELL * cells + beside, where, what=f"{rows:,} rows with {cells:,} values")
        self._check_rows(rows, where)

    def spend_columns(self, columns: int, where: str, *, cells: int) -> None:
        """Count columns of forests.

        Args:
            columns: how many, those of each forest counted; cells: places in all of them.

        Raises:
            FormatError: more than the file may take.
        """
        self.spend(COLUMN * columns + 8 * cells, where, what=f"{columns:,} columns of its forests")
        self.columns += columns
        if self.columns > self.columns_allowed:
            found = f"forests with more than {self.columns_allowed:,} columns in a file of this size"
            raise LimitError(found, where=where, todo="split the file")

    def advance(self, amount: int) -> None:
        """Tell that more bytes are read."""
        self.done = min(self.done + amount, self.size)
        if self._tell is not None:
            self._tell(self.done, self.size)

    def line(self, where: str) -> None:
        """Count one more forest.

        Raises:
            FormatError: more than a file of this size may have.
        """
        self.lines += 1
        if self.lines > self.lines_allowed:
            raise LimitError(
                f"more than {self.lines_allowed:,} forests in a file of this size", where=where, todo="split the file"
            )
        self.spend(FOREST, where)

    def name_columns(self, names: Iterable[str], where: str, *, of_rows: bool = False) -> None:
        """Count names of columns.

        Args:
            of_rows: they are fields of rows of a table.

        Raises:
            FormatError: more different ones than a file may have.
        """
        self.names.update(names)
        if len(self.names) <= MAX_NAMES:
            return
        if of_rows:
            found = f"the rows have numbers under more than {MAX_NAMES:,} different names"
            raise LimitError(found, where=where, todo="leave out those that do not matter, or put them into lists")
        raise LimitError(
            f'more than {MAX_NAMES:,} different names under "columns" and "credit"',
            where=where,
            todo="put what is no number of every step under a name of its own in the node",
        )
