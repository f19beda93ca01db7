"""Forests of rollouts that answer the same prompt.

A reader knows one rollout at a time; which of them belong together is known only once all files are read. Knows no
file format.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from treecore.core.builder import NAN, ForestBuilder
from treecore.core.forest import Forest
from treecore.errors import ForestError, FormatError
from treecore.formats.limits import Account
from treecore.formats.rollout import BEFORE, Rollout, Turn


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
        for turn in rollout.turns:
            if turn.columns or turn.claimed:
                account.name_columns([*turn.columns, *turn.claimed], rollout.where)
        key = rollout.prompt if rollout.group is None else rollout.group
        groups.setdefault((rollout.training_step, key), []).append(rollout)
    found = []
    names: set[str] = set()
    for number, group in enumerate(groups.values()):
        account.line(group[0].where)
        name = _name(group[0], number, names)
        names.add(name)
        found.append(forest_of(group, name=name, source=source))
    return found


def _name(rollout: Rollout, number: int, taken: set[str]) -> str:
    """A short id that no other forest has."""
    step = f"step {rollout.training_step} · " if rollout.training_step >= 0 else ""
    name = f"{step}{rollout.label or f'prompt {number + 1}'}"
    return name if name not in taken else f"{name} · {number + 1}"


def forest_of(group: Sequence[Rollout], *, name: str, source: str) -> Forest:
    """All rollouts of one prompt as one forest.

    Raises:
        FormatError: as `forests_of`.
    """
    first = group[0]
    provenance: dict[str, Any] = {"source": source, "where": first.where}
    if first.training_step >= 0:
        provenance["training_step"] = first.training_step
    builder = ForestBuilder(
        id=name,
        prompt=first.prompt,
        task=first.task,
        reference=first.reference,
        policy=first.policy,
        provenance=provenance,
        extra=first.prompt_extra,
    )
    turns: list[Turn] = []
    only = len(group) == 1
    try:
        for number, rollout in enumerate(group):
            _add(builder, rollout, str(number), named=only)
            turns += rollout.turns
        built = builder.build()
        counts = np.array([turn.n_tokens for turn in turns])
        return built.with_columns(
            columns=_numbers([turn.columns for turn in turns]),
            claimed=_numbers([turn.claimed for turn in turns]),
            n_model_tokens=np.where(counts >= 0, counts, built.n_model_tokens),
        )
    except ForestError as error:
        raise FormatError(error.found, where=first.where, todo=error.todo) from None


def _add(builder: ForestBuilder, rollout: Rollout, number: str, *, named: bool) -> None:
    start = len(builder)
    for place, turn in enumerate(rollout.turns):
        above = place - 1 if turn.parent == BEFORE else turn.parent
        builder.add(
            start + above if above >= 0 else -1,
            text=turn.text,
            observation=turn.observation,
            reward=turn.reward,
            status=turn.status,
            tokens=turn.tokens,
            node_id=turn.name if named and turn.name is not None else f"{number}.{place}",
            extra=turn.extra,
        )


def _numbers(rows: Sequence[Mapping[str, float]]) -> dict[str, np.ndarray[Any, Any]]:
    """Columns `[N]` of what is said of each turn, NaN where nothing is."""
    columns: dict[str, np.ndarray[Any, Any]] = {}
    for row, said in enumerate(rows):
        for name, value in said.items():
            if name not in columns:
                columns[name] = np.full(len(rows), NAN)
            columns[name][row] = value
    return columns
