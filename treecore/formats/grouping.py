"""Forests of rollouts that answer the same prompt.

A reader knows one rollout at a time; which of them belong together is known only once all files are read. Knows no
file format.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from treecore.core.builder import NAN, pack_tokens
from treecore.core.forest import Forest
from treecore.errors import ForestError, FormatError
from treecore.formats.limits import Account
from treecore.formats.native_fields import FOREST_FIELDS, NODE_FIELDS
from treecore.formats.rollout import BEFORE, Rollout


def forests_of(rollouts: Iterable[Rollout], *, source: str, account: Account) -> list[Forest]:
    """A forest for all rollouts of one prompt, in the order in which prompts appear first.

    Every rollout is a tree of its own; node ids are the number of the rollout and that of its turn, `"3.1"`.

    Args:
        source: name of the file or folder that the forests say they are from.
        account: of the file, for its limits.

    Raises:
        FormatError: what a rollout holds makes no forest; names its place.
    """
    groups: dict[Hashable, list[Rollout]] = {}
    for rollout in rollouts:
        account.spend(rollout.cost(), rollout.where)
        key = rollout.prompt if rollout.group is None else rollout.group
        groups.setdefault((rollout.training_step, key), []).append(rollout)
    found = []
    names: set[str] = set()
    for number, group in enumerate(groups.values()):
        account.line(group[0].where)
        name = _name(group[0], number, names)
        names.add(name)
        said = (numbers for rollout in group for turn in rollout.turns for numbers in (turn.columns, turn.claimed))
        account.name_columns(set[str]().union(*said), group[0].where)
        found.append(forest_of(group, name=name, source=source))
    return found


def _name(rollout: Rollout, number: int, taken: set[str]) -> str:
    """A short id that no other forest has."""
    step = f"step {rollout.training_step} · " if rollout.training_step >= 0 else ""
    name = f"{step}{rollout.label or f'prompt {number + 1}'}"
    return name if name not in taken else f"{name} · {number + 1}"


def forest_of(group: Sequence[Rollout], *, name: str, source: str) -> Forest:
    """All rollouts of one prompt as one forest; one whose prompt is another says so in a field of its first step.

    Raises:
        FormatError: as `forests_of`.
    """
    first = group[0]
    provenance: dict[str, Any] = {"source": source, "where": first.where}
    if first.training_step >= 0:
        provenance["training_step"] = first.training_step
    for rollout in group:
        if rollout.prompt != first.prompt:
            rollout.turns[0].extra.setdefault("prompt", rollout.prompt)
    turns = [turn for rollout in group for turn in rollout.turns]
    if len(group) == 1:
        names = [f"0.{place}" if turn.name is None else turn.name for place, turn in enumerate(turns)]
    else:
        names = [f"{number}.{place}" for number, rollout in enumerate(group) for place in range(len(rollout.turns))]
    try:
        return Forest(
            parent=_parents(group),
            node_id=names,
            text=[turn.text for turn in turns],
            observation=[turn.observation for turn in turns],
            reward=np.array([turn.reward for turn in turns]),
            status=np.array([-1 if turn.status is None else turn.status for turn in turns]),
            born=np.array([place if turn.born < 0 else turn.born for place, turn in enumerate(turns)]),
            n_model_tokens=np.array([turn.n_tokens for turn in turns]),
            tokens=pack_tokens([turn.tokens for turn in turns]),
            node_extra={row: apart(turn.extra, NODE_FIELDS) for row, turn in enumerate(turns) if turn.extra},
            columns=_numbers([turn.columns for turn in turns]),
            claimed=_numbers([turn.claimed for turn in turns]),
            id=name,
            prompt=first.prompt,
            task=first.task,
            reference=first.reference,
            policy=first.policy,
            provenance=provenance,
            extra=apart(first.prompt_extra, FOREST_FIELDS),
        )
    except ForestError as error:
        raise FormatError(error.found, where=first.where, todo=error.todo) from None


def apart(extra: dict[str, Any], own: frozenset[str]) -> dict[str, Any]:
    """Fields beyond our own format; those with the name of one of its `own` fields are called `source_NAME`."""
    if own.isdisjoint(extra):
        return extra
    return {f"source_{name}" if name in own else name: value for name, value in extra.items()}


def _parents(group: Sequence[Rollout]) -> np.ndarray[Any, Any]:
    """Row of the parent of each turn of all rollouts, -1 after the prompt. `[N]`

    Raises:
        ForestError: a turn follows one that is not before it, or has tokens whose columns are of unequal length.
    """
    parents: list[int] = []
    for rollout in group:
        start = len(parents)
        for place, turn in enumerate(rollout.turns):
            above = place - 1 if turn.parent == BEFORE else turn.parent
            if not -1 <= above < place:
                raise ForestError(f"step {place} follows step {above}, which is not before it")
            if turn.tokens is not None:
                turn.tokens.check(f"{place}")
            parents.append(start + above if above >= 0 else -1)
    return np.array(parents, dtype=np.int64)


def _numbers(rows: Sequence[Mapping[str, float]]) -> dict[str, np.ndarray[Any, Any]]:
    """Columns `[N]` of what is said of each turn, NaN where nothing is."""
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for row, said in enumerate(rows):
        for name, value in said.items():
            if name not in columns:
                columns[name] = np.full(len(rows), NAN)
            columns[name][row] = value
    return columns
