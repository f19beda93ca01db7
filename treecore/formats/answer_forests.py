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
    starts = ends - sizes
    there, claims = _there(columns, starts), _there(claimed, starts)
    return [
        cut(
            whole,
            low,
            high,
            columns=[name for name, found in there.items() if found[number]],
            claimed=[name for name, found in claims.items() if found[number]],
            **_fields(answers, group, source),
        )
        for number, (group, low, high) in enumerate(zip(groups, starts.tolist(), ends.tolist(), strict=True))
    ]


def _there(columns: Mapping[str, FloatArray], starts: IntArray) -> dict[str, list[bool]]:
    """Name -> whether each group has a number in the column."""
    return {name: np.logical_or.reduceat(values == values, starts).tolist() for name, values in columns.items()}


def _fields(answers: Answers, group: RowGroup, source: str) -> dict[str, Any]:
    """Everything of its forest that is no column of numbers."""
    rows, first = group.rows, group.rows[0]
    prompts = [answers.prompt[row] for row in rows]
    said = (
        {place: answers.extra[row] for place, row in enumerate(rows) if answers.extra.get(row)} if answers.extra else {}
    )
    alike = prompts.count(prompts[0]) == len(rows)
    step = answers.training_step[first] if answers.training_step else -1
    return {
        **(shared_in_common if len(rows) <= MAX_SHARED_ANSWERS else in_common)(len(rows)),
        "text": tuple([answers.text[row] for row in rows]),
        "node_extra": node_extra(said, enumerate(prompts[:1] if alike else prompts)),
        "id": group.name,
        "prompt": prompts[0],
        "reference": answers.reference[first] if answers.reference else "",
        "task": answers.task[first] if answers.task else "",
        "policy": answers.policy.get(first, {}),
        "provenance": provenance(source, where=answers.where(first), training_step=step),
        "extra": apart(answers.prompt_extra.get(first, {}), FOREST_FIELDS),
    }
