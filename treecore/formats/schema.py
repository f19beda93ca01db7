"""JSON Schema (draft 2020-12) of the native format, made from the same column tables as reader and writer.

What a schema cannot say is left to the reader: unique ids, parents that exist, no cycle, rewards on leaves only,
equal lengths of token columns, how deep unknown fields may nest and how large whole numbers in them may be, names
that are written twice, nodes inside of nodes.
"""

from __future__ import annotations

from typing import Any

from treecore.core.columns import MAX_REWARD, NODE_COLUMNS, TOKEN_COLUMNS, Column
from treecore.formats.json_keys import WHOLE_MAX, WHOLE_MIN
from treecore.formats.native_fields import (
    INT_MAX,
    MAP_FIELDS,
    NUMBER_AS_TEXT,
    OBJECT_FIELDS,
    TEXT_FIELDS,
    TREE,
    VERSION,
)

JSON_TYPES = {"text": "string", "int": "integer", "float": "number"}
ID = {"type": ["integer", "string"], "minimum": WHOLE_MIN, "maximum": WHOLE_MAX}
MAP_MEANINGS = {
    "columns": "named values of the step, for example from fresh rollouts",
    "credit": "credit that the file claims, by method: shown beside the recomputed value, never trusted",
}


def column_schema(column: Column) -> dict[str, Any]:
    """One declared field; null means not assigned."""
    if column.choices:
        return {"enum": [*column.choices, None], "description": column.meaning}
    if column.kind == "pairs":
        number = {"type": "number", "minimum": column.minimum, "maximum": column.maximum}
        pair = {"type": "array", "prefixItems": [{"type": "string"}, number], "minItems": 2, "maxItems": 2}
        return {"type": ["array", "null"], "items": pair, "description": column.meaning}
    schema: dict[str, Any] = {"type": [JSON_TYPES[column.kind], "null"], "description": column.meaning}
    if column.minimum is not None:
        schema["minimum"] = column.minimum
    if column.maximum is not None or column.kind == "int":
        schema["maximum"] = INT_MAX if column.maximum is None else column.maximum
    return schema


def text_schema(name: str, *, meaning: str) -> dict[str, Any]:
    kinds = ["number"] if name in NUMBER_AS_TEXT else []
    return {"type": ["string", *kinds, "null"], "description": meaning}


def node_schema() -> dict[str, Any]:
    """One node."""
    tokens = {column.name: {"type": ["array", "null"], "items": column_schema(column)} for column in TOKEN_COLUMNS}
    properties: dict[str, Any] = {
        "id": {**ID, "description": "unique in the forest, compared as text"},
        "parent": {**ID, "type": ["integer", "string", "null"], "description": "id of the parent; null starts a tree"},
        TREE.name: column_schema(TREE),
        **{column.name: column_schema(column) for column in NODE_COLUMNS},
        "tokens": {
            "type": ["object", "null"],
            "description": "tokens of the step: lists of equal length, any of them may be absent",
            "properties": tokens,
        },
    }
    for field in MAP_FIELDS:
        properties[field] = {
            "type": ["object", "null"],
            "description": MAP_MEANINGS[field],
            "additionalProperties": {"type": ["number", "null"], "minimum": -MAX_REWARD, "maximum": MAX_REWARD},
        }
    return {"type": "object", "required": ["id", "parent"], "properties": properties}


def json_schema() -> dict[str, Any]:
    """Schema of one forest: a line of `.forest.jsonl`, or a whole `.forest.json` that holds a single one."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{VERSION} forest",
        "description": "All trees sampled for one prompt. Fields that are not named here are kept as they are.",
        "type": "object",
        "required": ["format", "nodes"],
        "properties": {
            "format": {"const": VERSION},
            **{name: text_schema(name, meaning=meaning) for name, meaning in TEXT_FIELDS.items()},
            **{name: {"type": ["object", "null"], "description": meaning} for name, meaning in OBJECT_FIELDS.items()},
            "nodes": {"type": "array", "minItems": 1, "items": node_schema()},
        },
    }
