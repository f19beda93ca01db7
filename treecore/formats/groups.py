"""Rollouts of one prompt, and the forests of many such groups, made and checked at once. Knows no file format.

A check of a column costs about the same for eight nodes as for a thousand, and most files hold many small forests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, TypeVar

import numpy as np

from treecore.core.builder import NAN
from treecore.core.forest import Forest, NodeId, cut, frozen_array
from treecore.core.topology import FloatArray
from treecore.errors import ForestError
from treecore.formats.native_fields import FOREST_FIELDS, NODE_FIELDS
from treecore.formats.native_nodes import frozen
from treecore.formats.rollout import BEFORE, Rollout, Turn

Grouped = TypeVar("Grouped")
AT_ONCE = 4096
"""Nodes that are checked at once, about."""


@dataclass(frozen=True)
class Group:
    """All rollouts of one prompt.

    Attributes:
        name: id of the forest; source: name of the file or folder.
        rollouts: at least one.
    """

    name: str
    source: str
    rollouts: Sequence[Rollout]

    @property
    def first(self) -> Rollout:
        """The one that says what the prompt is."""
        return self.rollouts[0]

    @cached_property
    def turns(self) -> list[Turn]:
        """The turns of all rollouts: a node each. `[N]`"""
        return [turn for rollout in self.rollouts for turn in rollout.turns]

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all columns that it has, what the file claims included."""
        return frozenset(name for turn in self.turns for name in (*turn.columns, *turn.claimed))

    def node_ids(self) -> list[NodeId]:
        """Ids: those of the file where there is one rollout, else the number of the rollout and that of its turn."""
        if len(self.rollouts) == 1:
            return [f"0.{place}" if turn.name is None else turn.name for place, turn in enumerate(self.turns)]
        return [f"{n}.{place}" for n, rollout in enumerate(self.rollouts) for place in range(len(rollout.turns))]

    def parents(self) -> list[int]:
        """Row of the parent of each turn, -1 after the prompt. `[N]`

        Raises:
            ForestError: a turn follows one that is not before it, or has tokens whose columns are of unequal length.
        """
        parents: list[int] = []
        for rollout in self.rollouts:
            start = len(parents)
            for place, turn in enumerate(rollout.turns):
                above = place - 1 if turn.parent == BEFORE else turn.parent
                if not -1 <= above < place:
                    raise ForestError(f"step {place} follows step {above}, which is not before it")
                if turn.tokens is not None:
                    turn.tokens.check(f"{place}")
                parents.append(start + above if above >= 0 else -1)
        return parents

    def fields(self) -> dict[str, Any]:
        """Everything of its forest that is no column of numbers."""
        first = self.first
        extra = {row: turn.extra for row, turn in enumerate(self.turns) if turn.extra}
        starts = accumulate((len(rollout.turns) for rollout in self.rollouts), initial=0)
        return {
            "text": tuple([turn.text for turn in self.turns]),
            "observation": tuple([turn.observation for turn in self.turns]),
            "node_extra": node_extra(extra, zip(starts, [rollout.prompt for rollout in self.rollouts], strict=False)),
            "id": self.name,
            "prompt": first.prompt,
            "task": first.task,
            "reference": first.reference,
            "policy": first.policy,
            "provenance": provenance(self.source, where=first.where, training_step=first.training_step),
            "extra": apart(first.prompt_extra, FOREST_FIELDS),
        }


def provenance(source: str, *, where: str, training_step: int) -> dict[str, Any]:
    """Where a forest is from; a `training_step` of -1 is none."""
    found: dict[str, Any] = {"source": source, "where": where}
    return found | {"training_step": training_step} if training_step >= 0 else found


def node_extra(extra: dict[int, dict[str, Any]], prompts: Iterable[tuple[int, str]]) -> dict[int, dict[str, Any]]:
    """What is kept beside the nodes of a forest.

    Args:
        extra: row -> what the file says of it.
        prompts: row at which a rollout begins, and its prompt; one that is not the first one's is kept there.
    """
    found = {row: apart(fields, NODE_FIELDS) for row, fields in extra.items()}
    pairs = iter(prompts)
    _, first = next(pairs)
    for row, prompt in pairs:
        if prompt != first:
            found[row] = {"prompt": prompt, **found.get(row, {})}
    return found


def apart(extra: dict[str, Any], own: frozenset[str]) -> dict[str, Any]:
    """Fields beyond our own format; those with the name of one of its `own` fields are called `source_NAME`."""
    if own.isdisjoint(extra):
        return extra
    return {f"source_{name}" if name in own else name: value for name, value in extra.items()}


def numbers(rows: Sequence[Mapping[str, float]]) -> dict[str, FloatArray]:
    """Columns `[N]` of what is said of each turn, NaN where nothing is."""
    names = set(map(tuple, rows))
    if len(names) == 1:
        table = np.array([[*said.values()] for said in rows], dtype=np.float64)
        return dict(zip(names.pop(), frozen(table.T.copy()), strict=True))
    columns: dict[str, FloatArray] = {}
    for row, said in enumerate(rows):
        for name, value in said.items():
            if name not in columns:
                columns[name] = np.full(len(rows), NAN)
            columns[name][row] = value
    return {name: frozen(values) for name, values in columns.items()}


def batches(groups: Sequence[Grouped], sizes: Iterable[int]) -> Iterator[Sequence[Grouped]]:
    """The groups in their order, as many at once as have about `AT_ONCE` nodes together.

    Args:
        sizes: number of nodes of each.
    """
    start = size = 0
    for end, count in enumerate(sizes, start=1):
        size += count
        if size >= AT_ONCE or end == len(groups):
            yield groups[start:end]
            start, size = end, 0


def joined_forests(groups: Sequence[Group]) -> list[Forest]:
    """The forest of each group without tokens: one forest of all of them is made and checked, and cut.

    Raises:
        ForestError: something is wrong in one of them; which one it is, is not said.
    """
    turns = list(chain.from_iterable(group.turns for group in groups))
    sizes = [len(group.turns) for group in groups]
    ends = np.cumsum(sizes)
    start = np.repeat(ends - sizes, sizes)
    parent = frozen_array(list(chain.from_iterable(group.parents() for group in groups)), np.int64)
    born = np.array([turn.born for turn in turns])
    whole = Forest(
        parent=np.where(parent < 0, parent, parent + start),
        reward=np.array([turn.reward for turn in turns]),
        status=np.array([-1 if turn.status is None else turn.status for turn in turns]),
        born=np.where(born < 0, np.arange(len(turns)) - start, born),
        n_model_tokens=np.array([turn.n_tokens for turn in turns]),
        columns=numbers([turn.columns for turn in turns]),
        claimed=numbers([turn.claimed for turn in turns]),
    )
    found, low = [], 0
    for group, high in zip(groups, ends.tolist(), strict=True):
        names = group.node_ids()
        if len(group.rollouts) == 1 and len(set(map(str, names))) < len(names):
            raise ForestError("two nodes have the same id")
        columns = dict.fromkeys(name for turn in group.turns for name in turn.columns)
        claimed = dict.fromkeys(name for turn in group.turns for name in turn.claimed)
        fields = {"parent": parent[low:high], "node_id": tuple(names), "columns": columns, "claimed": claimed}
        found.append(cut(whole, low, high, fields | group.fields()))
        low = high
    return found
