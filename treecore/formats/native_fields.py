"""Which fields the native format has beside the declared columns, and how deep what we do not know may go.

Reader, writer and schema share these; none of them is spelled out twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS, Column
from treecore.formats.limits import MAX_DEPTH

VERSION = "treecore/1"
TEXT_FIELDS = {
    "id": "name of the forest, unique in the file",
    "prompt": "the question all trees answer",
    "task": "name of the task",
    "reference": "expected answer, or an expert trace",
}
OBJECT_FIELDS = {
    "policy": "the model: name, temperature and so on",
    "sampler": "how the forest was sampled: name and parameters",
    "provenance": "versions, tokens generated, wall seconds and so on",
}
NUMBER_AS_TEXT = frozenset({"id", "reference"})
"""Text fields that may be written as a number."""
FOREST_FIELDS = frozenset({"format", "nodes", *TEXT_FIELDS, *OBJECT_FIELDS})

TREE = Column("tree", "int", "number of the tree the node belongs to; the same in all of one tree", minimum=0)
MAP_FIELDS = {"columns": "columns", "credit": "claimed"}
"""Field of a node -> the attribute of `Forest` that gathers it; each is `{name: number}`."""
NODE_FIELDS = frozenset({"id", "parent", TREE.name, "tokens", *MAP_FIELDS, *(column.name for column in NODE_COLUMNS)})
TOKEN_FIELDS = frozenset(column.name for column in TOKEN_COLUMNS)

FLOAT_FIELDS = frozenset(column.name for column in (*NODE_COLUMNS, *TOKEN_COLUMNS) if column.kind == "float")
"""Fields of nodes and tokens that hold doubles."""

INT_MAX = 2**63 - 1
DEEP = (float, dict, list, tuple, Mapping)
"""What may hold something that cannot be written."""


def unwritable(value: Any) -> str:
    """Why a foreign value would not survive a round trip, as a clause; empty when it would."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return f"{item} has no form in JSON"
        if isinstance(item, Mapping | list | tuple):
            if depth > MAX_DEPTH:
                return f"nested more than {MAX_DEPTH} levels deep"
            inner = item.values() if isinstance(item, Mapping) else item
            stack.extend((child, depth + 1) for child in inner if isinstance(child, DEEP))
    return ""
