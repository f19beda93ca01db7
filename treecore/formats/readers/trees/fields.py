"""What the fields of a node become: numbers are columns, other values stay as they came. Knows no format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from treecore.formats.rollout import Turn


def keep(turn: Turn, fields: Mapping[str, Any], used: Iterable[str]) -> None:
    """Everything else: numbers as columns, other values as they came; null and NaN are left out."""
    for name in fields.keys() - set(used):
        value = fields[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            if value == value and abs(value) < 1e100:
                turn.columns[name] = float(value)
        elif value is not None:
            turn.extra[name] = value
