"""The footer of a Parquet file as plain values, for what pyarrow does not tell safely. Knows Thrift's compact protocol.

pyarrow ends the process where statistics of a column do not fit, if one asks for that column's metadata; release 21
does so as soon as a file with a schema of many levels is opened.
"""

from __future__ import annotations

import struct
from typing import Any

SCHEMA, NUM_CHILDREN = 2, 5
"""Numbers of fields of the footer and of an element of its schema."""
ROW_GROUPS, COLUMNS, NUM_ROWS, OF_COLUMN, NUM_VALUES = 4, 1, 3, 3, 5
"""Numbers of fields of the footer, of a row group (two), of a column chunk and of what describes it."""
BOOLEANS, BYTE, NUMBERS, DOUBLE, BINARY, LISTS, MAP, STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, (9, 10), 11, 12
MAX_LEVELS = 16
"""Structures within each other; a footer has seven."""


def listed_values(data: bytes) -> int:
    """How many values more than rows the columns of a row group have together, those of lists, in the largest group.

    All of them may be in one row, and so come into memory at once.

    Raises:
        ValueError: it is no footer.
    """
    most = 0
    for group in _structs(_footer(data).struct(0), ROW_GROUPS):
        rows = _number(group, NUM_ROWS)
        about = [column.get(OF_COLUMN) for column in _structs(group, COLUMNS)]
        more = sum(max(_number(one, NUM_VALUES) - rows, 0) for one in about if isinstance(one, dict))
        most = max(most, more)
    return most


def schema_levels(data: bytes) -> int:
    """How many elements of the schema are within each other at most, the root included; a list has two.

    Raises:
        ValueError: it is no footer.
    """
    most, missing = 0, list[int]()
    for element in _structs(_footer(data).struct(0, last=SCHEMA), SCHEMA):
        while missing and not missing[-1]:
            missing.pop()
        if missing:
            missing[-1] -= 1
        missing.append(_number(element, NUM_CHILDREN))
        most = max(most, len(missing))
    return most


def _structs(fields: dict[int, Any], number: int) -> list[dict[int, Any]]:
    """A field that lists structures; empty where it is absent.

    Raises:
        ValueError: it holds something else.
    """
    found = fields.get(number) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"field {number} of the footer lists no structures")
    return found


def _number(fields: dict[int, Any], number: int) -> int:
    """A field that is a number; 0 where it is absent.

    Raises:
        ValueError: it holds something else.
    """
    found = fields.get(number) or 0
    if not isinstance(found, int):
        raise ValueError(f"field {number} of the footer is no number")
    return found


def _footer(data: bytes) -> _Reader:
    if len(data) < 12:
        raise ValueError("the footer ends too early")
    size = struct.unpack("<I", data[-8:-4])[0]
    return _Reader(data[-8 - size : -8])


class _Reader:
    """Reads values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise ValueError("the footer ends too early")
        self.at += 1
        return self.data[self.at - 1]

    def whole(self) -> int:
        """An unsigned number of variable length."""
        found, shift = 0, 0
        while shift < 70:
            one = self.byte()
            found |= (one & 127) << shift
            if one < 128:
                return found
            shift += 7
        raise ValueError("a number of the footer has too many digits")

    def signed(self) -> int:
        found = self.whole()
        return (found >> 1) ^ -(found & 1)

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise ValueError("the footer ends too early")

    def struct(self, level: int, *, last: int | None = None) -> dict[int, Any]:
        """Fields by number; none that come after `last`."""
        fields: dict[int, Any] = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.signed()
            kind = head & 15
            fields[number] = None if kind in BOOLEANS else self.value(kind, level=level)
            if number == last:
                break
        return fields

    def value(self, kind: int, *, level: int) -> Any:
        """One value; texts are passed over."""
        if level > MAX_LEVELS:
            raise ValueError("the footer is nested too deep")
        if kind in NUMBERS:
            return self.signed()
        if kind == STRUCT:
            return self.struct(level + 1)
        if kind in LISTS:
            head = self.byte()
            count = head >> 4 if head >> 4 < 15 else self.whole()
            return [self.value(head & 15, level=level + 1) for _ in range(min(count, len(self.data)))]
        if kind == MAP:
            return self.pairs(level)
        if kind not in (*BOOLEANS, BYTE, DOUBLE, BINARY):
            raise ValueError(f"the footer holds a value of kind {kind}")
        self.skip(self.whole() if kind == BINARY else 8 if kind == DOUBLE else 1)
        return None

    def pairs(self, level: int) -> None:
        """A map, passed over."""
        if count := self.whole():
            kinds = self.byte()
            for _ in range(min(count, len(self.data))):
                self.value(kinds >> 4, level=level + 1)
                self.value(kinds & 15, level=level + 1)
