"""Token columns of a whole batch, in the order of each forest's token table."""

from __future__ import annotations

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.ops.groups import group_mean
from treecore.protocols import Part


def model_tokens(forests: Forests) -> BoolArray:
    """Tokens that the model wrote itself; where the part is not recorded they count as its own. `[T]`"""
    own: BoolArray = forests.token_column("part") != Part.OBSERVATION
    return own


def step_count(chosen: BoolArray, start: IntArray) -> IntArray:
    """How many of each step's tokens are `chosen [T]`. `[N]`"""
    running = np.zeros(len(chosen) + 1, dtype=np.int32)
    np.cumsum(chosen, dtype=np.int32, out=running[1:])
    return np.diff(running[start]).astype(np.int64)


def step_mean(values: FloatArray, node: IntArray, n: int) -> FloatArray:
    """Mean of a token column over each step, NaN tokens left out, NaN where none is left. `[N]`"""
    gaps = np.isnan(values)
    if bool(gaps.any()):
        values, node = values[~gaps], node[~gaps]
    return group_mean(values, node, n)
