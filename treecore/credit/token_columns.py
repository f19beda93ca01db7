"""Token columns of a whole batch, laid out like each forest's token table. Knows no method."""

from __future__ import annotations

import numpy as np

from treecore.forests import Forests
from treecore.protocols import Part
from treecore.topology import BoolArray, FloatArray, IntArray


def token_start(forests: Forests) -> IntArray:
    """Tokens of node `i` are rows `start[i]:start[i + 1]`; a forest without a table has none. `[N+1]`"""
    counts = [
        np.zeros(len(forest), dtype=np.int64) if forest.tokens is None else np.diff(forest.tokens.start)
        for forest in forests
    ]
    return np.concatenate([[0], np.cumsum(np.concatenate(counts))])


def token_node(start: IntArray) -> IntArray:
    """Node that each token belongs to. `[T]`"""
    return np.repeat(np.arange(len(start) - 1), np.diff(start))


def token_column(forests: Forests, name: str) -> FloatArray:
    """A numeric token column over the batch, NaN where it is null or absent. `[T]`"""
    parts = []
    for forest in forests:
        if forest.tokens is None:
            continue
        values = getattr(forest.tokens, name)
        if values is None:
            parts.append(np.full(forest.tokens.total, np.nan))
        elif values.dtype == np.float64:
            parts.append(values)
        else:
            parts.append(np.where(values < 0, np.nan, values))
    return np.concatenate([np.empty(0), *parts])


def model_tokens(forests: Forests) -> BoolArray:
    """Tokens that the model wrote itself; where the part is not recorded they count as its own. `[T]`"""
    own: BoolArray = token_column(forests, "part") != Part.OBSERVATION
    return own


def step_mean(values: FloatArray, node: IntArray, n: int) -> FloatArray:
    """Mean of a token column over each step, NaN tokens left out, NaN where none is left. `[N]`"""
    known = ~np.isnan(values)
    count = np.bincount(node[known], minlength=n)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, np.bincount(node[known], weights=values[known], minlength=n) / count, np.nan)
