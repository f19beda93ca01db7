"""Fields of a row, each of the type that it should be; one that is not names itself, its line and what was expected.

Null and absent fields are the same everywhere. Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from treecore.errors import FormatError
from treecore.formats.native_values import shown
from treecore.formats.rows import as_number

Fields = Mapping[str, Any]
WRITTEN = re.compile(r"[-+]?\d{1,20}(?:\.\d{0,30})?(?:[eE][-+]?\d{1,2})?|nan", re.ASCII | re.IGNORECASE)
"""A number as text: what `json.dumps(..., default=str)` makes of those of numpy and torch, and data sets keep."""


def wrong(name: str, value: Any, wanted: str, *, where: str) -> FormatError:
    """The error for a field of the wrong type.

    Args:
        name: of the field; value: what it holds; wanted: what it should be, "a number".
    """
    return FormatError(f'"{name}" is {shown(value)}, not {wanted}', where=where, todo="correct it or leave it out")


def needed(fields: Fields, name: str, *, where: str) -> Any:
    """A field that a row must have.

    Raises:
        FormatError: it is null or absent.
    """
    value = fields.get(name)
    if value is None:
        raise FormatError(f'there is no "{name}"', where=where, todo="add it, or take the row out")
    return value


def first_of(fields: Fields, names: Sequence[str]) -> str:
    """The first of these names that holds a value; "" where none does."""
    for name in names:
        if fields.get(name) is not None:
            return name
    return ""


def number_in(fields: Fields, name: str, *, where: str) -> float | None:
    """A number, also one that is written as text; None where it is null, NaN or absent.

    Raises:
        FormatError: it is something else.
    """
    return number_of(fields.get(name), name, where=where)


def number_of(value: Any, name: str, *, where: str) -> float | None:
    """`number_in` of a value that stands in field `name`. Errors as there."""
    if type(value) is float:
        return value if value == value else None
    if isinstance(value, str) and WRITTEN.fullmatch(value):
        value = float(value)
    try:
        return as_number(value)
    except (ValueError, OverflowError):
        raise wrong(name, value, "a number", where=where) from None


def n_tokens_of(number: float | None) -> int:
    """A recorded number of tokens; -1 where there is none, or none that can be."""
    return int(number) if number is not None and 0 <= number < 1e9 else -1


def list_in(fields: Fields, name: str, *, where: str) -> list[Any]:
    """A list; empty where it is null or absent.

    Raises:
        FormatError: it is something else.
    """
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(name, value, "a list", where=where)
    return value


def object_in(fields: Fields, name: str, *, where: str) -> dict[str, Any]:
    """An object; empty where it is null or absent.

    Raises:
        FormatError: it is something else.
    """
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(name, value, "an object", where=where)
    return value


def training_step_in(fields: Fields, *names: str) -> int:
    """The training step under the first of these names that holds one, also as text; -1 where none does."""
    return next((step for name in names if (step := step_of(fields.get(name))) >= 0), -1)


def step_of(value: Any) -> int:
    """A training step, also written as text; -1 where the value is none."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1
