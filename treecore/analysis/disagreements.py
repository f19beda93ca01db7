"""Where methods differ: neighbouring steps that differ for one reason together, and families that rank alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from treecore.analysis.compare import Column, Comparison, Kind
from treecore.analysis.frames import label
from treecore.analysis.reasons import UNKNOWN, Relations, ends_of_ranks, listed, relations_of, sentence
from treecore.analysis.references import Reach
from treecore.core.numerals import counted, plain
from treecore.core.topology import FloatArray, IntArray

SHOWN = 3
"""Methods whose numbers stand beside a reason."""
NEARLY, MUCH = 0.8, 0.5
"""Kendall's tau from which on methods are said to rank nearly, and much, alike."""


@dataclass(frozen=True, eq=False)
class Entry:
    """Steps on which methods differ for one reason; words and reason are made when they are asked for.

    Attributes:
        found, relations: what they are steps of, and what methods measure these against.
        kind: how they differ.
        part: the steps, as places in `Comparison.rows`.
    """

    found: Comparison
    relations: Relations
    kind: Kind
    part: slice

    @property
    def first(self) -> int:
        """Place of the first step."""
        return int(self.part.start)

    @property
    def last(self) -> int:
        """Place of the last step."""
        return int(self.part.stop) - 1

    @property
    def n_steps(self) -> int:
        """How many steps."""
        return self.last - self.first + 1

    @cached_property
    def name(self) -> tuple[str, str]:
        """Words of the first step, or of the step or tree that all of them are; and which others there are."""
        return named(self.found, self.part)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Places of the methods whose numbers say most, in the order of the columns."""
        return telling(self.found, self.part)

    @cached_property
    def reason(self) -> str:
        """Why, in one sentence."""
        return sentence(self.found, self.relations, self.part)


def entries(found: Comparison) -> list[Entry]:
    """All disagreements: signs that differ, then a sign against zero, then ranks; of one kind the largest first."""
    relations = relations_of(found)
    marks = np.where(np.isnan(found.signs), UNKNOWN, found.signs).astype(np.int64)
    keys = np.concatenate([marks, relations.better], axis=1)
    parts = runs(keys, kind=found.kind, tree=found.forest.tree[found.rows])
    made = [Entry(found, relations, Kind(int(found.kind[part.start])), part) for part in parts]
    return sorted(made, key=lambda one: (one.kind, -one.n_steps, one.first))


def runs(keys: IntArray, *, kind: IntArray, tree: IntArray) -> list[slice]:
    """Neighbouring steps of one tree that differ in one way.

    Args:
        keys: `[S, C]`, equal in all steps of a run where they are known.
        kind, tree: `[S]`.
    """
    found: list[slice] = []
    current: list[int] = []
    for at, (own, same) in enumerate(zip(keys.tolist(), same_place(kind, tree=tree), strict=True)):
        if kind[at] == Kind.AGREE:
            continue
        if same and all(one == other or UNKNOWN in (one, other) for one, other in zip(own, current, strict=True)):
            found[-1] = slice(found[-1].start, at + 1)
            current = [other if one == UNKNOWN else one for one, other in zip(own, current, strict=True)]
        else:
            found.append(slice(at, at + 1))
            current = own
    return found


def same_place(kind: IntArray, *, tree: IntArray) -> list[bool]:
    """Whether each step differs as the one before it does, and stands in the same tree."""
    same = np.zeros(len(kind), dtype=bool)
    same[1:] = (kind[1:] == kind[:-1]) & (tree[1:] == tree[:-1])
    return list(same.tolist())


def telling(found: Comparison, part: slice) -> tuple[int, ...]:
    """Methods whose numbers say most: one of each sign, or the highest and the lowest place; then others."""
    signs = found.signs[part]
    chosen: list[int] = []
    if found.kind[part.start] == Kind.RANK:
        chosen += ends_of_ranks(found, part.start)
    else:
        for sign in (1, -1, 0):
            chosen += np.flatnonzero((signs == sign).any(axis=0)).tolist()[:1]
    reaches = {found.columns[place].reach for place in chosen}
    for place, column in enumerate(found.columns):
        if column.reach not in reaches and not np.isnan(found.values[part.start, place]):
            reaches.add(column.reach)
            chosen.append(place)
    return tuple(sorted(dict.fromkeys(chosen[:SHOWN])))


def named(found: Comparison, part: slice) -> tuple[str, str]:
    """What the steps are called, and which others there are beside the first."""
    forest, rows = found.forest, found.rows[part]
    position, size = forest.topology.position, forest.topology.size
    tree = int(forest.tree[rows[0]])
    others = len(rows) - 1
    if forest.n_trees > 1 and len(rows) == found.steps_of_tree[tree] > 1:
        return f"every step of tree {tree + 1}", ""
    words = label(forest, int(rows[0]))
    if not others:
        return words, ""
    end = position[rows[0]] + size[rows[0]]
    if position[rows[-1]] < end:
        return words, f"and the {counted(others, 'step')} after it"
    above = int(forest.parent[rows[0]])
    if above >= 0 and not forest.is_prompt[above] and position[rows[-1]] < position[above] + size[above]:
        return f"what follows “{label(forest, above)}”", ""
    return words, f"and {counted(others, 'step')} below it in the list"


def families(found: Comparison) -> str:
    """Whether methods fall into two families by how they rank, in one sentence; "" where fewer than three rank."""
    ranking = [k for k in range(len(found.columns)) if np.isfinite(found.agreement[k]).sum() > 1]
    if len(ranking) < 3:
        return ""
    best, gap = 0, 0.0
    for cut in range(1, len(ranking)):
        one, other = ranking[:cut], ranking[cut:]
        across = np.nanmax(found.agreement[np.ix_(one, other)])
        inside = min(lowest(found.agreement, one), lowest(found.agreement, other))
        if inside - across > gap:
            best, gap = cut, float(inside - across)
    if not best:
        return f"No two families: {alike(found.agreement[np.ix_(ranking, ranking)])}."
    wide, narrow = ([found.columns[k] for k in part] for part in (ranking[:best], ranking[best:]))
    if wide[-1].reach < Reach.FORK <= narrow[0].reach:
        return "Two families: those that look beyond the fork, and those that do not."
    return f"Two families: {family(wide)}; {family(narrow)}."


def alike(agreement: FloatArray) -> str:
    """How much alike methods rank, with the least and the largest tau of two of them."""
    pairs = agreement[np.triu_indices(len(agreement), 1)]
    least, most = (plain(float(one)) for one in (np.nanmin(pairs), np.nanmax(pairs)))
    if np.nanmin(pairs) >= NEARLY:
        said = "all rank nearly alike"
    else:
        said = "all rank much alike" if np.nanmin(pairs) >= MUCH else "some rank more alike than others"
    return f"{said}, Kendall’s tau {least}" + (f" to {most}" if most != least else "")


def lowest(agreement: FloatArray, part: Sequence[int]) -> float:
    """Least agreement within some methods; 1 of a single one."""
    return float(np.nanmin(agreement[np.ix_(part, part)]))


def family(columns: Sequence[Column]) -> str:
    """The names of some methods."""
    return listed([column.known.title for column in columns])
