"""Where a branch lies: the trees as dots, small enough to stand beside the text. Pure."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np

from app.tokens.branch import Branch
from treecore.core.outcomes import is_right
from treecore.methods.registry import Credit

MAX_DOTS = 300
"""Dots that are drawn."""


class Dot(TypedDict):
    """A step or a prompt: `x` in steps from the left, `y` in rows from the top, `above` the place of its parent, -1 for
    none; `end` the id of the leaf that a click reads."""

    x: int
    y: float
    above: int
    credit: float | None
    leaf: bool
    right: bool | None
    on: bool
    end: str
    prompt: bool


class SmallTree(TypedDict):
    """The dots in preorder, how many columns and rows they take, and what is not drawn."""

    dots: list[Dot]
    columns: int
    rows: int
    note: str


def small_tree(branch: Branch, credit: Credit | None) -> SmallTree:
    """The forest around a branch; its own tree alone where the forest is too large, and nothing where that is too."""
    forest = branch.forest
    topology = forest.topology
    rows, note = topology.order, ""
    if len(rows) > MAX_DOTS:
        rows, note = topology.subtree(int(topology.root[branch.leaf])), "only the tree of this branch"
    if len(rows) > MAX_DOTS:
        return {"dots": [], "columns": 0, "rows": 0, "note": "too many steps to draw here: read as tree shows them"}
    place = {row: at for at, row in enumerate(rows.tolist())}
    leaves = [row for row in rows.tolist() if topology.is_leaf[row]]
    y = {leaf: float(number) for number, leaf in enumerate(leaves)}
    for row in reversed(rows.tolist()):
        if row not in y:
            y[row] = float(np.mean([y[child] for child in topology.children(row).tolist()]))
    right, path = is_right(forest), set(topology.path(branch.leaf).tolist())
    value = np.full(len(forest), np.nan) if credit is None else credit.credit
    dots: list[Dot] = [
        {
            "x": int(topology.depth[row]),
            "y": y[row],
            "above": place.get(int(forest.parent[row]), -1),
            "credit": None if math.isnan(value[row]) else float(value[row]),
            "leaf": bool(topology.is_leaf[row]),
            "right": None if math.isnan(forest.reward[row]) else bool(right[row]),
            "on": row in path,
            "end": str(forest.node_id[int(topology.leaves_under(row)[0])]),
            "prompt": bool(forest.is_prompt[row]),
        }
        for row in rows.tolist()
    ]
    return {"dots": dots, "columns": max(dot["x"] for dot in dots) + 1, "rows": len(leaves), "note": note}
