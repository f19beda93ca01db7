"""The same rollouts with an empty root above every first step, as views of trees need it. Knows no file and no view.

A root with words is a first step, and the state before it is the prompt, which such a file does not have. Every method
gives the same numbers either way; but only with a node for the prompt is there a place where its trees part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import NODE_COLUMNS
from treecore.core.forest import Forest, TokenTable
from treecore.core.topology import FloatArray, IntArray


def rooted(forests: Forests) -> Forests:
    """A batch in which every root is empty; the batch itself where that is so already."""
    if bool(forests.is_prompt[forests.topology.roots].all()):
        return forests
    return Forests([with_roots(forest) for forest in forests])


def with_roots(forest: Forest) -> Forest:
    """A forest in which every root is empty; the forest itself where that is so already. Trees stay the trees they are.

    What a file says of its steps stays with them: the roots that are added carry nothing but a name.
    """
    source = source_of(Forests(forest))
    if len(source) == len(forest):
        return forest
    place = np.flatnonzero(source >= 0)
    parent: IntArray = np.full(len(source), -1)
    bare = (forest.parent < 0) & ~forest.is_prompt
    parent[place] = np.where(bare, place - 1, np.where(forest.parent < 0, -1, place[forest.parent]))
    names = new_names(forest)
    fields: dict[str, Any] = {}
    for column in NODE_COLUMNS:
        values, empty = getattr(forest, column.name), column.empty(1)[0]
        fields[column.name] = [values[row] if row >= 0 else empty for row in source.tolist()]
    return replace(
        forest,
        parent=parent,
        node_id=tuple(forest.node_id[row] if row >= 0 else next(names) for row in source.tolist()),
        tokens=None if forest.tokens is None else spread(forest.tokens, source),
        columns={name: spread_values(values, source) for name, values in forest.columns.items()},
        claimed={name: spread_values(values, source) for name, values in forest.claimed.items()},
        node_extra={int(place[row]): extra for row, extra in forest.node_extra.items()},
        **fields,
    )


def source_of(forests: Forests) -> IntArray:
    """Node of a batch that each node of `rooted` is, -1 at roots that are added. `[N + added]`"""
    bare = np.flatnonzero((forests.parent < 0) & ~forests.is_prompt)
    found: IntArray = np.insert(np.arange(len(forests.parent)), bare, -1)
    return found


def new_names(forest: Forest) -> Iterator[str]:
    """`prompt`, `prompt 2` and so on, without those that nodes have."""
    taken = set(map(str, forest.node_id))
    return (name for k in count(1) if (name := f"prompt {k}" if k > 1 else "prompt") not in taken)


def spread_values(values: FloatArray, source: IntArray) -> FloatArray:
    """Values of nodes at their new rows, NaN at rows that are new (`source` -1)."""
    return np.where(source >= 0, values[source], np.nan)


def spread(table: TokenTable, source: IntArray) -> TokenTable:
    """Tokens of nodes at their new rows; rows that are new have none."""
    counts = np.where(source >= 0, np.diff(table.start)[source], 0)
    return replace(table, start=np.concatenate([[0], np.cumsum(counts)]))
