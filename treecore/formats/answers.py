"""Rollouts by columns: what readers give of files in which nearly every rollout is one answer. Knows no file format.

`Answers.rollout` gives each row as the `Rollout` that it stands for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, repeat
from typing import Any

import numpy as np

from treecore.core.columns import Status
from treecore.core.topology import FloatArray
from treecore.formats.field_table import Rest
from treecore.formats.limits import FOREIGN_NODE, NODE, TEXT, object_cost
from treecore.formats.rollout import Rollout, Turn

DEFAULTS: Mapping[str, Any] = {
    "group": None,
    "training_step": -1,
    "reference": "",
    "label": "",
    "task": "",
    "status": -1,
}
"""Columns of `Answers` that may be absent, and what stands there for a row without."""


@dataclass(kw_only=True)
class Answers:
    """Rollouts side by side, in columns of length `N`; empty columns are absent.

    Attributes:
        prompt, text: question and answer; reward: outcome, NaN where not scored.
        where: row -> file and line.
        group, training_step, reference, label, task: as of `Rollout`.
        prompt_extra, policy: row -> the same of `Rollout`, for rows that have one.
        status: as of `Turn`, -1 unknown.
        columns, claimed: name -> numbers, NaN where nothing is said.
        extra: row -> everything else that the file says about the answer, as plain JSON.
        turns: row -> its turns, where they are more than a text; what the columns say is said of the last one.
    """

    prompt: Sequence[str]
    text: Sequence[str]
    reward: FloatArray
    where: Callable[[int], str]
    group: Sequence[Hashable] = ()
    training_step: Sequence[int] = ()
    reference: Sequence[str] = ()
    label: Sequence[str] = ()
    task: Sequence[str] = ()
    prompt_extra: dict[int, dict[str, Any]] = field(default_factory=dict)
    policy: dict[int, dict[str, Any]] = field(default_factory=dict)
    status: Sequence[int] = ()
    columns: dict[str, FloatArray] = field(default_factory=dict)
    claimed: dict[str, FloatArray] = field(default_factory=dict)
    extra: dict[int, dict[str, Any]] = field(default_factory=dict)
    turns: dict[int, list[Turn]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.text)

    def keep(self, rest: Rest) -> None:
        """Take over what else a file says: numbers as columns, other values as they came."""
        self.columns |= rest.numbers
        for row, values in rest.others.items():
            self.extra[row] = self.extra.get(row, {}) | values
        for row, numbers in rest.lone.items():
            self.turns.setdefault(row, [Turn(text=self.text[row])])[-1].columns |= numbers

    def rollout(self, row: int) -> Rollout:
        """One row by itself."""
        *before, end = self.turns.get(row) or [Turn(text=self.text[row])]
        last = replace(
            end,
            columns=end.columns | said(self.columns, row),
            claimed=end.claimed | said(self.claimed, row),
            extra=end.extra | self.extra.get(row, {}),
            reward=float(self.reward[row]),
            status=Status(self.status[row]) if self.status and self.status[row] >= 0 else end.status,
        )
        return Rollout(
            prompt=self.prompt[row],
            turns=[*before, last],
            group=self.group[row] if self.group else None,
            label=self.label[row] if self.label else "",
            training_step=self.training_step[row] if self.training_step else -1,
            reference=self.reference[row] if self.reference else "",
            task=self.task[row] if self.task else "",
            prompt_extra=self.prompt_extra.get(row, {}),
            policy=self.policy.get(row, {}),
            where=self.where(row),
        )

    def cost(self) -> int:
        """Bytes that they take in forests, about, without their columns of numbers."""
        rest = sum(FOREIGN_NODE + object_cost(extra) for extra in self.extra.values())
        turned = sum(turn.cost() for turns in self.turns.values() for turn in turns)
        return (NODE + 2 * TEXT) * len(self) + sum(map(len, self.text)) + rest + turned

    def assigned(self) -> list[int]:
        """How many numbers each column holds, those of what the file claims last."""
        columns = chain(self.columns.values(), self.claimed.values())
        return [int(np.count_nonzero(values == values)) for values in columns]


def said(columns: Mapping[str, FloatArray], row: int) -> dict[str, float]:
    """The numbers of one row, without those that are not assigned."""
    return {name: value for name, values in columns.items() if (value := float(values[row])) == value}


def joined(parts: Sequence[Answers]) -> Answers:
    """Answers of several files, one after the other."""
    if len(parts) == 1:
        return parts[0]
    starts = [0, *accumulate(map(len, parts))]

    def where(row: int) -> str:
        part = bisect_right(starts, row) - 1
        return parts[part].where(row - starts[part])

    def listed(name: str, absent: Any = "") -> list[Any]:
        values = [getattr(part, name) for part in parts]
        if not any(map(len, values)):
            return []
        filled = (of_one or repeat(absent, len(part)) for part, of_one in zip(parts, values, strict=True))
        return list(chain.from_iterable(filled))

    def by_row(name: str) -> dict[int, Any]:
        pairs = zip(starts, [getattr(part, name) for part in parts], strict=False)
        return {start + row: value for start, of_one in pairs for row, value in of_one.items()}

    def numbers(name: str) -> dict[str, FloatArray]:
        found: dict[str, FloatArray] = {}
        for start, part in zip(starts, parts, strict=False):
            for column, values in getattr(part, name).items():
                whole = found.setdefault(column, np.full(starts[-1], np.nan))
                whole[start : start + len(part)] = values
        return found

    columns: dict[str, Any] = {name: listed(name, absent) for name, absent in DEFAULTS.items()}
    columns |= {name: by_row(name) for name in ("prompt_extra", "policy", "extra", "turns")}
    columns |= {name: numbers(name) for name in ("columns", "claimed")}
    reward = np.concatenate([part.reward for part in parts])
    return Answers(prompt=listed("prompt"), text=listed("text"), reward=reward, where=where, **columns)
