"""The nodes of one forest, a chunk at a time: as plain objects, or cut from the text and decoded to records.

A chunk is small, so that objects of a whole file are never there at once. Knows nothing of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import orjson

from treecore.formats.json_keys import may_be_rounded, names_parsed
from treecore.formats.limits import Account, json_cost, object_cost
from treecore.formats.native_fields import NODE_FIELDS, TOKEN_FIELDS

ABSENT = msgspec.UNSET
"""What stands for a field that a node does not have, but for numbers with a fraction, where it is `NO_NUMBER`."""
NO_NUMBER = float("nan")


class Chunk:
    """Some nodes that follow each other in the file, as plain objects.

    Args:
        items: the nodes.
        low: place of the first in the list.

    Attributes:
        names: fields that may occur.
    """

    typed = False

    def __init__(self, items: Sequence[Any], low: int) -> None:
        self.items, self.low = items, low
        self.names: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.items)

    def look(self) -> int | None:
        """Collect the names of fields; the number of a node that is no object, None when all are."""
        wrong = next((number for number, item in enumerate(self.items) if type(item) is not dict), None)
        if wrong is None:
            self.names = frozenset().union(*self.items)
        return wrong

    def required(self, field: str) -> list[Any]:
        """A field that all nodes have.

        Raises:
            KeyError: one has not.
        """
        return list(map(itemgetter(field), self.items))

    def get(self, field: str, absent: Any = ABSENT) -> list[Any]:
        """A field of all nodes. `[n]`"""
        return list(map(dict.get, self.items, repeat(field), repeat(absent)))

    def token_column(self, objects: Sequence[Any], name: str) -> list[Any]:
        """One column of token objects."""
        return list(map(dict.get, objects, repeat(name), repeat(ABSENT)))

    def token_extra(self, tokens: Any) -> dict[str, Any]:
        """Columns of a token object that we do not know."""
        if TOKEN_FIELDS.issuperset(tokens):
            return {}
        return {name: value for name, value in tokens.items() if name not in TOKEN_FIELDS}

    def unknown(self, account: Account, where: str) -> dict[int, dict[str, Any]]:
        """Fields that are not declared, as they came. Number in the chunk -> fields."""
        names = self.names - NODE_FIELDS
        found = {
            number: {name: value for name, value in item.items() if name in names}
            for number, item in enumerate(self.items if names else ())
            if not names.isdisjoint(item)
        }
        account.spend(sum(map(object_cost, found.values())), where, what="values beyond the format")
        return found

    def count_names(self) -> int:
        """Names of fields in all nodes, at any depth."""
        return names_parsed(list(self.items))


class TypedChunk(Chunk):
    """Nodes as records; types of values were checked in decoding."""

    typed = True

    def __init__(self, items: Sequence[Any], low: int) -> None:
        super().__init__(items, low)
        self.names = type(items[0]).__declared__ if items else frozenset()
        self._names = 0

    def look(self) -> int | None:
        self._names = 2 * len(self)
        return None

    def required(self, field: str) -> list[Any]:
        return list(map(attrgetter(field), self.items))

    def get(self, field: str, absent: Any = ABSENT) -> list[Any]:
        values = list(map(attrgetter(field), self.items))
        self._names += len(values) - values.count(absent)
        return values

    def token_column(self, objects: Sequence[Any], name: str) -> list[Any]:
        values = list(map(attrgetter(name), objects))
        self._names += len(values) - values.count(ABSENT)
        return values

    def token_extra(self, tokens: Any) -> dict[str, Any]:
        return {}

    def unknown(self, account: Account, where: str) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for attribute, name in type(self.items[0]).__unknown__.items():
            for number, raw in enumerate(map(attrgetter(attribute), self.items)):
                if raw is not ABSENT:
                    found.setdefault(number, {})[name] = self._foreign(memoryview(raw), account, where)
        return found

    def _foreign(self, raw: memoryview, account: Account, where: str) -> Any:
        account.spend(json_cost(raw), where, what="values beyond the format")
        if may_be_rounded(raw):
            raise msgspec.ValidationError("a whole number may be rounded")
        value = orjson.loads(raw)
        self._names += 1 + (names_parsed(value) if isinstance(value, dict | list) else 0)
        return value

    def count_names(self) -> int:
        for field in ("columns", "credit"):
            if field in self.names:
                self._names += sum(len(found) for found in map(attrgetter(field), self.items) if found)
        return self._names
