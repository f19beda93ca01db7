"""What a conversion lost: two lists of forests compared field by field. Knows no format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS, Column
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.formats.native_fields import OBJECT_FIELDS, TEXT_FIELDS


def losses(before: Sequence[Forest], after: Sequence[Forest]) -> list[str]:
    """What `after` lacks or has differently, one clause each; empty when nothing was lost."""
    if len(before) != len(after):
        return [f"{counted(len(before), 'forest')} became {len(after)}"]
    lost: dict[str, int] = {}
    for old, new in zip(before, after, strict=True):
        for name, count in forest_losses(old, new).items():
            lost[name] = lost.get(name, 0) + count
    return [f"{name}: {counted(count, 'value')} lost or changed" for name, count in lost.items() if count]


def forest_losses(old: Forest, new: Forest) -> dict[str, int]:
    """Field -> number of values that differ."""
    if len(old) != len(new) or not np.array_equal(old.parent, new.parent):
        return {"nodes (the shape of the tree)": max(len(old), len(new))}
    lost = {f"forest.{name}": int(getattr(old, name) != getattr(new, name)) for name in (*TEXT_FIELDS, *OBJECT_FIELDS)}
    lost["forest.extra"] = len([name for name in old.extra if new.extra.get(name) != old.extra[name]])
    lost["nodes[].id"] = sum(str(a) != str(b) for a, b in zip(old.node_id, new.node_id, strict=True))
    for column in NODE_COLUMNS:
        lost[f"nodes[].{column.name}"] = differing(column, getattr(old, column.name), getattr(new, column.name))
    for group, field in (("columns", "columns"), ("claimed", "credit")):
        for name, values in getattr(old, group).items():
            found = getattr(new, group).get(name, np.full(len(new), np.nan))
            lost[f"nodes[].{field}.{name}"] = int((~np.isclose(values, found, 0, 0, equal_nan=True)).sum())
    lost |= token_losses(old, new)
    kept = new.node_extra
    lost["nodes[] unknown fields"] = sum(
        kept.get(row, {}).get(name) != value for row, fields in old.node_extra.items() for name, value in fields.items()
    )
    return lost


def token_losses(old: Forest, new: Forest) -> dict[str, int]:
    """Token column -> number of values that differ."""
    if old.tokens is None:
        return {}
    aligned = new.tokens is not None and np.array_equal(old.tokens.start, new.tokens.start)
    lost = {}
    for column in TOKEN_COLUMNS:
        values = getattr(old.tokens, column.name)
        if values is not None:
            found = getattr(new.tokens, column.name) if aligned else None
            lost[f"nodes[].tokens.{column.name}"] = differing(
                column, values, column.empty(len(values)) if found is None else found
            )
    return lost


def differing(column: Column, old: Any, new: Any) -> int:
    """Number of assigned values of `old` that `new` has not."""
    if not column.is_array:
        return sum(a != b for a, b in zip(old, new, strict=True))
    return int((~column.is_null(old) & (old != new)).sum())
