"""Numbers of tokens in lists beside each other, as trainers record them. Knows no file format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import compress
from math import fsum
from typing import Any

import numpy as np

from treecore.core.builder import NAN, StepTokens
from treecore.core.numerals import counted
from treecore.core.topology import BoolArray, IntArray
from treecore.errors import FormatError
from treecore.formats.fields import list_in, wrong

MAX_ID, MAX_DIGITS = (1 << 31) - 1, 11
"""Largest id of a token, and digits that tell that one is larger."""
PRINTED = re.compile(r"\[[\d\s,]*\]", re.ASCII)
"""A list of whole numbers as Python or numpy prints it."""
MAX_NUMBER = 1e9
"""Largest log probability or entropy, in nats, either way."""


def numbers_in(fields: Mapping[str, Any], name: str, *, where: str) -> list[float]:
    """A list of numbers, NaN for null; empty where it is absent.

    Raises:
        FormatError: it is something else.
    """
    values = list_in(fields, name, where=where)
    kinds = set(map(type, values))
    if not kinds <= {int, float, bool, type(None)}:
        raise wrong(name, values, "a list of numbers", where=where)
    return [NAN if value is None else value for value in values] if type(None) in kinds else values


def ids_in(fields: Mapping[str, Any], name: str, *, where: str) -> list[int]:
    """A list of token ids; empty where it is absent.

    Raises:
        FormatError: it is something else.
    """
    values = list_in(fields, name, where=where)
    if not are_ids(values):
        raise wrong(name, values, "a list of token ids", where=where)
    return values


def are_ids(values: Sequence[Any]) -> bool:
    """Whether all are ids of tokens."""
    return set(map(type, values)) <= {int} and (not values or 0 <= min(values) <= max(values) <= MAX_ID)


def ids_of(value: Any) -> IntArray | None:
    """A list of token ids, also one that Python or numpy printed; None for anything else. `[T]`"""
    if type(value) is str and PRINTED.fullmatch(value.strip()):
        value = [int(digits[:MAX_DIGITS]) for digits in re.findall(r"\d+", value)]
    if type(value) is not list:
        return None
    try:
        found = np.array(value) if value else np.empty(0, dtype=np.int64)
    except (ValueError, OverflowError):
        return None
    if found.dtype != np.int64 or found.ndim != 1:
        return None
    return found if not len(found) or 0 <= found.min() <= found.max() <= MAX_ID else None


def mask_in(fields: Mapping[str, Any], name: str, size: int, where: str) -> list[Any]:
    """A list that is true where the model wrote a token; empty where it is absent.

    Raises:
        FormatError: it is something else, or does not have one value for each of `size` tokens.
    """
    values = list_in(fields, name, where=where)
    if not set(map(type, values)) <= {int, float, bool}:
        raise wrong(name, values, "a list of true and false", where=where)
    if values and len(values) != size:
        raise unequal(name, len(values), size, where)
    return values


def step_tokens(
    ids: Sequence[int], logprob: Sequence[float], *, entropy: Sequence[float], names: str, where: str
) -> StepTokens | None:
    """Tokens of a step, None for none; columns that are empty are absent.

    Args:
        names: of the columns, for messages.

    Raises:
        FormatError: their lengths differ, or a number is out of range.
    """
    for values in (logprob, entropy):
        if values and ids and len(values) != len(ids):
            raise unequal(names, len(values), len(ids), where)
        if values and (np.abs(np.array(values, dtype=np.float64)) > MAX_NUMBER).any():
            raise FormatError(f'"{names}" holds a number that is no log probability', where=where, todo="correct it")
    return StepTokens(id=ids, logprob=logprob, entropy=entropy) if ids or logprob or entropy else None


def unequal(name: str, found: int, wanted: int, where: str) -> FormatError:
    """The error for lists that should be of one length."""
    return FormatError(
        f'"{name}" holds {counted(found, "value")} for {counted(wanted, "token")}',
        where=where,
        todo="correct the lists",
    )


def masked(values: Sequence[Any], *, mask: Sequence[Any]) -> list[Any]:
    """Values where the mask is true."""
    return list(compress(values, mask))


def mean(values: Sequence[float]) -> float | None:
    """Mean of the numbers that are not NaN; None where there are none."""
    if not values:
        return None
    total = fsum(values)
    if total != total:
        return mean([value for value in values if value == value])
    return float(values[0]) if values.count(values[0]) == len(values) else total / len(values)


def stretches_of(mask: Sequence[Any] | BoolArray) -> list[slice]:
    """Stretches in which the mask is true."""
    return [slice(low, high) for low, high in edges_of(mask).tolist()]


def edges_of(mask: Sequence[Any] | BoolArray) -> IntArray:
    """First place of each stretch in which the mask is true, and the one after its last. `[S, 2]`"""
    true = np.zeros(len(mask) + 2, dtype=bool)
    true[1:-1] = np.array(mask, dtype=bool)
    return np.flatnonzero(true[1:] != true[:-1]).reshape(-1, 2)
