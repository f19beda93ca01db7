"""Which nodes the numbers of a worked equation come from. Pure: knows nothing about drawing, and names no method."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from treecore.analysis.references import against_of
from treecore.core.topology import IntArray
from treecore.methods.explain import Line, enough_decimals, look_up, number, sum_of
from treecore.methods.registry import Against, Credit, get_method

WORDS = re.compile(r"\\text\{[^}]*\}")


class Linked(NamedTuple):
    """A symbol of an equation, worked for one step.

    Attributes:
        symbol: LaTeX, as in the formula.
        number: LaTeX, as in the worked equation: a number, or the terms of a sum.
        rows: nodes that it comes from, ascending; none for a parameter of the method. `[K]`
    """

    symbol: str
    number: str
    rows: IntArray


def linked(credit: Credit, line: Line) -> list[Linked]:
    """The symbols on the right of an equation, in their order, with their numbers and the nodes of these.

    A mean or deviation comes from all that it was taken over: scored ends of the prompt, of the tree, or the steps that
    were taken from the same place. A number of a batch is shown by those of its ends that are here.

    Args:
        credit: of one forest (`Credit.of`).
    """
    references = dict(get_method(credit.method).symbols)
    right = WORDS.sub(" ", line.formula.split(" = ", 1)[1])
    symbols = sorted(references, key=len, reverse=True)
    pattern = "|".join(re.escape(one) + (r"(?![A-Za-z])" if one[-1].isalpha() else "") for one in symbols)
    used = dict.fromkeys(re.findall(pattern, right))
    seen = int(credit.shape.row[line.row])
    values = {symbol: look_up(references[symbol], credit.seen, seen) for symbol in used}
    digits = enough_decimals([value for value in values.values() if isinstance(value, float)])
    return [
        Linked(
            symbol,
            number(value, digits) if isinstance(value, float) else sum_of(value, digits),
            rows_of(credit, references[symbol], line.row),
        )
        for symbol, value in values.items()
    ]


def rows_of(credit: Credit, reference: str, row: int) -> IntArray:
    """Nodes that what a reference stands for at a step comes from, ascending. `[K]`"""
    scope, _, name = reference.rpartition(":")
    shape = credit.shape
    if scope == "param":
        return np.empty(0, dtype=np.int64)
    if scope == "leaves":
        found = shape.leaves_under(row)
    elif scope == "children":
        found = shape.steps_from(row)
    elif scope == "siblings":
        found = shape.siblings(row)
    elif scope == "parent":
        found = before(credit, row)
    else:
        method = get_method(credit.method)
        return wide(credit, against_of(method, name) or against_of(method, name.replace("_std", "_mean")), row)
    known = np.isfinite(credit.column(name)[found])
    return np.sort(found[known])


def wide(credit: Credit, what: Against | None, row: int) -> IntArray:
    """Nodes that a column at a step was taken over, by what it is measured against; the step itself otherwise."""
    forest = credit.forests[0]
    ends = np.flatnonzero(~np.isnan(forest.reward))
    if what in ("batch", "group"):
        return ends
    if what == "tree":
        relatives: IntArray = ends[forest.tree[ends] == forest.tree[row]]
        return relatives
    if what == "siblings":
        return np.sort(credit.shape.siblings(row))
    if what == "path":
        path: IntArray = np.sort(forest.topology.path(row)[:-1])
        return path
    return before(credit, row) if what == "before" else np.array([row])


def before(credit: Credit, row: int) -> IntArray:
    """The step before; all empty roots where these are the prompt, none before the first."""
    forest = credit.forests[0]
    above = int(forest.parent[row])
    if above < 0:
        return np.empty(0, dtype=np.int64)
    return forest.prompts if credit.one_prompt and forest.is_prompt[above] else np.array([above])
