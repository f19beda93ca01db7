"""A whole table by its columns, and values of one type out of each. Knows no container and nothing about rollouts.

What is done for a column at once costs a tenth of what it costs row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from treecore.core.builder import NAN
from treecore.core.topology import BoolArray, FloatArray
from treecore.errors import FormatError
from treecore.formats.fields import number_of, step_of
from treecore.formats.limits import CELL, OBJECT, Account
from treecore.formats.messages import is_chat
from treecore.formats.rows import as_text

Place = Callable[[int], str]
"""Number of a row -> file and line, for messages."""
NUMBERS = frozenset({bool, int, float})
NULL = type(None)
MANY = 64
"""Names beyond which numbers that only some rows have are kept row by row: a column of each would cost too much."""


class Rest(NamedTuple):
    """What a reader did not use of a table.

    Attributes:
        numbers: name -> values `[N]`, NaN where a row has none.
        others: row -> name -> any other value, as it came; rows without any are absent.
        lone: row -> name -> number, of tables with very many names, which have no `numbers`.
    """

    numbers: dict[str, FloatArray]
    others: dict[int, dict[str, Any]]
    lone: dict[int, dict[str, float]]

    def hide(self, used: Mapping[str, BoolArray]) -> None:
        """Take out of some columns the values of the rows that are marked: name -> `[N]`."""
        for name, marks in used.items():
            if name in self.numbers:
                self.numbers[name] = np.where(marks, NAN, self.numbers[name])
            for kept in (self.others, self.lone):
                for row in kept.keys() & set(np.flatnonzero(marks).tolist()):
                    kept[row].pop(name, None)


class Chosen(NamedTuple):
    """What of several columns was taken for one thing.

    Attributes:
        values: `[N]`, None where a row has none; used: name -> rows from which it was taken `[N]`.
    """

    values: list[Any]
    used: dict[str, BoolArray]


@dataclass(frozen=True)
class FieldTable:
    """All rows of a file.

    Attributes:
        size: number of rows `N`; names: of all columns, in the order in which they appear.
        where: place of a row.
        uniform: whether every row has all of them.
        account: of the file, for its limits.
        rows, columns: the values, by row or by column; columns that are asked for are added.
    """

    size: int
    names: tuple[str, ...]
    where: Place
    uniform: bool
    account: Account
    rows: Sequence[dict[str, Any]] = ()
    columns: dict[str, list[Any]] = field(default_factory=dict)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    @property
    def is_sparse(self) -> bool:
        """Whether there are so many names, each of some rows only, that a list of each would cost too much."""
        return not self.uniform and len(self.names) > MANY

    def __getitem__(self, name: str) -> list[Any]:
        """Values of a column, None where a row has none. `[N]`"""
        if name not in self.columns:
            if name not in self:
                return [None] * self.size
            if not self.uniform:
                return [row.get(name) for row in self.rows]
            self.columns[name] = list(map(itemgetter(name), self.rows))
        return self.columns[name]

    def let_go(self, name: str) -> None:
        """Hold a column no more that nobody asks for again, as far as it is held by itself."""
        if not self.rows and name in self.columns:
            self.columns[name] = [None] * self.size

    def texts(self, name: str, *, needed: bool = False) -> list[str]:
        """A column as texts, "" where there is none.

        Raises:
            FormatError: it is needed, and a row has none.
        """
        return texts_of(self.needed(name) if needed else self[name])

    def needed(self, name: str) -> list[Any]:
        """A column that every row must have. `[N]`

        Raises:
            FormatError: a row has none.
        """
        values = self[name]
        if None in values:
            todo = "add it, or take the row out"
            raise FormatError(f'there is no "{name}"', where=self.where(values.index(None)), todo=todo)
        return values

    def numbers(self, name: str) -> FloatArray:
        """A column of numbers, NaN where there is none. `[N]`

        Raises:
            FormatError: a value is something else.
        """
        return numbers_of(self[name], name, self.where)

    def steps(self, *names: str) -> list[int]:
        """The training step of each row under the first of these names that holds one; -1 where none does. `[N]`"""
        found = [-1] * self.size
        for name in reversed(names):
            if name in self:
                values = self[name]
                plain = set(map(type, values)) == {int} and min(values) >= 0
                steps = values if plain else list(map(step_of, values))
                found = steps if plain else [new if new >= 0 else old for new, old in zip(steps, found, strict=True)]
        return found

    def chosen(self, names: Iterable[str], numeric: Collection[str] = ()) -> Chosen:
        """The value of each row under the first of these names that holds one.

        Args:
            numeric: names of which only numbers are taken.
        """
        found: list[Any] = [None] * self.size
        used: dict[str, BoolArray] = {}
        left = np.ones(self.size, dtype=bool)
        for name in names:
            if name not in self or not left.any():
                continue
            values = self[name]
            kinds = [type(value) for value in values]
            there = [kind in NUMBERS for kind in kinds] if name in numeric else [kind is not NULL for kind in kinds]
            marks = left & np.array(there)
            if marks.any():
                used[name] = marks
                found = values if marks.all() else _merged(found, others=values, marks=marks)
                left &= ~marks
        return Chosen(found, used)

    def kinds(self, name: str) -> set[type]:
        """Types of the values of a column, those of rows without one left out where `is_sparse`."""
        return self._kinds.get(name, set()) if self.is_sparse else set(map(type, self[name]))

    @cached_property
    def _kinds(self) -> dict[str, set[type]]:
        found: dict[str, set[type]] = {name: set() for name in self.names}
        for row in self.rows:
            for name, value in row.items():
                found[name].add(type(value))
        return found

    def rest(self, taken: Collection[str]) -> Rest:
        """What is left, without nulls.

        Raises:
            FormatError: values that are no numbers would take more than the file may.
        """
        found = Rest({}, {}, {})
        left = [name for name in self.names if name not in taken]
        if self.is_sparse:
            for number, row in enumerate(self.rows):
                self._rest_of_row(number, {name: row[name] for name in row if name not in taken}, found)
            return found
        kept = 0
        for name in left:
            values = self[name]
            kinds = set(map(type, values))
            if kinds <= NUMBERS or (kinds <= NUMBERS | {NULL} and kinds != {NULL}):
                found.numbers[name] = np.array(values, dtype=np.float64)
            elif kinds != {NULL}:
                kept += len(values) - values.count(None)
                beside = CELL * kept + OBJECT * len(values)  # each in the row that it is kept by
                self.account.afford_cells(len(values), self.account.name, cells=kept, beside=beside)
                self._mixed(name, values, found)
        return found

    def take(self, rows: Sequence[int]) -> FieldTable:
        """Some of the rows, in this order."""
        columns = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        given = [self.rows[row] for row in rows] if self.rows else ()
        return replace(self, size=len(rows), where=lambda row: self.where(rows[row]), rows=given, columns=columns)

    def unfolded(self, name: str) -> FieldTable:
        """A row for each item of a column of lists, with the items of all columns of as long lists that are no chat;
        itself where the column holds anything but lists of what is no object.

        Raises:
            FormatError: what holds for all items of a row would take more, repeated, than the file may.
        """
        values = self[name]
        if not values or not all(type(one) is list and one and dict not in set(map(type, one)) for one in values):
            return self
        counts = list(map(len, values))
        rows = [row for row, count in enumerate(counts) for _ in range(count)]
        self.account.afford_cells(len(rows), self.account.name, cells=len(rows) * len(self.names))
        columns = {
            column: list(
                chain.from_iterable(
                    one if type(one) is list and len(one) == count and not is_chat(one) else [one] * count
                    for one, count in zip(self[column], counts, strict=True)
                )
            )
            for column in self.names
        }
        return FieldTable(
            len(rows),
            self.names,
            lambda row: self.where(rows[row]),
            uniform=True,
            account=self.account,
            columns=columns,
        )

    @staticmethod
    def _mixed(name: str, values: list[Any], found: Rest) -> None:
        for number, value in enumerate(values):
            if type(value) in NUMBERS:
                if name not in found.numbers:
                    found.numbers[name] = np.full(len(values), NAN)
                found.numbers[name][number] = value
            elif value is not None:
                found.others.setdefault(number, {})[name] = value

    @staticmethod
    def _rest_of_row(number: int, row: dict[str, Any], found: Rest) -> None:
        for name, value in row.items():
            if type(value) in NUMBERS:
                if value == value:
                    found.lone.setdefault(number, {})[name] = float(value)
            elif value is not None:
                found.others.setdefault(number, {})[name] = value


def _merged(values: list[Any], *, others: list[Any], marks: BoolArray) -> list[Any]:
    """Values, and the others where marked. `[N]`"""
    return [new if marked else old for old, new, marked in zip(values, others, marks.tolist(), strict=True)]


def texts_of(values: list[Any]) -> list[str]:
    """Values as texts, "" for null."""
    return values if set(map(type, values)) <= {str} else list(map(as_text, values))


def numbers_of(values: list[Any], name: str, where: Place) -> FloatArray:
    """Values of a column as numbers, NaN for null. `[N]`

    Raises:
        FormatError: one is something else.
    """
    if set(map(type, values)) <= NUMBERS | {NULL}:
        return np.array(values, dtype=np.float64)
    found = [number_of(value, name, where=where(row)) for row, value in enumerate(values)]
    return np.array(found, dtype=np.float64)


def of_rows(rows: Sequence[dict[str, Any]], where: Place, account: Account) -> FieldTable:
    """A table of rows that are plain objects."""
    shapes = dict.fromkeys(map(tuple, rows))
    names = tuple(dict.fromkeys(chain.from_iterable(shapes)))
    uniform = all(len(shape) == len(names) for shape in shapes)
    return FieldTable(len(rows), names, where, uniform, account, rows)
