"""Forests of answers in columns: a group is a list of places in them, and no object is made for an answer.

Gives what `groups` gives of the same rollouts one by one. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from treecore.core.forest import Forest, cut, frozen_array
from treecore.core.topology import FloatArray, IntArray
from treecore.formats.answers import Answers
from treecore.formats.groups import apart, node_extra, provenance
from treecore.formats.native_fields import FOREST_FIELDS
from treecore.formats.native_nodes import frozen

MAX_SHARED_ANSWERS = MAX_SHARED_SIZES = 256
"""Answers of a group up to which what groups of one size have in common is kept for the next, and sizes that are."""


class RowGroup(NamedTuple):
    """A group: the id of its forest, and its rows, in their order."""

    name: str
    rows: Sequence[int]


def in_common(size: int) -> Mapping[str, Any]:
    """What all forests of so many answers have in common: shape, ids, no observations and no counts of tokens."""
    unknown = frozen_array(np.full(size, -1), np.int64)
    return {
        "parent": unknown,
        "node_id": tuple(f"{n}.0" for n in range(size)),
        "observation": ("",) * size,
        "born": frozen_array(np.arange(size), np.int64),
        "n_model_tokens": unknown,
        "n_obs_tokens": unknown,
    }


shared_in_common = lru_cache(maxsize=MAX_SHARED_SIZES)(in_common)


def flat_forests(answers: Answers, groups: Sequence[RowGroup], source: str) -> list[Forest]:
    """The forest of each group, none of which has an answer in `turns`: one of all of them is made, checked and cut.

    Args:
        source: name of the file or folder that the forests say they are from.

    Raises:
        ForestError: something is wrong in one of them; which one it is, is not said.
    """
    sizes = np.array([len(group.rows) for group in groups])
    ends = np.cumsum(sizes)
    starts = ends - sizes
    rows = np.fromiter(chain.from_iterable(group.rows for group in groups), np.int64, int(ends[-1]))
    columns = {name: frozen(values[rows]) for name, values in answers.columns.items()}
    claimed = {name: frozen(values[rows]) for name, values in answers.claimed.items()}
    whole = Forest(
        parent=np.full(len(rows), -1),
        reward=answers.reward[rows],
        status=np.array(answers.status)[rows] if answers.status else np.empty(0, dtype=np.int64),
        columns=columns,
        claimed=claimed,
    )
    texts, prompts = (_in_order(values, rows) for values in (answers.text, answers.prompt))
    there, claims = _there(columns, starts), _there(claimed, starts)
    found = []
    for number, (group, low, high) in enumerate(zip(groups, starts.tolist(), ends.tolist(), strict=True)):
        fields = _fields(answers, group, prompts[low:high], source)
        fields["text"] = tuple(texts[low:high])
        fields["columns"] = [name for name, assigned in there.items() if assigned[number]]
        fields["claimed"] = [name for name, assigned in claims.items() if assigned[number]]
        found.append(cut(whole, low, high, fields))
    return found


def _in_order(values: Sequence[str], rows: IntArray) -> Sequence[str]:
    """Values of these rows, which mostly stand one after the other. `[K]`"""
    low, high = int(rows[0]), int(rows[-1]) + 1
    if high - low == len(rows) and bool((np.diff(rows) == 1).all()):
        return values[low:high]
    return [values[row] for row in rows.tolist()]


def _there(columns: Mapping[str, FloatArray], starts: IntArray) -> dict[str, list[bool]]:
    """Name -> whether each group has a number in the column."""
    return {name: np.logical_or.reduceat(values == values, starts).tolist() for name, values in columns.items()}


def _fields(answers: Answers, group: RowGroup, prompts: Sequence[str], source: str) -> dict[str, Any]:
    """Everything of its forest that is no column of numbers, but for its texts.

    Args:
        prompts: of its rows.
    """
    rows, first = group.rows, group.rows[0]
    said = (
        {place: answers.extra[row] for place, row in enumerate(rows) if answers.extra.get(row)} if answers.extra else {}
    )
    alike = prompts.count(prompts[0]) == len(rows)
    step = answers.training_step[first] if answers.training_step else -1
    return {
        **(shared_in_common if len(rows) <= MAX_SHARED_ANSWERS else in_common)(len(rows)),
        "node_extra": node_extra(said, enumerate(prompts)) if said or not alike else {},
        "id": group.name,
        "prompt": prompts[0],
        "reference": answers.reference[first] if answers.reference else "",
        "task": answers.task[first] if answers.task else "",
        "policy": answers.policy.get(first, {}),
        "provenance": provenance(source, where=answers.where(first), training_step=step),
        "extra": apart(answers.prompt_extra.get(first, {}), FOREST_FIELDS),
    }
