"""The text of a list of nodes, cut into chunks and decoded straight to records: half the work of plain objects.

Only for content that is as declared, fields aside that are seen near a chunk's start or end. All other chunks are
parsed as plain JSON, and what is wrong in them is found there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import orjson

from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.formats.limits import Account, json_cost
from treecore.formats.native_chunks import ABSENT, NO_NUMBER, Chunk, TypedChunk
from treecore.formats.native_fields import MAP_FIELDS, NODE_FIELDS, TREE
from treecore.formats.wide import check_width

TYPES: dict[str, Any] = {"int": int | None, "float": float | None, "text": str | None, "choice": str | None}
NULLS: dict[str, Any] = {"float": NO_NUMBER}
TOKENS: Any = msgspec.defstruct(
    "Tokens",
    [(column.name, list[Any] | msgspec.UnsetType | None, ABSENT) for column in TOKEN_COLUMNS],
    gc=False,
    forbid_unknown_fields=True,
)
NODE_RECORD: tuple[Any, ...] = (
    ("id", int | str),
    ("parent", int | str | None),
    *(
        (
            column.name,
            TYPES[column.kind] | (float if column.kind == "float" else msgspec.UnsetType),
            NULLS.get(column.kind, ABSENT),
        )
        for column in (TREE, *NODE_COLUMNS)
    ),
    ("tokens", TOKENS | msgspec.UnsetType | None, ABSENT),
    *((name, dict[str, float | None] | msgspec.UnsetType | None, ABSENT) for name in MAP_FIELDS),
)
"""Name and type of each field of a node, and what stands for it where it is absent."""
SAMPLE = 1 << 14
"""Bytes at either end of a chunk that are searched for names of fields."""
NAME = re.compile(rb'"([^"\\\x00-\x1f\x80-\xff]{1,64})"\s*:')
MAX_UNKNOWN = 16
"""Fields that are not declared, beyond which decoding to records gains nothing."""
DECODER_BYTES, FREE_DECODERS = 50_000, 8
"""Making a decoder takes as long as parsing so many bytes; so many may be made however short a file is."""
CHUNK_BYTES, LARGE_BYTES = 1 << 18, 1 << 21
"""Bytes of a chunk, and from how many on its cost is estimated before it is parsed."""
BOUNDARY = re.compile(rb"\}\s*(,)\s*\{")
"""Between two objects of a list; also inside texts and inner lists, which decoding tells."""


class Shape(NamedTuple):
    """The fields that nodes may have: declared ones, and others."""

    declared: frozenset[str]
    unknown: tuple[str, ...]


class Text(NamedTuple):
    """A chunk of nodes, and its text as a JSON list."""

    chunk: Chunk
    text: bytes


class Decoders:
    """Decodes the chunks of one file, which mostly have the same fields."""

    def __init__(self) -> None:
        self.shape = Shape(frozenset(), ())
        self.made, self.seen = 0, 0

    def __call__(self, nodes: bytes, low: int) -> TypedChunk:
        """Records of the nodes: with the fields of the chunk before, else those in sight, else all declared ones.

        Raises:
            msgspec.ValidationError: a field was not foreseen, a value is of another type, or making one more
                decoder would take longer than plain JSON.
            msgspec.DecodeError: it is not JSON.
        """
        self.seen += len(nodes)
        if self.shape.declared:
            try:
                return TypedChunk(decoder(self.shape)(nodes), low)
            except msgspec.ValidationError:
                pass
        for find in (sampled, self._widened):
            if (self.made - FREE_DECODERS) * DECODER_BYTES > self.seen:
                break
            self.made += 1
            self.shape = find(nodes)
            try:
                return TypedChunk(decoder(self.shape)(nodes), low)
            except msgspec.ValidationError:
                pass
        raise msgspec.ValidationError("no records")

    def _widened(self, nodes: bytes) -> Shape:
        return Shape(NODE_FIELDS, self.shape.unknown)


def sampled(nodes: bytes) -> Shape:
    """The fields near the start and the end: mostly all there are."""
    parts = (nodes[:SAMPLE], nodes[max(SAMPLE, len(nodes) - SAMPLE) :])
    names = [name.decode() for name in dict.fromkeys(name for part in parts for name in NAME.findall(part))]
    others = [name for name in names if name not in NODE_FIELDS]
    return Shape(NODE_FIELDS.intersection(names) | {"id", "parent"}, tuple(others[:MAX_UNKNOWN]))


@lru_cache(maxsize=64)
def decoder(shape: Shape) -> Callable[[bytes], list[Any]]:
    """Decodes a list of nodes that have these fields; refuses other fields and values of other types."""
    present = [declared for declared in NODE_RECORD if declared[0] in shape.declared]
    attributes = {f"unknown_{number}": name for number, name in enumerate(shape.unknown)}
    node: Any = msgspec.defstruct(
        "Node",
        [*present, *((attribute, msgspec.Raw | msgspec.UnsetType, ABSENT) for attribute in attributes)],
        namespace={"__unknown__": attributes, "__declared__": shape.declared},
        rename=attributes,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=True,
    )
    decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[node]).decode
    return decode


def text_chunks(nodes: memoryview, decode: Decoders, account: Account, where: str) -> Iterator[Text]:
    """The nodes of a JSON list, chunk by chunk.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
        FormatError: a node is too large for what the file may take, or has too many fields.
    """
    check_width(nodes, where, what="a step")
    start, end, low = 1, len(nodes) - 1, 0
    while not low or start < end:
        size = CHUNK_BYTES
        while True:
            found = BOUNDARY.search(nodes, start + size) if start + size < end else None
            cut = found.start(1) if found else end
            if cut - start > LARGE_BYTES:
                account.afford(json_cost(nodes[start:cut]), where, what=f"a node of {(cut - start) / 1e6:,.0f} MB")
            text = b"".join((b"[", nodes[start:cut], b"]"))
            try:
                chunk = one_chunk(text, decode, low)
                break
            except orjson.JSONDecodeError:
                if cut == end:
                    raise
                size = 2 * (cut - start)
        if not len(chunk):
            return
        yield Text(chunk, text)
        start, low = cut + 1, low + len(chunk)


def one_chunk(text: bytes, decode: Decoders, low: int) -> Chunk:
    """A chunk as records, or as plain objects.

    Raises:
        orjson.JSONDecodeError: the text is cut inside a value, or not JSON.
    """
    try:
        return decode(text, low)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return Chunk(orjson.loads(text), low)
