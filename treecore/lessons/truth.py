"""How often the bundled model ends right from every step of a sample, as recorded by `sample_trees/record_truth.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import orjson

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
    def error(self) -> FloatArray:
        """Standard error of `chance`, 0 where the outcome is known. `[N]`"""
        return np.where(self.count > 1, np.sqrt(self.chance * (1 - self.chance) / self.count), 0.0)

    @cached_property
    def change_error(self) -> FloatArray:
        """Standard error of `change`, the two chances being independent; NaN at prompts. `[N]`"""
        before = self.error[self.forest.parent]
        return np.where(self.forest.parent < 0, np.nan, np.hypot(self.error, before))

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
