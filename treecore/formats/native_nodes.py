"""The nodes of one forest: their ids, parents and places in the file, and messages that name one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from treecore.core.forest import NodeId
from treecore.core.topology import IntArray, topological_order
from treecore.errors import ForestError, FormatError, TreecoreError
from treecore.formats.json_keys import WHOLE_MAX, WHOLE_MIN
from treecore.formats.limits import NAMED_NODE, Account, check_nodes
from treecore.formats.native_chunks import Chunk
from treecore.formats.native_values import NONE, Fail, shown, whole

PARENT_TODO = "give the parent's id, or null for a root"
EXACT = 2**53
"""Whole numbers below it are exact as floats."""


def member(name: str) -> str:
    """A member in a JSON path."""
    return f".{name}" if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f"[{shown(name)}]"


class Given(NamedTuple):
    """Ids and parents of a chunk, each a whole number or text, parents or None. `[n]`

    `rows` are the parents as floats with NaN for None, where ids are places in the file and parents are numbers.
    """

    ids: list[Any]
    above: list[Any]
    rows: Any


class Nodes:
    """Ids and parents, chunk by chunk, then rows in topological order.

    Args:
        where: file and line; path: JSON path of the list, for messages.

    Attributes:
        numbered: ids are the places in the file.
        ids: `[N]` in file order, empty while `numbered`.
        parent: `[N]`, rows, `parent[i] < i`; order: `[N]`, place in the file of each row; after `finish`.
    """

    def __init__(self, where: str, *, path: str, account: Account) -> None:
        self.where, self.path, self.account = where, path, account
        self.ids: list[NodeId] = []
        self.numbered = True
        self.count = 0
        self._above: list[Any] = []
        self._current: tuple[int, Sequence[Any]] = (0, ())

    def look(self, chunk: Chunk) -> Given:
        """Ids and parents of a chunk, checked one by one; messages name its nodes until the next one is looked at."""
        ids, above = self._required(chunk)
        self._current = (chunk.low, ids)
        numbered = type(ids[0]) is int and ids == list(range(chunk.low, chunk.low + len(ids)))
        if not numbered or bool in set(map(type, ids)) or float in set(map(type, ids)):
            ids = self._checked_ids(ids)
        kinds = set(map(type, above))
        if not kinds <= {int, str, NONE}:
            above = [whole(value) for value in above]
            for row in wrong_rows(above, {int, str, NONE}):
                self.fail(chunk.low + row, ".parent", found=f"{shown(above[row])} is not an id", todo=PARENT_TODO)
        return Given(ids, above, as_floats(above) if numbered and str not in kinds else None)

    def take(self, given: Given) -> None:
        """Keep ids and parents of the next chunk."""
        check_nodes(self.count + len(given.ids), f"{self.where}, {self.path}")
        if self.numbered and given.rows is not None:
            self._above.append(given.rows)
        else:
            if self.numbered:
                self._unnumber()
            self.account.spend(NAMED_NODE * len(given.ids), self.where)
            self.ids += given.ids
            self._above += given.above
        self.count += len(given.ids)

    def _required(self, chunk: Chunk) -> tuple[list[Any], list[Any]]:
        """Ids and parents of a chunk as they came."""
        if (wrong := chunk.look()) is not None:
            self.fail(
                chunk.low + wrong,
                "",
                found=f"{shown(chunk.items[wrong])} is not a node",
                todo='give objects such as {"id": 0, "parent": null}',
            )
        found = []
        for field, noun, todo in (
            ("id", "a node without id", "give a whole number or text"),
            ("parent", "a node without parent", PARENT_TODO),
        ):
            try:
                found.append(chunk.required(field))
            except KeyError:
                row = next(row for row, item in enumerate(chunk.items) if field not in item)
                self._current = (chunk.low, found[0] if found else ())
                self.fail(chunk.low + row, "", found=noun, todo=todo)
        return found[0], found[1]

    def _checked_ids(self, ids: list[Any]) -> list[Any]:
        """Whole numbers in range, or texts."""
        low, kinds = self._current[0], set(map(type, ids))
        if not kinds <= {int, str}:
            ids = [whole(value) for value in ids]
            self._current = (low, ids)
            for row in wrong_rows(ids, {int, str}):
                self.fail(low + row, ".id", found=f"{shown(ids[row])} is not an id", todo="give a whole number or text")
        numbers = ids if kinds == {int} else [value for value in ids if isinstance(value, int)]
        if numbers and not WHOLE_MIN <= min(numbers) <= max(numbers) <= WHOLE_MAX:
            row = next(i for i, value in enumerate(ids) if isinstance(value, int) and not fits(value))
            self.fail(
                low + row,
                ".id",
                found=f"{shown(float(ids[row]))} is too large for an id",
                todo="give a smaller one, or text",
            )
        return ids

    def _unnumber(self) -> None:
        """Write out ids and parents so far, whose ids are their places."""
        self.account.spend(NAMED_NODE * self.count, self.where)
        self.numbered, self.ids = False, list(range(self.count))
        self._above = [None if np.isnan(row) else int(row) for part in self._above for row in part]

    def at(self, place: int, field: str) -> str:
        """File, line, JSON path and node id of one value."""
        low, ids = self._current
        name: Any = None
        if 0 <= place - low < len(ids):
            name = ids[place - low]
        elif place < self.count:
            name = place if self.numbered else self.ids[place]
        node = "" if name is None else f" (node {shown(name)})"
        return f"{self.where}, {self.path}[{place}]{field}{node}"

    def fail(
        self, place: int, field: str, *, found: str, todo: str, kind: type[TreecoreError] = FormatError
    ) -> NoReturn:
        """Raise for one value of the node at a place in the file."""
        raise kind(found, where=self.at(place, field), todo=todo)

    def fail_row(self, row: int, field: str, *, found: str, todo: str) -> NoReturn:
        """Raise for the node of a row, because it makes no forest with the others."""
        self.fail(int(self.order[row]), field, found=found, todo=todo, kind=ForestError)

    def failer(self, field: str, low: int) -> Fail:
        """`fail` for a column of one field that starts at the place `low`."""
        return lambda row, found, todo: self.fail(low + row, field, found=found, todo=todo)

    def failer_at(self, field: str, places: Sequence[int]) -> Fail:
        """`fail` for a column of one field whose values stand at these places."""
        return lambda row, found, todo: self.fail(places[row], field, found=found, todo=todo)

    def finish(self) -> None:
        """Rows of parents, and the order that puts parents first."""
        self._current = (0, ())
        parent = self._rows()
        ordering = topological_order(parent)
        if len(ordering.stuck):
            self._fail_cycle(int(ordering.stuck[0]), parent)
        places = np.arange(len(parent))
        self.in_file_order = bool((ordering.order == places).all())
        self.order: IntArray = places if self.in_file_order else ordering.order
        if self.in_file_order:
            self.parent = parent
            return
        row_of = np.empty(len(parent), dtype=np.int64)
        row_of[ordering.order] = places
        above = parent[ordering.order]
        self.parent = np.where(above < 0, -1, row_of[above])

    @property
    def node_ids(self) -> tuple[NodeId, ...]:
        """Ids of the rows; empty when they are the row numbers."""
        if self.in_file_order:
            return tuple(self.ids)
        return tuple(map(self.ids.__getitem__, self.order.tolist())) if self.ids else tuple(self.order.tolist())

    def _rows(self) -> IntArray:
        """Place of each parent, -1 at roots; ids are compared as text."""
        if self.numbered:
            rows = np.concatenate(self._above)
            self._above = []
            wrong = np.flatnonzero((rows < 0) | (rows >= len(rows)))
            if len(wrong):
                self._fail_parent(int(wrong[0]), int(rows[wrong[0]]))
            found: IntArray = np.nan_to_num(rows, copy=False, nan=-1).astype(np.int64)
            return found
        names, given = self.ids, self._above
        self._above = []
        if str in set(map(type, given)) or str in set(map(type, names)):
            names = list(map(str, names))
            given = [None if name is None else str(name) for name in given]
        row_of: dict[Any, int] = dict(zip(names, range(len(names)), strict=True))
        if len(row_of) < len(names):
            self._fail_duplicate(names)
        row_of[None] = -1
        try:
            return np.fromiter(map(row_of.__getitem__, given), dtype=np.int64, count=len(given))
        except KeyError:
            place = next(place for place, name in enumerate(given) if name not in row_of)
        self._fail_parent(place, given[place])

    def _fail_parent(self, place: int, name: Any) -> NoReturn:
        todo = "name a node of this forest, or null for a root"
        self.fail(place, ".parent", found=f"there is no node {shown(name)}", todo=todo, kind=ForestError)

    def _fail_duplicate(self, names: Sequence[Any]) -> NoReturn:
        seen: dict[Any, int] = {}
        for place, name in enumerate(names):
            if name in seen:
                self.fail(
                    place,
                    ".id",
                    found=f"the id {shown(name)} is already that of {self.path}[{seen[name]}]",
                    todo="give every node an id of its own",
                    kind=ForestError,
                )
            seen[name] = place
        raise AssertionError("duplicates were counted")

    def _fail_cycle(self, place: int, parent: IntArray) -> NoReturn:
        seen: dict[int, int] = {}
        while place not in seen:
            seen[place] = len(seen)
            place = int(parent[place])
        cycle = list(seen)[seen[place] :]
        name = [shown(at if self.numbered else self.ids[at]) for at in cycle[:6]]
        names = ", ".join(name) + (", ..." if len(cycle) > 6 else "")
        found = f"node {names} is its own parent" if len(cycle) == 1 else f"nodes {names} are each other's ancestors"
        roots = "" if bool((parent < 0).any()) else ", and no node is a root"
        todo = "let every path end at a node with parent null"
        self.fail(cycle[0], ".parent", found=f"{found} (a cycle){roots}", todo=todo, kind=ForestError)


def fits(value: int) -> bool:
    """Whether a whole number fits 64 bits."""
    return WHOLE_MIN <= value <= WHOLE_MAX


def as_floats(above: list[Any]) -> Any:
    """Parents as floats with NaN for None; None when one of them is not exact as a float."""
    try:
        rows = np.array(above, dtype=np.float64)
    except OverflowError:
        return None
    return None if bool((np.abs(rows) >= EXACT).any()) else rows


def frozen(array: Any) -> Any:
    """`array` itself, made read-only: it is ours alone, so a forest need not copy it."""
    array.setflags(write=False)
    return array


def wrong_rows(values: Sequence[Any], allowed: set[type]) -> list[int]:
    """The first place whose type is not allowed, as a list of at most one."""
    wrong = set(map(type, values)) - allowed
    return [next(i for i, value in enumerate(values) if type(value) in wrong)] if wrong else []
