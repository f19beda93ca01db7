"""Means and standard deviations of groups, and values of nodes, for a whole batch at once.

Sums are taken around the first member of each group, so a group whose members are all equal has a mean that is
exactly that value and a standard deviation of exactly zero, whatever the value (0.1 has no exact binary form).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import FULL, is_full
from treecore.core.topology import BoolArray, FloatArray, IntArray, Topology


@dataclass(frozen=True, eq=False)
class GroupStats:
    """Per member of each group, `[K]`: mean, standard deviation, number of members."""

    mean: FloatArray
    std: FloatArray
    count: FloatArray


def group_stats(
    values: FloatArray, group: IntArray, n_groups: int, *, ddof: int, weight: FloatArray | None = None
) -> GroupStats:
    """Statistics of each group, at each of its members.

    Args:
        values: `[K]`, finite.
        group: `[K]`, numbers from 0 to `n_groups - 1`.
        ddof: 1 for the sample standard deviation, 0 for the population's. Groups of `ddof` members or fewer get NaN.
        weight: `[K]`, how many members each value stands for; default one.
    """
    weight = np.ones(len(values)) if weight is None else weight
    # Sums around an anchor, a member of the group: 0.1 + 0.1 + 0.1 is not 3 * 0.1, and a spread of 1e-17 where all are
    # equal would become an advantage of order one once something is divided by it.
    reference = np.zeros(n_groups)
    reference[group[::-1]] = values[::-1]
    shifted = values - reference[group]
    count = np.asarray(np.bincount(group, weights=weight, minlength=n_groups), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.bincount(group, weights=shifted * weight, minlength=n_groups) / count
        squares = np.bincount(group, weights=(shifted - shift[group]) ** 2 * weight, minlength=n_groups)
        spread = np.where(count > ddof, np.sqrt(squares / (count - ddof)), np.nan)
    return GroupStats(mean=(reference + shift)[group], std=spread[group], count=count[group])


def group_mean(values: FloatArray | BoolArray, group: IntArray, n_groups: int) -> FloatArray:
    """Mean of each group, NaN of one without members. `[n_groups]`"""
    with np.errstate(invalid="ignore"):
        return np.bincount(group, weights=values, minlength=n_groups) / np.bincount(group, minlength=n_groups)


class SiblingStats(NamedTuple):
    """Mean and standard deviation among each node's siblings, NaN where it has no value. `[N]`"""

    mean: FloatArray
    std: FloatArray


def sibling_stats(forests: Forests, values: FloatArray, *, ddof: int) -> SiblingStats:
    """`group_stats` of `values [N]` among the children of each node, NaN left out; roots have no siblings."""
    rows = forests.topology.child
    own = values[rows]
    known = ~np.isnan(own)
    rows, own = rows[known], own[known]
    first = np.flatnonzero(np.diff(forests.parent[rows], prepend=-1))
    count = np.diff(first, append=len(rows))
    mean, std = np.full(len(values), np.nan), np.full(len(values), np.nan)
    if len(rows):
        shifted = own - np.repeat(own[first], count)
        shift = np.add.reduceat(shifted, first) / count
        shifted -= np.repeat(shift, count)
        squares = np.add.reduceat(np.square(shifted, out=shifted), first)
        spread = np.full(len(first), np.nan)
        np.divide(squares, count - ddof, out=spread, where=count > ddof)
        mean[rows] = np.repeat(own[first] + shift, count)
        std[rows] = np.repeat(np.sqrt(spread), count)
    return SiblingStats(mean, std)


@dataclass(frozen=True, eq=False)
class Normalised:
    """`advantage [K]` and the statistics it was made with (a group of one has mean 0 and std 1)."""

    advantage: FloatArray
    mean: FloatArray
    std: FloatArray
    count: FloatArray


def ratio(gap: FloatArray, divisor: FloatArray) -> FloatArray:
    """`gap / divisor`; 0 where the gap is 0, whatever it is measured in, and NaN where only the divisor is. `[K]`"""
    divisor = np.where(divisor == 0, np.nan, divisor)
    return np.divide(gap, divisor, out=np.zeros(len(gap)), where=gap != 0)


