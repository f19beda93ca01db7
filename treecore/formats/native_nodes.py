"""The node objects of one forest: their ids, parents and places in the file, and columns gathered from them."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NoReturn

import numpy as np

from treecore.columns import Column
from treecore.errors import ForestError, FormatError, TreecoreError
from treecore.forest import NodeId
from treecore.formats.native_fields import ID_MAX, ID_MIN, NODE_FIELDS
from treecore.formats.native_values import NONE, Fail, shown, typed, whole
from treecore.topology import IntArray, topological_order

PARENT_TODO = "give the parent's id, or null for a root"
CHUNK = 4096
"""Objects taken apart at a time: few enough that they stay in the processor's cache."""
ABSENT = {"text": "", "float": float("nan")}
"""What stands for a field that a node does not have, of kinds whose null cannot be written in a file."""


def member(name: str) -> str:
    """A member in a JSON path."""
    return f".{name}" if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f"[{shown(name)}]"


class Nodes:
    """Node objects in topological order, with the place of each in the file for messages.

    Args:
        items: the objects, in file order.
        where: file and line; path: JSON path of the list.
        fields: names of all their fields, where that is known already.

    Attributes:
        fields: all field names that occur.
        ids: `[N]`; parent: `[N]`, rows, `parent[i] < i`.
        numbered: ids are the row numbers of the file.
    """

    def __init__(self, items: list[Any], where: str, path: str, fields: Set[str] = frozenset()) -> None:
        self.items, self.where, self.path = items, where, path
        self.place: IntArray = np.arange(len(items))
        self.fields = set(fields)
        self.ids: list[NodeId] = []
        self.numbered = True
        given = self._take_apart()
        self._check_ids()
        self.parent = self._read_parents(given)
        self._sort()

    def __len__(self) -> int:
        return len(self.items)

    def at(self, row: int, field: str) -> str:
        """File, line, JSON path and node id of one value."""
        node = f" (node {shown(self.ids[row])})" if row < len(self.ids) else ""
        return f"{self.where}, {self.path}[{self.place[row]}]{field}{node}"

    def fail(self, row: int, field: str, found: str, todo: str, kind: type[TreecoreError] = FormatError) -> NoReturn:
        """Raise for one value."""
        raise kind(found, where=self.at(row, field), todo=todo)

    def failer(self, field: str, low: int = 0) -> Fail:
        """`fail` for a column of one field that starts at row `low`."""
        return lambda row, found, todo: self.fail(low + row, field, found, todo)

    def get(self, field: str) -> list[Any] | None:
        """`[N]` values, None where absent; None when no node has the field."""
        return self._pick(field, self.items) if field in self.fields else None

    def _pick(self, field: str, items: Sequence[Any], absent: Any = None) -> list[Any]:
        """The field of each of `items`."""
        return list(map(dict.get, items, repeat(field), repeat(absent)))

    def columns(self, declared: Sequence[Column]) -> dict[str, Any]:
        """Declared columns by name, read-only where they are arrays; their nulls where a node lacks the field."""
        present = [column for column in declared if column.name in self.fields]
        absent = {column.name: ABSENT.get(column.kind) for column in present}
        parts: dict[str, list[Any]] = {column.name: [] for column in present}
        for low in range(0, len(self), CHUNK):
            items = self.items[low : low + CHUNK]
            for column in present:
                values = self._pick(column.name, items, absent[column.name])
                parts[column.name].append(typed(values, column, self.failer(member(column.name), low)))
        return {column.name: self._joined(column, parts.get(column.name)) for column in declared}

    def _joined(self, column: Column, parts: list[Any] | None) -> Any:
        if parts is None:
            return column.empty(len(self))
        if column.kind == "text":
            return tuple(chain.from_iterable(parts))
        return frozen(np.concatenate(parts))

    def objects(self, field: str) -> list[dict[str, Any] | None] | None:
        """`[N]` objects of a field that holds objects; None when no node has any."""
        values = self.get(field)
        if values is None:
            return None
        for row in wrong_rows(values, {dict, NONE}):
            self.fail(row, member(field), f"{shown(values[row])} is not an object", "give an object, or leave it out")
        return values if any(values) else None

    def unknown(self) -> dict[int, dict[str, Any]]:
        """Fields that are not declared, as they came. Row -> fields."""
        names = self.fields - NODE_FIELDS
        return {
            row: {name: value for name, value in item.items() if name in names}
            for row, item in enumerate(self.items if names else ())
            if not names.isdisjoint(item)
        }

    def _take_apart(self) -> list[Any]:
        """Collect the names of all fields and the ids; returns the parents as given. `[N]`"""
        above: list[Any] = []
        for low in range(0, len(self), CHUNK):
            items = self.items[low : low + CHUNK]
            for row in wrong_rows(items, {dict}):
                self.fail(
                    low + row, "", f"{shown(items[row])} is not a node",
                    'give objects such as {"id": 0, "parent": null}',
                )  # fmt: skip
            self.fields.update(*items)
            ids = self._required("id", items, "a node without id", "give a whole number or text")
            self.numbered &= ids == list(range(low, low + len(items)))
            self.ids += ids
            above += self._required("parent", items, "a node without parent", PARENT_TODO)
        return above

    def _required(self, field: str, items: list[Any], found: str, todo: str) -> list[Any]:
        try:
            return list(map(itemgetter(field), items))
        except KeyError:
            row = next(row for row, item in enumerate(self.items) if field not in item)
            self.fail(row, "", found, todo)

    def _check_ids(self) -> None:
        """Ids are whole numbers in range, or texts."""
        ids: list[Any] = self.ids
        kinds = set(map(type, ids))
        self.numbered &= kinds == {int}
        if self.numbered:
            return
        if not kinds <= {int, str}:
            self.ids = ids = [whole(value) for value in ids]
            for row in wrong_rows(ids, {int, str}):
                self.fail(row, ".id", f"{shown(ids[row])} is not an id", "give a whole number or text")
        numbers = ids if kinds == {int} else [value for value in ids if isinstance(value, int)]
        if numbers and not ID_MIN <= min(numbers) <= max(numbers) <= ID_MAX:
            row = next(i for i, value in enumerate(ids) if isinstance(value, int) and not ID_MIN <= value <= ID_MAX)
            self.fail(row, ".id", f"{shown(float(ids[row]))} is too large for an id", "give a smaller number, or text")

    def _read_parents(self, given: list[Any]) -> IntArray:
        """Row of each parent in file order; ids are compared as text."""
        kinds = set(map(type, given))
        if not kinds <= {int, str, NONE}:
            given = [whole(value) for value in given]
            for row in wrong_rows(given, {int, str, NONE}):
                self.fail(row, ".parent", f"{shown(given[row])} is not an id", PARENT_TODO)
        names: list[Any] = self.ids
        if self.numbered and str not in kinds and (rows := rows_as_given(given)) is not None:
            return rows
        if str in kinds or str in set(map(type, names)):
            names = [str(name) for name in names]
            given = [None if name is None else str(name) for name in given]
        row_of: dict[Any, int] = dict(zip(names, range(len(names)), strict=True))
        if len(row_of) < len(names):
            self._fail_duplicate(names)
        row_of[None] = -1
        try:
            return np.fromiter(map(row_of.__getitem__, given), dtype=np.int64, count=len(given))
        except KeyError:
            row = next(row for row, name in enumerate(given) if name not in row_of)
        self.fail(
            row, ".parent", f"there is no node {shown(given[row])}",
            "name a node of this forest, or null for a root", ForestError,
        )  # fmt: skip

    def _fail_duplicate(self, names: list[Any]) -> NoReturn:
        seen: dict[Any, int] = {}
        for row, name in enumerate(names):
            if name in seen:
                self.fail(
                    row, ".id", f"the id {shown(name)} is already that of {self.path}[{seen[name]}]",
                    "give every node an id of its own", ForestError,
                )  # fmt: skip
            seen[name] = row
        raise AssertionError("duplicates were counted")

    def _sort(self) -> None:
        """Parents first; the order of the file where it is so already."""
        ordering = topological_order(self.parent)
        if len(ordering.stuck):
            self._fail_cycle(int(ordering.stuck[0]))
        if bool((ordering.order == self.place).all()):
            return
        self.numbered = False
        order = ordering.order.tolist()
        row_of = np.empty(len(order), dtype=np.int64)
        row_of[ordering.order] = self.place
        above = self.parent[ordering.order]
        self.parent = np.where(above < 0, -1, row_of[above])
        self.items = [self.items[place] for place in order]
        self.ids = [self.ids[place] for place in order]
        self.place = ordering.order

    def _fail_cycle(self, row: int) -> NoReturn:
        seen: dict[int, int] = {}
        while row not in seen:
            seen[row] = len(seen)
            row = int(self.parent[row])
        cycle = list(seen)[seen[row] :]
        names = ", ".join(shown(self.ids[place]) for place in cycle[:6]) + (", ..." if len(cycle) > 6 else "")
        found = f"node {names} is its own parent" if len(cycle) == 1 else f"nodes {names} are each other's ancestors"
        roots = "" if bool((self.parent < 0).any()) else ", and no node is a root"
        self.fail(
            cycle[0],
            ".parent",
            f"{found} (a cycle){roots}",
            "let every path end at a node with parent null",
            ForestError,
        )


def frozen(array: Any) -> Any:
    """`array` itself, made read-only: it is ours alone, so a forest need not copy it."""
    array.setflags(write=False)
    return array


def rows_as_given(given: list[int | None]) -> IntArray | None:
    """Parents as rows where ids are row numbers; None when one of them is no row."""
    rows = np.array(given, dtype=np.float64)
    if bool(((rows < 0) | (rows >= len(rows))).any()):
        return None
    return np.nan_to_num(rows, copy=False, nan=-1).astype(np.int64)


def wrong_rows(values: list[Any], allowed: set[type]) -> list[int]:
    """The first place whose type is not allowed, as a list of at most one."""
    wrong = set(map(type, values)) - allowed
    return [next(i for i, value in enumerate(values) if type(value) in wrong)] if wrong else []
