"""How far a step's credit depends on which trajectories happened to be sampled: a bootstrap over leaves.

Works for every method by evaluating it again on resampled forests. Knows columns and shape, no method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import NODE_COLUMNS
from treecore.core.forest import Forest, TokenTable
from treecore.core.numerals import counted
from treecore.core.topology import FloatArray, IntArray
from treecore.errors import MethodError
from treecore.methods.registry import get_method

MAX_NUMBERS = 200_000_000
LEVEL = 0.9


class Interval(NamedTuple):
    """Bounds of the credit and its standard deviation over resamples. `[N]`, NaN where they say nothing."""

    lower: FloatArray
    upper: FloatArray
    std: FloatArray


def bootstrap(
    forests: Forest | Forests,
    method: str,
    *,
    n: int = 200,
    seed: int = 0,
    level: float = LEVEL,
    settings: Mapping[str, Any] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Interval:
    """Percentile bootstrap of every step's credit.

    Resampled are the scored leaves of each prompt, and where the method is over trees those of each tree, as many as
    it has, with replacement and each with equal chance. A leaf drawn k times stands k times below its parent with all
    its columns, one that was not drawn loses its reward. Then the whole method is evaluated again, so baselines and
    group statistics vary with the draw. Held fixed are the steps and forks above the leaves, the number of scored
    leaves of each prompt or tree, and annotations such as Monte Carlo values. Leaves that share a prefix are thus taken
    as independent given that prefix; what another set of forks would have shown is not in the interval, which is too
    narrow to that extent. Copies have ids of their own: a setting that names leaves names the originals.

    Args:
        n: resamples, from 2.
        seed: equal seeds give equal intervals.
        level: of the interval, between the quantiles `(1 - level) / 2` and `(1 + level) / 2`.
        settings: the method's parameters, by name.
        on_progress: called with the number of resamples done.

    Returns:
        NaN below two scored leaves, where resampling can only repeat what is there, where the method itself assigns
        no credit, and where fewer than half of the resamples gave the step a credit.

    Raises:
        MethodError: as the method itself, or wrong `n` or `level`, or more numbers than fit (`n` times nodes).
    """
    batch = forests if isinstance(forests, Forests) else Forests(forests)
    total = len(batch.parent)
    if n < 2 or not 0 < level < 1:
        raise MethodError(
            f"{counted(n, 'resample')} at level {level}", todo="give 2 resamples or more, a level between 0 and 1"
        )
    if n * total > MAX_NUMBERS:
        raise MethodError(
            f"{counted(n, 'resample')} of {counted(total, 'step')}",
            todo=f"ask for at most {MAX_NUMBERS // total:,}, or split the file",
        )
    chosen, rng = get_method(method), np.random.default_rng(seed)
    params = settings or {}
    credit = chosen.compute(batch, params).credit
    drawn = np.full((n, total), np.nan)
    for number in range(n):
        sample = resampled(batch, rng, by_tree=chosen.over == "trees")
        values = chosen.compute(sample, params).credit
        for place, forest in enumerate(batch):
            start = sample.offset[place]
            drawn[number, batch.offset[place] : batch.offset[place + 1]] = values[start : start + len(forest)]
        if on_progress is not None:
            on_progress(number + 1)
    silent = (batch.n_scored < 2) | np.isnan(credit)
    drawn[:, silent] = np.nan
    return percentiles(drawn, level)


def percentiles(drawn: FloatArray, level: float) -> Interval:
    """Quantiles and sample standard deviation of each column of `drawn [n, N]`, NaN left out."""
    n = len(drawn)
    ordered = np.sort(drawn, axis=0)
    count = n - np.isnan(ordered).sum(axis=0)
    known = (count >= 2) & (2 * count >= n)

    def quantile(share: float) -> FloatArray:
        place = np.maximum(count - 1, 0) * share
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        columns = np.arange(ordered.shape[1])
        first, second = ordered[low, columns], ordered[high, columns]
        return np.where(known, first + (second - first) * (place - low), np.nan)

    finite = ~np.isnan(ordered)
    anchor = np.where(known, ordered[0], 0.0)
    shifted = np.where(finite, ordered - anchor, 0.0)
    mean = shifted.sum(axis=0) / np.maximum(count, 1)
    squares = np.where(finite, (shifted - mean) ** 2, 0.0).sum(axis=0)
    std = np.where(known, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
    return Interval(quantile((1 - level) / 2), quantile((1 + level) / 2), std)


def resampled(batch: Forests, rng: np.random.Generator, *, by_tree: bool) -> Forests:
    """The batch with the scored leaves of each prompt, or of each tree, drawn anew.

    Rows of each forest come first, copies behind them.
    """
    leaves, of = np.flatnonzero(batch.scored), batch.tree if by_tree else batch.forest_of
    leaves = leaves[np.argsort(of[leaves], kind="stable")]
    group = of[leaves]
    size = np.bincount(group)
    first = np.cumsum(size) - size
    picked = leaves[first[group] + (rng.random(len(leaves)) * size[group]).astype(np.int64)]
    times = np.bincount(picked, minlength=len(batch.parent))
    return Forests(
        [redrawn(forest, times[batch.offset[number] : batch.offset[number + 1]]) for number, forest in enumerate(batch)]
    )


def redrawn(forest: Forest, times: IntArray) -> Forest:
    """A forest in which scored leaf `i` stands `times[i]` times; those that stand 0 times have no reward."""
    copied = np.repeat(np.arange(len(forest)), np.maximum(times - 1, 0))
    rows = np.concatenate([np.arange(len(forest)), copied])
    fields: dict[str, Any] = {}
    for column in NODE_COLUMNS:
        values = getattr(forest, column.name)
        fields[column.name] = (*values, *(values[row] for row in copied)) if column.kind == "text" else values[rows]
    fields["reward"][: len(forest)][times == 0] = np.nan
    prefix = "+" * (1 + max(len(str(name)) for name in forest.node_id))
    return replace(
        forest,
        parent=forest.parent[rows],
        node_id=(*forest.node_id, *(f"{prefix}{place}" for place in range(len(copied)))),
        tokens=None if forest.tokens is None else taken(forest.tokens, rows),
        columns={name: values[rows] for name, values in forest.columns.items()},
        claimed={},
        node_extra={},
        **fields,
    )


def taken(table: TokenTable, rows: IntArray) -> TokenTable:
    """The token table of other nodes: those of `rows`, in that order, with repetition."""
    count = np.diff(table.start)[rows]
    start = np.concatenate([[0], np.cumsum(count)])
    token = np.repeat(table.start[rows] - start[:-1], count) + np.arange(int(start[-1]))
    return table.take(token, start=start)
