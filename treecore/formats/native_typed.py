"""Native JSON decoded straight to records of the declared fields: half the work of plain objects.

Only for content that is as declared, fields aside that are seen near its start or end. All other content is parsed as
plain JSON, which names what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Literal

import msgspec
import orjson

from treecore.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.errors import TreecoreError
from treecore.forest import Forest
from treecore.formats.native_fields import MAP_FIELDS, NODE_FIELDS, TREE
from treecore.formats.native_nodes import ABSENT, Nodes
from treecore.formats.native_read import forest_from
from treecore.formats.source import plain

TYPES: dict[str, Any] = {"int": int | None, "float": float | None, "text": str | None, "choice": str | None}
TOKEN_NAMES: Any = Literal[tuple(column.name for column in TOKEN_COLUMNS)]
NODE_RECORD: tuple[Any, ...] = (
    ("id", int | str),
    ("parent", int | str | None),
    *((column.name, TYPES[column.kind], ABSENT.get(column.kind)) for column in (TREE, *NODE_COLUMNS)),
    ("tokens", dict[TOKEN_NAMES, list[Any] | None] | None, None),
    *((name, dict[str, float | None] | None, None) for name in MAP_FIELDS),
)
"""Name and type of each field of a node, and what stands for it where it is absent."""
SAMPLE = 1 << 16
"""Bytes at either end that are searched for names of fields."""
NAME = re.compile(rb'"([^"\\\x00-\x1f\x80-\xff]{1,64})"\s*:')
MOST_UNKNOWN = 16
"""Fields that are not declared, beyond which decoding to records gains nothing."""


def forest_or_value(data: bytes, start: int, end: int) -> Any:
    """A `Forest`, when the bytes from `start` to `end` are one and nothing is wrong with it; plain JSON otherwise.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
    """
    forest = typed_forest(memoryview(data)[start:end])
    return plain(data, start, end) if forest is None else forest


def typed_forest(data: memoryview) -> Forest | None:
    """The forest, unless decoding it plainly could give another one or an error."""
    try:
        raw = {name: memoryview(value) for name, value in raw_fields(data).items()}
        nodes, fields = decoded(raw.pop("nodes", memoryview(b"")))
        value = {name: orjson.loads(item) for name, item in raw.items()}
        return forest_from({**value, "nodes": nodes}, "", "", to_nodes=partial(TypedNodes, fields=fields))
    except (msgspec.DecodeError, TreecoreError, ValueError, OverflowError, RecursionError):
        return None


class TypedNodes(Nodes):
    """Nodes as records; types of values were checked in decoding."""

    def _pick(self, field: str, items: Any, absent: Any = None) -> list[Any]:
        return list(map(attrgetter(field), items))

    def _take_apart(self) -> list[Any]:
        self.ids = self._pick("id", self.items)
        self.numbered = self.ids == list(range(len(self)))
        return self._pick("parent", self.items)

    def unknown(self) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for attribute, name in type(self.items[0]).__unknown__.items():
            for row, value in enumerate(self._pick(attribute, self.items)):
                if value is not msgspec.UNSET:
                    found.setdefault(row, {})[name] = orjson.loads(memoryview(value))
        return found


raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def decoded(nodes: memoryview) -> tuple[list[Any], Set[str]]:
    """Records of the nodes, and which declared fields they may have.

    Raises:
        msgspec.DecodeError: a field was not foreseen, or a value of another type.
    """
    names = {name.decode() for part in (nodes[:SAMPLE], nodes[-SAMPLE:]) for name in NAME.findall(part)}
    seen, unknown = frozenset(names & NODE_FIELDS), tuple(sorted(names - NODE_FIELDS)[:MOST_UNKNOWN])
    try:
        return decoder(seen, unknown)(nodes), seen
    except msgspec.ValidationError:
        return decoder(NODE_FIELDS, unknown)(nodes), NODE_FIELDS


@lru_cache(maxsize=64)
def decoder(fields: frozenset[str], unknown: tuple[str, ...]) -> Callable[[memoryview], Any]:
    """Decodes a list of nodes that have these fields; refuses other fields and values of other types."""
    present = [declared for declared in NODE_RECORD if declared[0] in fields or declared[0] in ("id", "parent")]
    attributes = {f"unknown_{number}": name for number, name in enumerate(unknown)}
    node: Any = msgspec.defstruct(
        "Node",
        [*present, *((attribute, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for attribute in attributes)],
        namespace={"__unknown__": attributes},
        rename=attributes,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(list[node]).decode
