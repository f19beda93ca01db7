"""What a file says about a step beyond the format, for display: ratings, flags, notes.

Pure: a forest and a row in, names and short texts out. Values are text from outside.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.core.step_text import REASONING
from treecore.core.tool_calls import FIELDS

OURS = re.compile(r"mc_\w+|mcts_\w+|start|frontier|probe|first_error|round|segment|sampled_(?:by|for)")
"""Names that samplers and annotation write."""
MAX_FIELDS = 50
MAX_CHARS = 200


class ForeignField(NamedTuple):
    """A field of a step that the package gives no meaning to, its value in one short line."""

    name: str
    value: str


def foreign_fields(forest: Forest, row: int) -> list[ForeignField]:
    """Numbers first, then the other fields; what thoughts and tool calls are read from is left out."""
    numbers = [
        ForeignField(name, shortest(float(values[row])))
        for name, values in forest.columns.items()
        if not math.isnan(values[row]) and not OURS.fullmatch(name)
    ]
    read = {*REASONING, *FIELDS}
    others = [
        ForeignField(name, in_short(value))
        for name, value in forest.node_extra.get(row, {}).items()
        if name not in read and not OURS.fullmatch(name)
    ]
    return [*numbers, *others][:MAX_FIELDS]


def shortest(value: float) -> str:
    """A number as it was written: -0.2, which a file of single precision holds as -0.20000000298."""
    single = np.float32(value)
    return f"{float(str(single)) if float(single) == value else value:.12g}"


def in_short(value: Any) -> str:
    """A value in one line, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text[: 4 * MAX_CHARS].split())
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "…"
