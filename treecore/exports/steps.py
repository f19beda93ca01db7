"""`steps` and `csv`: a row a step, with the numbers of a method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import NODE_COLUMNS
from treecore.core.edit import changes_column, changes_of
from treecore.core.tool_calls import calls_in_words
from treecore.exports.registry import Exported, export_kind
from treecore.exports.tables import BLOCK, TABLES, content
from treecore.methods import Credit


@export_kind(name="steps", title="table of steps", endings=TABLES, in_parts=True)
def steps(forests: Forests, credit: Credit | None, ending: str) -> Exported:
    """A row a step, as `treecore.to_frame` has it, with the forest's id before it; `calls` holds the tool calls that a
    file keeps beside the words, a line each, where any has some.
    """
    from treecore.views.frame import to_frame

    frames: list[Any] = []
    schema: dict[str, str] = {}
    marked = changes_column(forests)
    calls = [{row: calls_in_words(fields) for row, fields in forest.node_extra.items()} for forest in forests]
    calling = any(filter(None, words.values()) for words in calls)
    for number, forest in enumerate(forests):
        frame = to_frame(forest, None if credit is None else credit.of(number))
        frame["id"] = [str(name) for name in frame["id"]]
        frame["parent"] = as_objects([None if name is None else str(name) for name in frame["parent"]])
        frame.insert(0, "forest", forest.id or str(number))
        if calling:
            said = [calls[number].get(row, "") for row in range(len(forest))]
            frame.insert(list(frame.columns).index("observation"), "calls", said)
        for name in marked:
            frame[name] = changes_of(forest)
        schema |= {name: TYPES.get(str(frame[name].dtype.kind), "text") for name in frame.columns}
        for name in COUNTS:
            frame[name] = as_objects([None if count < 0 else count for count in frame[name].tolist()])
        frames.append(frame)
    made = Exported(unit="steps")
    made.chunks = content(rows_of(forests, frames, made), ending, schema)
    return made


def as_objects(values: list[Any]) -> Any:
    """Values of a column as they are: pandas would make numbers with a fraction of whole ones beside None."""
    import pandas as pd

    return pd.Series(values, dtype=object)


def rows_of(forests: Forests, frames: Sequence[Any], made: Exported) -> Iterator[dict[str, Any]]:
    """A row for each wanted row of pandas tables, one a forest; counted in `made`."""
    wanted = [np.flatnonzero(made.keeps(forest)) for forest in forests]
    total = sum(map(len, wanted))
    for frame, kept in zip(frames, wanted, strict=True):
        for low in range(0, len(kept), BLOCK):
            for row in frame.iloc[kept[low : low + BLOCK]].to_dict("records"):
                made.size += 1
                made.heard(made.size / total)
                yield row


@export_kind(name="csv", title="table of steps for a spreadsheet", endings=(".csv",), in_parts=True)
def as_csv(forests: Forests, credit: Credit | None, ending: str) -> Exported:
    """The table of steps as CSV; texts that a spreadsheet would compute are marked by a `'` before them."""
    return steps(forests, credit, ending)


COUNTS = [column.name for column in NODE_COLUMNS if column.kind == "int"]
"""Columns of whole numbers, in which less than 0 is not known and written as nothing."""
TYPES = {"i": "int", "u": "int", "f": "float", "b": "bool"}
"""Kind of a numpy type -> type of a column."""
