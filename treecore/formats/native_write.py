"""`Forest` to native JSON: nulls left out, floats exact, unknown fields back where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from treecore.core.columns import NODE_COLUMNS, Column
from treecore.core.forest import Forest
from treecore.core.topology import IntArray
from treecore.errors import FormatError
from treecore.formats.native_fields import (
    FOREST_FIELDS,
    MAP_FIELDS,
    NODE_FIELDS,
    OBJECT_FIELDS,
    TEXT_FIELDS,
    TOKEN_FIELDS,
    TREE,
    VERSION,
    unwritable,
)
from treecore.formats.native_tokens import recorded, token_objects


def write_native(forests: Sequence[Forest], name: str) -> Iterator[bytes]:
    """One forest a line, or one document when the name ends in `.json`."""
    lines = name.lower().removesuffix(".gz").endswith(".jsonl")
    return json_lines(forests) if lines else one_document(forests)


def json_lines(forests: Sequence[Forest]) -> Iterator[bytes]:
    for forest in forests:
        yield encode(forest) + b"\n"


def one_document(forests: Sequence[Forest]) -> Iterator[bytes]:
    if len(forests) == 1:
        yield encode(forests[0]) + b"\n"
        return
    for number, forest in enumerate(forests):
        yield (b",\n" if number else b'{"forests": [\n') + encode(forest)
    yield b"\n]}\n"


def encode(forest: Forest) -> bytes:
    """One forest as JSON.

    Raises:
        FormatError: it holds what JSON cannot: infinities in fields beyond the format, foreign objects, broken text.
    """
    try:
        return orjson.dumps(forest_json(forest), option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise FormatError(
            f"cannot be written as JSON ({error})", where=f"forest {forest.id!r}", todo="change it"
        ) from None


def forest_json(forest: Forest) -> dict[str, Any]:
    """The native object of a forest."""
    meta = {name: value for name in (*TEXT_FIELDS, *OBJECT_FIELDS) if (value := getattr(forest, name))}
    for name, value in [*forest.extra.items(), *((name, meta.get(name)) for name in OBJECT_FIELDS)]:
        check_foreign(forest, f"field {name!r}", name in forest.extra and name in FOREST_FIELDS, value)
    return {"format": VERSION, **meta, **forest.extra, "nodes": node_objects(forest)}


def node_objects(forest: Forest) -> list[dict[str, Any]]:
    """The node objects of a forest, in row order."""
    ids = forest.node_id
    rows: list[dict[str, Any]] = [
        {"id": name, "parent": None if above < 0 else ids[above]}
        for name, above in zip(ids, forest.parent.tolist(), strict=True)
    ]
    for column in NODE_COLUMNS:
        put_column(rows, forest, column)
    for row, tokens in token_objects(forest).items():
        rows[row]["tokens"] = tokens
    for field, attribute in MAP_FIELDS.items():
        put_map(rows, forest, field, getattr(forest, attribute))
    for row, fields in forest.node_extra.items():
        put_extra(rows[row], forest, fields)
    return rows


def put_column(rows: list[dict[str, Any]], forest: Forest, column: Column) -> None:
    """One declared column, where it is assigned; counts that the recorded tokens give are left out."""
    values = getattr(forest, column.name)
    written = ~column.is_null(values)
    counts = token_counts(forest, column.name)
    if counts is not None:
        written &= values != counts
    if column.choices:
        values = [column.choices[code] for code in values]
    elif column.kind != "text":
        values = values.tolist()
    for row in np.flatnonzero(written).tolist():
        rows[row][column.name] = values[row]


def token_counts(forest: Forest, name: str) -> IntArray | None:
    """What a reader will count itself, for columns that count tokens. `[N]`"""
    table = recorded(forest)
    if table is None or name not in ("n_model_tokens", "n_obs_tokens"):
        return None
    return table.count(table.is_model if name == "n_model_tokens" else ~table.is_model)


def put_map(rows: list[dict[str, Any]], forest: Forest, field: str, columns: Any) -> None:
    """Named columns as an object on each node; a column without any value leaves a null on the first node."""
    for name, values in columns.items():
        assigned = np.flatnonzero(~np.isnan(values)).tolist()
        plain = values.tolist()
        for row in assigned:
            rows[row].setdefault(field, {})[name] = plain[row]
        if not assigned:
            rows[0].setdefault(field, {})[name] = None


def put_extra(row: dict[str, Any], forest: Forest, fields: Any) -> None:
    """Unknown fields of one node, at the place they came from."""
    for name, value in fields.items():
        where = f"node {row['id']!r}, field {name!r}"
        if name == "tokens" and isinstance(value, dict):
            check_foreign(forest, where, not TOKEN_FIELDS.isdisjoint(value), value)
            row["tokens"] = {**row.get("tokens", {}), **value}
            continue
        check_foreign(forest, where, name in NODE_FIELDS and name != TREE.name, value)
        row[name] = value


def check_foreign(forest: Forest, where: str, taken: bool, value: Any) -> None:
    """An unknown field must not hide a known one, and must survive being written."""
    if taken:
        fail(forest, where, found="an extra field with the name of a field of the format")
    if reason := unwritable(value):
        fail(forest, where, found=reason)


def fail(forest: Forest, where: str, *, found: str) -> None:
    raise FormatError(found, where=f"forest {forest.id!r}, {where}", todo="change it before writing")
