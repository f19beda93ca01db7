"""What a method measures a step against, read from the symbols of its formula. Names no method.

`the whole group`, `its own tree` and so on are said of columns: a method whose formula takes `group_mean` away from
something compares that with the whole group, whatever the method is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from treecore.core.numerals import NOISE
from treecore.core.topology import FloatArray
from treecore.methods.ops.groups import at_parent, back_up, sibling_stats
from treecore.methods.registry import Against, Credit, Method
from treecore.registry.params import Value


class Reach(IntEnum):
    """How far around a step a method looks, widest first."""

    GROUP = 0
    BOTH = 1
    FORK = 2
    ITSELF = 3


REACHES = {
    Reach.GROUP: "the whole group",
    Reach.BOTH: "relatives and group",
    Reach.FORK: "the fork alone",
    Reach.ITSELF: "nothing else",
}
"""What steps are compared with, as a heading over columns."""
WIDE: tuple[Against, ...] = ("batch", "group")
NARROW: tuple[Against, ...] = ("tree", "path", "before", "siblings")
AGAINST: Mapping[str, Against] = {
    "batch_mean": "batch",
    "group_mean": "group",
    "prompt_mean": "group",
    "others_mean": "group",
    "root_value": "group",
    "prompt_value": "group",
    "second": "group",
    "action_mean": "group",
    "tree_mean": "tree",
    "ancestor_mean": "path",
    "parent_value": "before",
    "before_value": "before",
    "before": "before",
    "q_before": "before",
    "parent_node_value": "before",
    "parent_state_value": "before",
    "parent:quality": "before",
    "parent:best_of_n": "before",
    "anchor_mean": "siblings",
    "siblings:value": "siblings",
}
"""Reference in a formula -> what it stands for, in any method. Others are declared by theirs (`Method.against`)."""
OUTCOMES = ("reward", "value", "after", "q", "prefix_value")
"""Columns that are mean outcomes, so that what they are measured against can be read beside outcomes."""


class Term(NamedTuple):
    """A difference or quotient in a formula.

    Attributes:
        against: what `reference` stands for: of `WIDE` or `NARROW`.
        own: what is measured; "" where it is no single column.
        reference: what it is measured against, as `Method.symbols` refers to it.
    """

    against: Against
    own: str
    reference: str


def terms_of(method: Method, params: Mapping[str, Value]) -> tuple[Term, ...]:
    """What a method measures against with these parameters, widest first; each reference once."""
    found: dict[str, Term] = {}
    for line in method.formula(params).splitlines():
        own, between = "", False
        for symbol in symbols_in(line.split(" = ", 1)[1], method.symbols):
            name = method.symbols[symbol]
            if (against := against_of(method, name)) is not None:
                if name not in found or not found[name].own:
                    found[name] = Term(against, "" if between else own, name)
                between = True
            elif not name.startswith(("param:", "n_")):
                own, between = name, False
    order = (*WIDE, *NARROW)
    return tuple(sorted(found.values(), key=lambda term: (order.index(term.against), term.reference)))


def against_of(method: Method, reference: str) -> Against | None:
    """What a reference of a method's formula stands for where something is measured against it; None if not known."""
    return method.against.get(reference, AGAINST.get(reference))


def symbols_in(right: str, symbols: Mapping[str, str]) -> list[str]:
    """The symbols of one side of an equation, in order."""
    names = sorted(symbols, key=len, reverse=True)
    pattern = "|".join(re.escape(name) + (r"(?![A-Za-z])" if name[-1].isalpha() else "") for name in names)
    return re.findall(pattern, right)


def reach_of(method: Method, params: Mapping[str, Value]) -> Reach:
    """How far a method looks with these parameters."""
    against = {term.against for term in terms_of(method, params)}
    wide, narrow = not against.isdisjoint(WIDE), not against.isdisjoint(NARROW)
    if wide:
        return Reach.BOTH if narrow else Reach.GROUP
    return Reach.FORK if narrow else Reach.ITSELF


@dataclass(frozen=True, eq=False)
class Measured:
    """One comparison that a method makes, at every node of one forest. `[N]`

    Attributes:
        against: as of `Term`.
        better: 1 where the step is above what it is measured against, 0 where they are equal, -1 below; NaN where one
            of the two is not known.
        own, reference: what is measured and what against, as outcomes; NaN where they are none.
    """

    against: Against
    better: FloatArray
    own: FloatArray
    reference: FloatArray


def measured(credit: Credit, method: Method) -> list[Measured]:
    """The comparisons that a method makes, widest first, as far as its columns tell them.

    Args:
        credit: of one forest.
        method: its method.
    """
    found = []
    for term in terms_of(method, credit.params):
        own, other = at_steps(credit, term.own), at_steps(credit, term.reference)
        if own is None or other is None:
            continue
        own, other = own[credit.shape.row], other[credit.shape.row]
        gap = own - other
        equal = np.abs(gap) < NOISE * np.maximum(1.0, np.abs(other))
        better = np.where(equal, 0.0, np.sign(gap))
        if term.own not in OUTCOMES:
            own = other = np.full(len(gap), np.nan)
        found.append(Measured(term.against, better, own, other))
    return found


def at_steps(credit: Credit, reference: str) -> FloatArray | None:
    """What a reference is at each step, in the rows that the method works on; of a number of trajectories, the mean
    over those beneath. None where the credit does not hold it."""
    seen = credit.seen
    scope, _, column = reference.rpartition(":")
    if column in seen.leaves:
        return back_up(seen.forests, seen.leaves[column]).mean
    if column not in seen.nodes:
        return None
    values = seen.nodes[column]
    if scope == "siblings":
        found = sibling_stats(seen.forests, values, ddof=1)
        return np.where(np.isnan(found.std), np.nan, found.mean)  # a step alone would be compared with itself
    return at_parent(seen.forests, values) if scope == "parent" else values
