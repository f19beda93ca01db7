"""Forests of rollouts that answer the same prompt.

A reader knows one rollout at a time; which of them belong together is known only once all files are read. Knows no
file format.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain, compress, groupby

import numpy as np

from treecore.core.builder import pack_tokens
from treecore.core.forest import Forest
from treecore.errors import ForestError, FormatError
from treecore.formats.answer_forests import RowGroup, flat_forests
from treecore.formats.answers import Answers, joined
from treecore.formats.field_table import MANY
from treecore.formats.groups import Group, batches, joined_forests, numbers
from treecore.formats.limits import Account
from treecore.formats.rollout import Rollout

SPARSE = 8
"""Places of a column for each number in it up to which the column takes less than its numbers one by one."""


def forests_of(
    given: Sequence[Rollout | Answers],
    *,
    source: str,
    account: Account,
    cost: int | None = None,
    places: list[list[str]] | None = None,
) -> list[Forest]:
    """A forest for all rollouts of one prompt, in the order in which prompts appear first.

    Every rollout is a tree of its own; node ids are the number of the rollout and that of its turn, `"3.1"`.

    Args:
        source: name of the file or folder that the forests say they are from.
        account: of the file, for its limits.
        cost: the sum of `Rollout.cost` of all that are given as such, where it is known.
        places: is given, for each forest, file and line of all its rollouts.

    Raises:
        FormatError: what a rollout holds makes no forest; names its place.
    """
    parts = [part for part in given if isinstance(part, Answers)]
    if len(parts) == len(given) and _fit_columns(parts):
        return _of_answers(joined(parts), source, account, places) if any(map(len, parts)) else []
    if cost is None:
        cost = sum(one.cost() for one in given if isinstance(one, Rollout))
    account.spend(cost, account.name)
    return _of_rollouts(chain.from_iterable(_one_by_one(one, account) for one in given), source, account, places)


def _fit_columns(parts: Sequence[Answers]) -> bool:
    """Whether columns over the answers of all files take less than their numbers one by one, or little."""
    names = {name for part in parts for name in (*part.columns, *part.claimed)}
    if len(names) <= MANY:
        return True
    return len(names) * sum(map(len, parts)) <= SPARSE * sum(sum(part.assigned()) for part in parts)


def _one_by_one(given: Rollout | Answers, account: Account) -> Iterator[Rollout]:
    """Rollouts, those of answers counted as they are made."""
    if isinstance(given, Rollout):
        yield given
        return
    for rollout in map(given.rollout, range(len(given))):
        account.spend(rollout.cost(), rollout.where)
        yield rollout


def _of_rollouts(
    rollouts: Iterable[Rollout], source: str, account: Account, places: list[list[str]] | None
) -> list[Forest]:
    groups: dict[Hashable, list[Rollout]] = {}
    for rollout in rollouts:
        key = rollout.prompt if rollout.group is None else rollout.group
        groups.setdefault((rollout.training_step, key), []).append(rollout)
    if places is not None:
        places += [[rollout.where for rollout in group] for group in groups.values()]
    named: list[Group] = []
    names: set[str] = set()
    for number, group in enumerate(groups.values()):
        first = group[0]
        account.line(first.where)
        named.append(Group(_name(first.training_step, first.label, number, names), source, group))
        _count_columns(named[-1], account)
    return [forest for batch in batches(named, [len(group.turns) for group in named]) for forest in _built(batch)]


def _of_answers(answers: Answers, source: str, account: Account, places: list[list[str]] | None) -> list[Forest]:
    account.spend(answers.cost(), account.name)
    account.name_columns((*answers.columns, *answers.claimed), account.name, of_rows=True)
    names: set[str] = set()
    groups: list[RowGroup] = []
    for number, rows in enumerate(rows_of_groups(answers)):
        account.line(answers.where(rows[0]))
        step = answers.training_step[rows[0]] if answers.training_step else -1
        label = answers.label[rows[0]] if answers.label else ""
        groups.append(RowGroup(_name(step, label, number, names), rows))
    if places is not None:
        places += [list(map(answers.where, group.rows)) for group in groups]
    _spend_columns(answers, len(groups), account)
    plain = [not answers.turns or answers.turns.keys().isdisjoint(group.rows) for group in groups]
    alike = [*compress(groups, plain)]
    flat = chain.from_iterable(
        _of_flat(answers, batch, source) for batch in batches(alike, [len(group.rows) for group in alike])
    )
    others: list[Group] = []
    for group, is_plain in zip(groups, plain, strict=True):
        if not is_plain:
            others.append(_group(answers, group, source))
            _count_turns(answers, group, others[-1], account)
    turned = chain.from_iterable(map(_built, batches(others, [len(group.turns) for group in others])))
    return [next(flat if is_plain else turned) for is_plain in plain]


def _count_columns(group: Group, account: Account) -> None:
    """Count the columns of one forest, and their names."""
    if not group.names <= account.names:
        account.name_columns(group.names, group.first.where, of_rows=True)
    account.spend_columns(len(group.names), group.first.where, cells=len(group.names) * len(group.turns))


def _count_turns(answers: Answers, rows: RowGroup, group: Group, account: Account) -> None:
    """Count what the turns of a group add to its columns: names of their own, and a place for each turn."""
    turns = chain.from_iterable(answers.turns.get(row, ()) for row in rows.rows)
    own = {name for turn in turns for name in (*turn.columns, *turn.claimed)}
    if not own <= account.names:
        account.name_columns(own, group.first.where, of_rows=True)
    of_answers = (len(answers.columns) + len(answers.claimed)) * len(rows.rows)
    cells = len(group.names) * len(group.turns) - of_answers
    account.spend_columns(len(own), group.first.where, cells=max(cells, 0))


def _spend_columns(answers: Answers, groups: int, account: Account) -> None:
    """Count the columns of all forests: at most one a number, and one a forest and name.

    Args:
        groups: number of forests.
    """
    assigned = answers.assigned()
    columns = sum(min(groups, count) for count in assigned)
    account.spend_columns(columns, account.name, cells=len(assigned) * len(answers))


def rows_of_groups(answers: Answers) -> Iterable[list[int]]:
    """The rows of each group, in the order in which groups appear first."""
    keys: Sequence[Hashable] = answers.group or answers.prompt
    if answers.group and None in answers.group:
        keys = [prompt if key is None else key for key, prompt in zip(answers.group, answers.prompt, strict=True)]
    if len(set(answers.training_step)) > 1:
        keys = list(zip(answers.training_step, keys, strict=True))
    groups: dict[Hashable, list[int]] = {}
    for key, rows in groupby(range(len(answers)), keys.__getitem__):  # those of one group mostly stand together
        groups.setdefault(key, []).extend(rows)
    return groups.values()


def _of_flat(answers: Answers, batch: Sequence[RowGroup], source: str) -> list[Forest]:
    """Forests of groups without turns; where something is wrong, one by one, which names the culprit."""
    try:
        return flat_forests(answers, batch, source)
    except ForestError:
        return [forest_of(_group(answers, group, source)) for group in batch]


def _group(answers: Answers, group: RowGroup, source: str) -> Group:
    return Group(group.name, source, [answers.rollout(row) for row in group.rows])


def _built(batch: Sequence[Group]) -> list[Forest]:
    """Forests of groups that are checked at once; where something is wrong, one by one, which names the culprit."""
    try:
        names = frozenset().union(*(group.names for group in batch))
        if len(names) <= MANY and all(turn.tokens is None for group in batch for turn in group.turns):
            return joined_forests(batch)
    except ForestError:
        pass
    return [forest_of(group) for group in batch]


def _name(training_step: int, label: str, number: int, taken: set[str]) -> str:
    """A short id that no other forest has, added to those that are taken."""
    step = f"step {training_step} · " if training_step >= 0 else ""
    name = f"{step}{label or f'prompt {number + 1}'}"
    name = name if name not in taken else f"{name} · {number + 1}"
    taken.add(name)
    return name


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
