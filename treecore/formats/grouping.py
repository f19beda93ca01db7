"""Forests of rollouts that answer the same prompt.

A reader knows one rollout at a time; which of them belong together is known only once all files are read. Knows no
file format.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from treecore.core.builder import pack_tokens
from treecore.core.forest import Forest
from treecore.errors import ForestError, FormatError
from treecore.formats.groups import Group, batches, joined_forests, numbers
from treecore.formats.limits import Account
from treecore.formats.rollout import Rollout


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
    named: list[Group] = []
    names: set[str] = set()
    for number, group in enumerate(groups.values()):
        account.line(group[0].where)
        name = _name(group[0], number, names)
        names.add(name)
        said = {name for rollout in group for turn in rollout.turns for name in (*turn.columns, *turn.claimed)}
        if not said <= account.names:
            account.name_columns(said, group[0].where)
        named.append(Group(name, source, group))
    return [forest for batch in batches(named) for forest in _built(batch)]


def _built(batch: Sequence[Group]) -> list[Forest]:
    """Forests of groups that are checked at once; where something is wrong, one by one, which names the culprit."""
    try:
        if all(turn.tokens is None for group in batch for turn in group.turns):
            return joined_forests(batch)
    except ForestError:
        pass
    return [forest_of(group) for group in batch]


def _name(rollout: Rollout, number: int, taken: set[str]) -> str:
    """A short id that no other forest has."""
    step = f"step {rollout.training_step} · " if rollout.training_step >= 0 else ""
    name = f"{step}{rollout.label or f'prompt {number + 1}'}"
    return name if name not in taken else f"{name} · {number + 1}"


def forest_of(group: Group) -> Forest:
    """All rollouts of one prompt as one forest; one whose prompt is another says so in a field of its first step.

    Raises:
        FormatError: as `forests_of`.
    """
    turns = group.turns
    try:
        return Forest(
            parent=np.array(group.parents(), dtype=np.int64),
            node_id=group.node_ids(),
            reward=np.array([turn.reward for turn in turns]),
            status=np.array([-1 if turn.status is None else turn.status for turn in turns]),
            born=np.array([place if turn.born < 0 else turn.born for place, turn in enumerate(turns)]),
            n_model_tokens=np.array([turn.n_tokens for turn in turns]),
            tokens=pack_tokens([turn.tokens for turn in turns]),
            columns=numbers([turn.columns for turn in turns]),
            claimed=numbers([turn.claimed for turn in turns]),
            **group.fields(),
        )
    except ForestError as error:
        raise FormatError(error.found, where=group.first.where, todo=error.todo) from None
