"""A changed copy of a forest, marked as changed: what credit would be if an outcome or a branch were another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from treecore.core.changes import Change, Copy, Flip, Prune, SetReward, as_text, changes_in
from treecore.core.columns import NODE_COLUMNS
from treecore.core.forest import Forest, NodeId, TokenTable
from treecore.core.numerals import counted
from treecore.core.outcomes import outcome_range
from treecore.core.topology import FloatArray, IntArray, Topology
from treecore.errors import ForestError

NOTE = "edited"
"""Field of the provenance in which a changed forest says so."""
MAX_NOTE = 200
"""Characters of a list of changes in a note."""
SEARCH = "mcts_"
"""Annotations of this name count what a search had seen beneath a step when it ended."""


def edit(
    forest: Forest,
    changes: str | Change | Sequence[Change] = (),
    *,
    rewards: Mapping[NodeId, float | None] | None = None,
    flip: Iterable[NodeId] = (),
    copy: Iterable[NodeId] = (),
    prune: Iterable[NodeId] = (),
) -> Forest:
    """What if: the forest with some outcomes or branches changed. `forest` stays as it is.

    Changes are made in the order `changes`, `rewards`, `flip`, `copy`, `prune`. A change of what an earlier one has
    taken away does nothing, so pruning and changing outcomes may come in any order. Steps that lead to no end any more
    are taken away with the last branch beneath them.

    What holds no longer is not kept: credit that the file claims, `born` of copied branches (nobody sampled them), and
    what a tree search had counted at the steps above a change. Annotations from fresh continuations stay: they are of
    the state and not of the recorded ends. `policy` and `sampler` say how the recorded forest was made.

    Args:
        changes: or their text, such as `flip:a4,prune:b1` (`treecore.core.changes`).
        rewards: leaf -> new reward, None for no outcome.
        flip: leaves whose outcome becomes the opposite one, mirrored in the scale of outcomes (`outcome_range`).
        copy: steps that are there once more with everything after them; the new ids are `ID~2`, `ID~3` and so on.
        prune: steps that are taken away with everything after them.

    Returns:
        A forest whose `provenance["edited"]` holds the list of changes and the digest of the forest `of` which it was
        made; `forest` itself where nothing is different.

    Raises:
        ForestError: a node that is not there, an outcome of a step that is no leaf or has none, or nothing left.
    """
    asked = (
        *changes_in(changes),
        *(SetReward(str(node), value) for node, value in (rewards or {}).items()),
        *(Flip(str(node)) for node in flip),
        *(Copy(str(node)) for node in copy),
        *(Prune(str(node)) for node in prune),
    )
    return Draft(forest, asked).build()


class Draft:
    """A forest while it is changed. Rows are those of `forest`, then those of copies; none is ever given up.

    Args:
        forest: as it was recorded.
        changes: to make, in this order.
        most: steps that copies may add, which double with each copy of copies; None for any number.

    Raises:
        ForestError: see `edit`; or copies add more than `most`.

    Attributes:
        source: `[N]` row of `forest` that each row is, or is a copy of.
        parent: `[N]`.
        reward: `[N]`.
        kept: `[N]` False for what was taken away.
        names: ids as text, by row.
    """

    def __init__(self, forest: Forest, changes: Sequence[Change], *, most: int | None = None) -> None:
        self.forest, self.changes, self._most = forest, changes, most
        self.source: IntArray = np.arange(len(forest))
        self.parent: IntArray = forest.parent
        self.reward: FloatArray = forest.reward.copy()
        self.kept = np.ones(len(forest), dtype=bool)
        self.names = list(map(str, forest.node_id))
        self._row_of = {name: row for row, name in enumerate(self.names)}
        self._ends = outcome_range(forest)
        self._other = sum(self._ends) - self.reward
        self._touched = set[int]()
        self._topology = forest.topology
        for change in changes:
            self._make(change)

    def _make(self, change: Change) -> None:
        row = self._row_of.get(change.node, -1)
        if row < 0:
            raise ForestError(f"no node {change.node!r} to change", todo="use an id of the forest's nodes")
        if isinstance(change, Copy) and not self.kept[row]:
            raise ForestError(f"node {change.node!r} was pruned and cannot be copied", todo="copy it before")
        if isinstance(change, Copy):
            self._copy(row)
        elif isinstance(change, Prune):
            self._prune(row)
        else:
            self._score(row, change)
        self._touched.add(row)

    def _score(self, row: int, change: Flip | SetReward) -> None:
        if self._topology.n_children[row]:
            raise ForestError(f"node {change.node!r} has children and no outcome", todo="change the outcome of a leaf")
        if isinstance(change, SetReward):
            value = math.nan if change.reward is None else change.reward
            self.reward[row], self._other[row] = value, sum(self._ends) - value
            return
        if math.isnan(self.reward[row]):
            raise ForestError(f"node {change.node!r} has no outcome to flip", todo="give it a reward")
        self.reward[row], self._other[row] = self._other[row], self.reward[row]

    def _prune(self, row: int) -> None:
        self.kept[self._topology.subtree(row)] = False
        above = int(self.parent[row])
        while above >= 0 and not self.kept[self._topology.children(above)].any():
            self.kept[above] = False
            above = int(self.parent[above])

    def _copy(self, row: int) -> None:
        rows = np.sort(self._topology.subtree(row))
        rows = rows[self.kept[rows]]
        first = len(self.parent)
        if self._most is not None and first - len(self.forest) + len(rows) > self._most:
            raise ForestError(
                f"copies of more than {counted(self._most, 'step')} are not shown here", todo="use `treecore edit`"
            )
        place = np.full(first, -1)
        place[rows] = first + np.arange(len(rows))
        parent = np.where(rows == row, self.parent[row], place[self.parent[rows]])
        number = 2
        while any(f"{self.names[old]}~{number}" in self._row_of for old in rows.tolist()):
            number += 1
        names = [f"{self.names[old]}~{number}" for old in rows.tolist()]
        self._row_of |= {name: first + at for at, name in enumerate(names)}
        self.names += names
        self.parent = np.concatenate([self.parent, parent])
        for name in ("source", "reward", "_other", "kept"):
            held = getattr(self, name)
            setattr(self, name, np.concatenate([held, held[rows]]))
        self._topology = Topology(self.parent)
        self._touched |= set(range(first, len(self.parent)))

    def drawn(self) -> Forest:
        """Every row, for pictures: what was taken away stays where it was, without an outcome."""
        rows = np.arange(len(self.parent))
        if len(rows) == len(self.forest) and self.kept.all() and not self.changes:
            return self.forest
        return self.forest.with_columns(
            **self._rows(rows) | {"reward": np.where(self.kept, self.reward, np.nan), "claimed": {}, "columns": {}}
        )

    def build(self) -> Forest:
        """The changed forest; the recorded one where nothing is different.

        Raises:
            ForestError: nothing is left.
        """
        forest, rows = self.forest, np.flatnonzero(self.kept)
        if not len(rows):
            raise ForestError("nothing would be left", todo="leave at least one trajectory")
        same_rows = np.array_equal(rows, np.arange(len(forest)))
        if same_rows and np.array_equal(self.reward[rows], forest.reward, equal_nan=True):
            return forest
        said, earlier = as_text(self.changes), changes_of(forest)
        note = {"changes": f"{earlier},{said}" if earlier else said, "of": forest.digest}
        if earlier:
            note["of"] = forest.provenance[NOTE].get("of", note["of"])
        changed: dict[str, Any] = {} if same_rows else self._rows(rows)
        changed |= {"reward": self.reward[rows], "claimed": {}, "columns": self._annotations(rows)}
        return forest.with_columns(**changed, provenance={**forest.provenance, NOTE: note})

    def _rows(self, rows: IntArray) -> dict[str, Any]:
        """All that is by row, for the rows that are left."""
        forest, source = self.forest, self.source[rows]
        place = np.full(len(self.parent) + 1, -1)
        place[rows] = np.arange(len(rows))
        new = rows >= len(forest)
        columns: dict[str, Any] = {}
        for column in NODE_COLUMNS:
            held = getattr(forest, column.name)
            columns[column.name] = column.take(held, source)
        columns["born"] = np.where(new, -1, columns["born"])
        ids = forest.node_id
        return {
            **columns,
            "parent": place[self.parent[rows]],
            "node_id": tuple(ids[row] if row < len(ids) else self.names[row] for row in rows.tolist()),
            "tokens": None if forest.tokens is None else taken(forest.tokens, source),
            "node_extra": {
                at: forest.node_extra[row] for at, row in enumerate(source.tolist()) if row in forest.node_extra
            },
        }

    def _annotations(self, rows: IntArray) -> dict[str, FloatArray]:
        """The annotations that still hold."""
        affected = np.zeros(len(self.parent), dtype=bool)
        for row in self._touched:
            while row >= 0 and not affected[row]:
                affected[row] = True
                row = int(self.parent[row])
        source = self.source[rows]
        return {
            name: np.where(affected[rows], np.nan, values[source]) if name.startswith(SEARCH) else values[source]
            for name, values in self.forest.columns.items()
        }


def taken(table: TokenTable, rows: IntArray) -> TokenTable:
    """The tokens of some nodes, in the order of `rows [K]`."""
    lengths = np.diff(table.start)[rows]
    start = np.concatenate([[0], np.cumsum(lengths)])
    place = np.arange(start[-1]) + np.repeat(table.start[rows] - start[:-1], lengths)
    return table.take(place, start=start)


def changes_of(forest: Forest) -> str:
    """The changes by which a forest was made of a recorded one, as text; "" for one that is as it was recorded."""
    note = forest.provenance.get(NOTE)
    return str(note.get("changes", "")) if isinstance(note, Mapping) else ""


def changes_column(forests: Iterable[Forest]) -> dict[str, str]:
    """The column of a table that holds what `changes_of` says of each row's forest, as a schema; none where all are as
    they were recorded."""
    return {NOTE: "text"} if any(map(changes_of, forests)) else {}


def changed_note(forests: Iterable[Forest]) -> str:
    """A clause that says which forests are not as they were recorded, for readers of a file; "" where all are."""
    found = [changes for forest in forests if (changes := changes_of(forest))]
    if len(found) > 1:
        return f"{counted(len(found), 'forest is', 'forests are')} not as recorded: they were changed"
    shown = "".join(found)
    return f"not as recorded, changed by {shown[:MAX_NOTE]}{'…' if len(shown) > MAX_NOTE else ''}" if found else ""
