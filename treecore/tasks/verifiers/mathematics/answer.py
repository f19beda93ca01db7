"""What an answer can be, once taken apart: a value, words, several answers in one, a matrix, a relation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from treecore.tasks.verifiers.mathematics.value import Value


@dataclass(frozen=True)
class Words:
    """Words in small letters, single spaces between them."""

    text: str


@dataclass(frozen=True)
class Items:
    """Several answers in one.

    `list` is bare or a union, in any order; `set` stood in braces, where repetitions do not count; `tuple` has brackets
    `opens` and `closes` and an order, as have intervals; `series` goes on (`1, 2, ...`) and has an order; `ratio` stood
    between colons; `either` is one text in two readings, a number with thousands parted and a list.
    `name` is what each of a list is, and what lies in an interval: `x` of `x = 1 or x = 2` and of `x > 3`; "" where it
    is not said.
    """

    kind: Literal["list", "set", "tuple", "series", "ratio", "either"]
    items: tuple[Answer, ...]
    opens: str = ""
    closes: str = ""
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Matrix:
    """Rows of values."""

    rows: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True)
class Relation:
    """`left operator right` with `=`, `\\ne`, `<` or `\\le`; greater-than is turned around.

    `between` are the sides of a chain of equalities between its ends: `2+3` of `x = 2+3 = 5`.
    """

    operator: str
    left: Answer
    right: Answer
    between: tuple[Answer, ...] = ()


Answer = Value | Words | Items | Matrix | Relation
