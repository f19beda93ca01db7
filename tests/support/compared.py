"""A forest on which methods differ in every way, and columns of a comparison."""

from __future__ import annotations

from treecore.analysis.compare import Column, column_of
from treecore.core.batch import Forests
from treecore.core.forest import Forest

NAN = float("nan")


def mixed() -> Forest:
    """Two trees: in the first all ends are right but one, in the second all are wrong; `d` is half right."""
    return Forest(
        parent=[-1, 0, 1, 1, 0, 4, 4, -1, 7, 8, 8, 8],
        reward=[NAN, NAN, 1, 1, NAN, 1, 0, NAN, NAN, 0, 0, 0],
        text=["", "a", "b", "c", "d", "e", "f", "", "x", "g", "h", "i"],
    )


def columns(forest: Forest, *methods: str) -> list[Column]:
    """These methods on one forest."""
    return [column_of(Forests(forest), method, {}) for method in methods]