def normalise(values: FloatArray, group: IntArray, n_groups: int, *, epsilon: float, ddof: int = 1) -> Normalised:
    """GRPO's group normalisation `(r - mean) / (std + epsilon)`; a group of one keeps its raw value.

    Source: Tree-GRPO `core_algos.py` and verl `core_algos.py`, where `ddof` is 1 and a group of one gets mean 0, std 1.
    """
    stats = group_stats(values, group, n_groups, ddof=ddof)
    single = stats.count < 2
    mean = np.where(single, 0.0, stats.mean)
    std = np.where(single, 1.0, stats.std)
    return Normalised(ratio(values - mean, std + epsilon), mean, std, stats.count)


@dataclass(frozen=True, eq=False)
class Centred:
    """Per member of each group, `[K]`: mean and number of members; a group of one has mean 0."""

    mean: FloatArray
    count: FloatArray


def raw_if_alone(values: FloatArray, group: IntArray, n_groups: int) -> Centred:
    """Group means to subtract, under the rule that a group of one keeps its raw value."""
    stats = group_stats(values, group, n_groups, ddof=0)
    return Centred(np.where(stats.count < 2, 0.0, stats.mean), stats.count)


def on_leaves(forests: Forests, values: FloatArray) -> FloatArray:
    """Values of the scored leaves `[L]` as a node column `[N]`, NaN elsewhere."""
    column = np.full(len(forests.parent), np.nan)
    column[forests.scored] = values
    return column


class MaskedLeaves(NamedTuple):
    """Which leaves count under each end of the skeleton: those of `order [L]` from `low [K]` to before `high [K]`."""

    order: IntArray
    low: IntArray
    high: IntArray


def masked_leaves(forests: Forests, mask: BoolArray) -> MaskedLeaves:
    """The leaves in `mask [N]`, in preorder, and where those under each end stand among them."""
    leaves, row = forests.topology.leaf_spans, forests.topology.skeleton.row
    counts = mask[leaves.order]
    before = np.concatenate([[0], np.cumsum(counts)])
    return MaskedLeaves(leaves.order[counts], before[leaves.first[row]], before[leaves.last[row]])


def scored_leaves(forests: Forests) -> MaskedLeaves:
    """`masked_leaves` of all leaves with a reward."""
    return masked_leaves(forests, forests.scored)


@dataclass(frozen=True, eq=False)
class Backup:
    """Mean, count, sum and spread of a leaf column under each node; NaN where no counted leaf is. `[N]`

    Leaves that are all equal have a mean that is exactly their number. What is under one node is made of the numbers
    beneath it alone: no other number, however large, takes part in its rounding.
    """

    topology: Topology
    count: FloatArray
    at_ends: FloatArray
    """Means at the ends of the skeleton. `[K]`"""

    @cached_property
    def mean(self) -> FloatArray:
        """Mean of the leaves beneath. `[N]`"""
        return self.at_ends[self.topology.skeleton.end]

    @property
    def total(self) -> FloatArray:
        """Sum of the leaves beneath. `[N]`"""
        return self.mean * self.count

    @cached_property
    def squares(self) -> FloatArray:
        """Sum of squared deviations of the leaves beneath from their mean. `[N]`"""
        return self.products(self)

    def products(self, other: Backup) -> FloatArray:
        """Sum over the leaves beneath of the products of the deviations of two columns on the same leaves. `[N]`

        Of the steps taken at forks beneath, each deviates from the fork's mean, as often as it has leaves.
        """
        ends = self.topology.skeleton
        above = np.maximum(ends.parent, 0)
        own = self.at_ends - self.at_ends[above]
        theirs = own if other is self else other.at_ends - other.at_ends[above]
        count = self.count[ends.row]
        each = np.where((ends.parent >= 0) & (count > 0), count * own * theirs, 0.0)
        total: FloatArray = np.take(ends.below(each), ends.end)
        return total


def back_up(forests: Forests, values: FloatArray, mask: BoolArray | None = None) -> Backup:
    """Leaf-weighted backup of `values [N]` over the leaves in `mask` (default: all that have a value)."""
    topology = forests.topology
    mask = ~np.isnan(values) if mask is None else mask
    scored = np.array_equal(mask, forests.scored)
    count = forests.n_scored if scored else topology.leaf_count(mask)
    leaves = forests.shape(scored_leaves) if scored else masked_leaves(forests, mask)
    ends = topology.skeleton
    own = np.where(mask[ends.row], values[ends.row], 0.0)
    n = count[ends.row]
    mean = np.full(len(own), np.nan)
    np.divide(own + ends.below(own), n, out=mean, where=n > 0)
    equal = agreeing(leaves, values)
    mean[equal.end] = equal.value
    return Backup(topology, count, mean)


