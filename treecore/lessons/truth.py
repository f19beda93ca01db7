"""How often the bundled model ends right from every step of a sample, as recorded by `sample_trees/record_truth.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import orjson

from treecore.analysis.intervals import Interval, wilson
from treecore.bundled import samples, samples_dir
from treecore.core.forest import Forest
from treecore.core.topology import FloatArray
from treecore.errors import ForestError
from treecore.formats import read


@dataclass(frozen=True, eq=False)
class Truth:
    """A sample with the chance of ending right at every step.

    Attributes:
        forest: the sample.
        right: `[N]` continuations that ended right; the outcome itself, 0 or 1, at finished trajectories; NaN where
            nothing was recorded.
        count: `[N]` continuations; 1 at finished trajectories, whose outcome is known.
        few: `[N]` share right of as few continuations as VinePPO takes, NaN at finished trajectories.
        few_count: `[N]` how many those were.
    """

    forest: Forest
    right: FloatArray
    count: FloatArray
    few: FloatArray
    few_count: FloatArray

    @property
    def chance(self) -> FloatArray:
        """Share of continuations that end right. `[N]`"""
        return self.right / self.count

    @cached_property
    def change(self) -> FloatArray:
        """By how much each step changed the chance; NaN at prompts. `[N]`"""
        before = self.chance[self.forest.parent]
        return np.where(self.forest.parent < 0, np.nan, self.chance - before)

    @cached_property
    def interval(self) -> Interval:
        """95 % interval of `chance` by Wilson; the outcome itself where it is known. `[N]`"""
        found = wilson(self.chance, count=self.count)
        known = self.count == 1
        return Interval(np.where(known, self.chance, found.low), np.where(known, self.chance, found.high))

    @cached_property
    def change_interval(self) -> Interval:
        """95 % interval of `change` from those of the two chances, which are independent; NaN at prompts. `[N]`

        Newcombe 1998, Interval estimation for the difference between independent proportions, method 10.
        """
        parent, (low, high) = self.forest.parent, self.interval
        down, up = self.chance - low, high - self.chance
        return Interval(self.change - np.hypot(down, up[parent]), self.change + np.hypot(up, down[parent]))

    @cached_property
    def with_few(self) -> Forest:
        """The sample as methods take it that ask for Monte Carlo values: of few continuations."""
        return replace(self.forest, columns={**self.forest.columns, "mc_value": self.few, "mc_count": self.few_count})


def counts(forest: Forest, held: dict[str, list[int]]) -> tuple[FloatArray, FloatArray]:
    """Right and all continuations of every step, NaN where there are none; roots share the prompt's. `[N]`, `[N]`"""
    right, count = np.full(len(forest), np.nan), np.full(len(forest), np.nan)
    for node, (of_them, all_of_them) in held.items():
        right[forest.row(node)], count[forest.row(node)] = of_them, all_of_them
    roots = np.flatnonzero(forest.is_prompt)
    right[roots], count[roots] = right[roots[0]], count[roots[0]]
    return right, count


@cache
def truth(sample: str) -> Truth:
    """The truth of a bundled sample.

    Raises:
        ForestError: it was recorded for another forest than the sample is.
        FileNotFoundError: none was recorded.
    """
    forest = read(samples()[sample].path)[0]
    held = orjson.loads((samples_dir() / "truth" / f"{sample}.json").read_bytes())
    if held["digest"] != forest.digest:
        raise ForestError(
            f"the truth of the sample {sample} was recorded for another forest",
            todo=f"run `python sample_trees/record_truth.py {sample}`",
        )
    right, count = counts(forest, held["many"])
    few_right, few_count = counts(forest, held["few"])
    ends = forest.topology.is_leaf & ~np.isnan(forest.reward)
    return Truth(
        forest=forest,
        right=np.where(ends, forest.reward, right),
        count=np.where(ends, 1.0, count),
        few=few_right / few_count,
        few_count=few_count,
    )
