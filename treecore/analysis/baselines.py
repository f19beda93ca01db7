"""Which means and deviations a changed forest is judged by instead of the recorded ones: why every number moved."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from treecore.analysis.what_if import Shift, WhatIf, placed
from treecore.core.outcomes import gap
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.registry import Credit

MEANS, DEVIATIONS = ("mean", "baseline"), ("std",)
"""How columns of means and of deviations end."""
COMPARED_WITH = ("root_value", "parent_value")
"""Columns of values that steps are compared with: means too, of the leaves beneath another step."""


class Pair(NamedTuple):
    """A number before and after; NaN where there is none."""

    was: float
    now: float


class Statistic(NamedTuple):
    """What a group is compared with, where it changed.

    Attributes:
        of: `all`, `batch`, `tree`, `siblings` or `step`.
        row: of the drawn forest, some member of the group; for siblings the step before them, -1 at the prompt.
        mean, deviation: None where the method has none.
    """

    of: str
    row: int
    mean: Pair | None
    deviation: Pair | None

    def as_json(self, names: Sequence[str]) -> dict[str, Any]:
        """JSON-ready; `names [N]` are ids."""
        return {
            "of": self.of,
            "node": names[self.row] if self.row >= 0 else None,
            "mean": None if self.mean is None else {"was": self.mean.was, "is": self.mean.now},
            "deviation": None if self.deviation is None else {"was": self.deviation.was, "is": self.deviation.now},
        }


def statistics(found: WhatIf, before: Credit, after: Credit) -> list[Statistic]:
    """The means and deviations in the credit's own columns that changed: trees, then the prompt, then forks."""
    kinds = defaultdict[str, dict[str, Shift]](dict)
    for name in {**before.leaves, **before.nodes}:
        for kind, endings in (("mean", MEANS), ("deviation", DEVIATIONS)):
            ending = next((one for one in endings if name == one or name.endswith(f"_{one}")), None)
            if kind == "mean" and name in COMPARED_WITH:
                ending = "value"
            if ending is not None:
                columns = placed(before.column(name), found.before), placed(after.column(name), found.after)
                kinds[name.removesuffix(ending)][kind] = Shift(*columns)
    made = [one for prefix, columns in kinds.items() for one in _of_groups(found, prefix, columns)]
    order = ("tree", "all", "batch", "siblings", "step")
    return sorted(made, key=lambda one: order.index(one.of))


def _of_groups(found: WhatIf, prefix: str, columns: Mapping[str, Shift]) -> Iterator[Statistic]:
    """One statistic for every group in which it changed."""
    drawn = found.drawn
    rows = np.arange(len(drawn))
    above = np.where(drawn.is_prompt[np.maximum(drawn.parent, 0)], -1, drawn.parent)
    groupings = {
        "batch" if prefix == "batch_" else "all": np.zeros(len(drawn), dtype=np.int64),
        "tree": drawn.tree,
        "siblings": above,
        "step": rows,
    }
    of, group = next(
        (of, group)
        for of, group in groupings.items()
        if all(_is_one_each(values, group) for column in columns.values() for values in column)
    )
    seen = set[int]()
    for row in np.flatnonzero(np.any([values.moved for values in columns.values()], axis=0)).tolist():
        number = int(group[row])
        if number in seen or found.pruned[row]:
            continue
        seen.add(number)
        members = np.flatnonzero(group == number)
        pairs = {kind: Pair(*(_known(values[members]) for values in column)) for kind, column in columns.items()}
        yield Statistic(of, number if of == "siblings" else row, pairs.get("mean"), pairs.get("deviation"))


def _is_one_each(values: FloatArray, group: IntArray) -> bool:
    """Whether all known values of each group are the same."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(group[known], kind="stable")]
    same = np.diff(group[order]) == 0
    return not (same & (gap(values[order][1:], values[order][:-1]) != 0)).any()


def _known(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known[0]) if len(known) else math.nan