class Agreeing(NamedTuple):
    """Ends of the skeleton whose counted leaves all have one number, `end [A]`, and that number, `value [A]`."""

    end: IntArray
    value: FloatArray


def agreeing(leaves: MaskedLeaves, values: FloatArray) -> Agreeing:
    """Where the counted leaves beneath are equal, compared exactly."""
    # Leaves beneath a node are a run in this order, and they agree where no value changes within the run.
    own = values[leaves.order]
    changes = np.concatenate([[0], np.cumsum(np.diff(own) != 0)])
    last = max(len(own) - 1, 0)
    low, high = np.minimum(leaves.low, last), np.clip(leaves.high - 1, 0, last)
    end = np.flatnonzero((leaves.high > leaves.low) & (changes[low] == changes[high]))
    return Agreeing(end, own[leaves.low[end]])


def at_parent(forests: Forests, values: FloatArray, *, prompt: float = np.nan) -> FloatArray:
    """`values` of the node before each step, `prompt` at roots. `[N]`"""
    return np.where(forests.parent >= 0, values[np.maximum(forests.parent, 0)], prompt)


def leaf_standard_error(forests: Forests, values: FloatArray, *, backup: Backup | None = None) -> FloatArray:
    """Standard error of the mean of a leaf column under each node, NaN for fewer than two leaves. `[N]`

    The sample standard deviation of the leaves beneath over the square root of their number; leaves that share
    a prefix are taken as independent given that prefix, and group statistics as fixed.

    Args:
        backup: `back_up(forests, values)`, where that is known already.
    """
    backup = back_up(forests, values) if backup is None else backup
    n = np.where(backup.count > 1, backup.count, np.nan)
    error: FloatArray = np.sqrt(backup.squares / (n * (n - 1)))
    return error


EQUAL_STD = 1e-4
"""What `whiten` divides equal numbers by."""


class Whitened(NamedTuple):
    """`value [K]`, and the mean and standard deviation over tokens that made it; all NaN below two tokens."""

    value: FloatArray
    mean: float
    std: float


def whiten(values: FloatArray, *, tokens: FloatArray) -> Whitened:
    """Masked whitening over the tokens of a batch, where number `k` stands on `tokens[k]` tokens.

    Source: verl `torch_functional.py` `masked_whiten`, with its two 1e-8. Equal numbers are no signal and come out as
    exactly 0, where the code leaves 1e-4 of them over the number of tokens. It raises on a single token; here
    everything is NaN then.
    """
    total = float(tokens.sum())
    if total < 2:
        return Whitened(np.full(len(values), np.nan), mean=np.nan, std=np.nan)
    standing = values[tokens > 0]
    if np.ptp(standing) == 0:
        mean, std = float(standing[0]), EQUAL_STD
        return Whitened((values - mean) / std, mean, std)
    mean = float((values * tokens).sum()) / (total + 1e-8)
    variance = float(((values - mean) ** 2 * tokens).sum()) / (total + 1e-8) * total / (total - 1)
    std = float(np.sqrt(variance + 1e-8))
    return Whitened((values - mean) / std, mean, std)


def path_tokens(forests: Forests) -> FloatArray:
    """The model's own tokens from the root to each node, the node's included; unknown counts as none. `[N]`"""
    return forests.topology.path_sum(np.maximum(forests.n_model_tokens, 0).astype(np.float64))


def right_leaves(forests: Forests) -> BoolArray:
    """Scored leaves that earn the full reward of their forest, by the rule of `outcomes`. `[N]`"""
    top = np.fmax.reduceat(forests.reward, forests.offset[:-1])
    return is_full(forests.reward, np.fmax(top, FULL)[forests.forest_of])


class NumberedTexts(NamedTuple):
    """The `different` texts of a batch's steps, and which of them each step has, `number [N]`."""

    different: list[str]
    number: IntArray


def numbered_texts(forests: Forests) -> NumberedTexts:
    """Texts of steps repeat among siblings and prompts: what is worked out once for each serves all that share it."""
    texts = list(forests.text)
    different = list(dict.fromkeys(texts))
    place = dict(zip(different, range(len(different)), strict=True))
    return NumberedTexts(different, np.fromiter(map(place.__getitem__, texts), dtype=np.int64, count=len(texts)))
