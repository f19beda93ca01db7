"""Native JSON decoded straight to records of the declared fields: half the work of plain objects.

Only for content that is as declared, fields aside that are seen near its start or end. All other content is parsed as
plain JSON, which names what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Literal, NamedTuple

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
SAMPLE = 1 << 14
"""Bytes at either end that are searched for names of fields."""
NAME = re.compile(rb'"([^"\\\x00-\x1f\x80-\xff]{1,64})"\s*:')
MOST_UNKNOWN = 16
"""Fields that are not declared, beyond which decoding to records gains nothing."""


class Shape(NamedTuple):
    """The fields that nodes may have: declared ones, and others."""

    declared: frozenset[str]
    unknown: tuple[str, ...]


class TypedForests:
    """Decodes the documents of one file, which mostly have the same fields."""

    def __init__(self) -> None:
        self.shape = Shape(frozenset(), ())

    def __call__(self, data: bytes, start: int, end: int) -> Any:
        """A `Forest`, when the bytes from `start` to `end` are one and nothing is wrong with it; plain JSON otherwise.

        Raises:
            orjson.JSONDecodeError: it is not JSON.
        """
        forest = self.forest(memoryview(data)[start:end])
        return plain(data, start, end) if forest is None else forest

    def forest(self, data: memoryview) -> Forest | None:
        """The forest, unless decoding it plainly could give another one or an error."""
        try:
            raw = {name: memoryview(value) for name, value in raw_fields(data).items()}
            nodes = self._decoded(raw.pop("nodes", memoryview(b"")))
            value = {name: orjson.loads(item) for name, item in raw.items()}
            to_nodes = partial(TypedNodes, fields=self.shape.declared)
            return forest_from({**value, "nodes": nodes}, "", "", to_nodes=to_nodes)
        except (msgspec.DecodeError, TreecoreError, ValueError, OverflowError, RecursionError):
            return None

    def _decoded(self, nodes: memoryview) -> list[Any]:
        """Records of the nodes: with the fields of the document before, else those in sight, else all declared ones.

        Raises:
            msgspec.DecodeError: a field was not foreseen, or a value of another type.
        """
        with suppress(msgspec.ValidationError):
            return decoder(self.shape)(nodes)
        self.shape = sampled(nodes)
        with suppress(msgspec.ValidationError):
            return decoder(self.shape)(nodes)
        self.shape = Shape(NODE_FIELDS, self.shape.unknown)
        return decoder(self.shape)(nodes)


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


def sampled(nodes: memoryview) -> Shape:
    """The fields near the start and the end: mostly all there are."""
    parts = (nodes[:SAMPLE], nodes[max(SAMPLE, len(nodes) - SAMPLE) :])
    names = [name.decode() for name in dict.fromkeys(name for part in parts for name in NAME.findall(part))]
    others = [name for name in names if name not in NODE_FIELDS]
    return Shape(NODE_FIELDS.intersection(names), tuple(others[:MOST_UNKNOWN]))


@lru_cache(maxsize=64)
def decoder(shape: Shape) -> Callable[[memoryview], list[Any]]:
    """Decodes a list of nodes that have these fields; refuses other fields and values of other types."""
    present = [declared for declared in NODE_RECORD if declared[0] in shape.declared or declared[0] in ("id", "parent")]
    attributes = {f"unknown_{number}": name for number, name in enumerate(shape.unknown)}
    node: Any = msgspec.defstruct(
        "Node",
        [*present, *((attribute, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for attribute in attributes)],
        namespace={"__unknown__": attributes},
        rename=attributes,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=True,
    )
    decode: Callable[[memoryview], list[Any]] = msgspec.json.Decoder(list[node]).decode
    return decode
