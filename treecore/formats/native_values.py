"""Columns of plain JSON values, checked by type as a whole; single values are looked at only to name a culprit.

Knows column types; knows nothing of nodes or files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NoReturn

import numpy as np

from treecore.core.columns import DTYPES, Column
from treecore.formats.native_chunks import ABSENT
from treecore.formats.native_fields import INT_MAX

Fail = Callable[[int, str, str], NoReturn]
"""Raises for one value: its place in the column, what was found, what to do."""

NONE, UNSET = type(None), type(ABSENT)
ALLOWED: dict[str, set[type]] = {"text": {str}, "choice": {str}, "int": {int}, "float": {int, float}, "pairs": {list}}
NOUNS = {
    "text": "text",
    "int": "a whole number",
    "float": "a number",
    "choice": "text",
    "pairs": "a list of pairs of a text and a number",
}


def shown(value: Any) -> str:
    """A value as short JSON, for messages; of objects and lists only the beginning is looked at."""
    text = json.dumps(beginning(value, 2), ensure_ascii=False, default=repr)
    return text if len(text) <= 40 else text[:37] + "..."


def beginning(value: Any, depth: int) -> Any:
    """Enough of a value to recognise it."""
    if isinstance(value, str):
        return value[:40]
    if isinstance(value, dict):
        return {str(name)[:40]: beginning(inner, depth - 1) for name, inner in islice(value.items(), 4 if depth else 0)}
    if isinstance(value, list | tuple):
        return [beginning(inner, depth - 1) for inner in islice(value, 20 if depth else 0)]
    return value


def typed(values: list[Any], column: Column, fail: Fail) -> Any:
    """`values` as a column: an array, or a list of strings.

    Args:
        values: plain JSON values, None or `ABSENT` where there is none.
        column: what they should be.
        fail: called with the first wrong one.
    """
    kinds = set(map(type, values))
    if column.kind == "int" and float in kinds:
        values = [whole(value) for value in values]
        kinds = set(map(type, values))
    wrong = kinds - ALLOWED[column.kind] - {NONE, UNSET}
    if wrong:
        place = next(i for i, value in enumerate(values) if type(value) in wrong)
        fail(place, f"{shown(values[place])} is not {NOUNS[column.kind]}", f"give {NOUNS[column.kind]} or null")
    return CONVERT[column.kind](values, column, bool(kinds & {NONE, UNSET}), fail)


def whole(value: Any) -> Any:
    """`3.0` as `3`; anything else as it is. JSON knows only one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text_column(values: list[Any], column: Column, gaps: bool, fail: Fail) -> Sequence[str]:
    return [value or "" for value in values] if gaps else values


def choice_column(values: list[Any], column: Column, gaps: bool, fail: Fail) -> Any:
    codes: dict[Any, int] = {name: code for code, name in enumerate(column.choices)}
    codes |= dict.fromkeys((None, ABSENT), -1)
    try:
        return np.fromiter(map(codes.__getitem__, values), dtype=DTYPES["choice"], count=len(values))
    except KeyError:
        place = next(i for i, value in enumerate(values) if value not in codes)
    fail(place, f"{shown(values[place])} is no {column.name}", "give one of " + ", ".join(column.choices))


def int_column(values: list[Any], column: Column, gaps: bool, fail: Fail) -> Any:
    try:
        plain = [value if type(value) is int else -1 for value in values] if gaps else values
        array = np.fromiter(plain, dtype=np.int64, count=len(plain))
    except OverflowError:
        place = next(i for i, value in enumerate(values) if type(value) is int and abs(value) > INT_MAX)
        fail(place, f"{shown(values[place])} is too large", f"give at most {INT_MAX}")
    low = -1 if column.minimum is None else int(column.minimum)
    if np.count_nonzero(array < low) > (values.count(None) + values.count(ABSENT) if gaps else 0):
        place = next(i for i, value in enumerate(values) if type(value) is int and value < low)
        fail(place, f"{shown(values[place])} is negative", f"give {low} or more, or null")
    return array


def float_column(values: list[Any], column: Column, gaps: bool, fail: Fail) -> Any:
    if gaps and ABSENT in values:
        values = [None if value is ABSENT else value for value in values]
    array = np.array(values, dtype=np.float64)
    if len(wild := column.beyond(array)):
        place = int(wild[0])
        fail(place, f"{shown(values[place])} is no {column.name} that can be", column.range_todo)
    return array


def pairs_column(values: list[Any], column: Column, gaps: bool, fail: Fail) -> Any:
    """Lists of pairs; equal texts are one object, tokens repeat."""
    known: dict[str, str] = {}

    def pair(place: int, item: Any) -> tuple[str, float]:
        match item:
            case [str(text), int() | float() as number] if not isinstance(number, bool):
                if not (column.minimum or 0) <= number <= (column.maximum or 0):
                    fail(place, f"{shown(item)} is no {column.name} that can be", column.range_todo)
                return known.setdefault(text, text), float(number)
        fail(place, f"{shown(item)} is not a pair of a text and a number", "give pairs, or null")

    return [
        tuple(pair(place, item) for item in value) if type(value) is list else () for place, value in enumerate(values)
    ]


CONVERT: dict[str, Callable[[list[Any], Column, bool, Fail], Any]] = {
    "text": text_column,
    "choice": choice_column,
    "int": int_column,
    "float": float_column,
    "pairs": pairs_column,
}
