"""How coarse or fine the signal of a fork is: the share of the trajectory that it decides. Knows no credit method."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.states import shape_of, states_of
from treecore.core.topology import FloatArray
from treecore.methods.ops.groups import at_parent, back_up
from treecore.methods.registry import Credit

LengthUnit = Literal["tokens", "steps"]
"""What lengths are counted in."""


class Granularity(NamedTuple):
    """Shares from 1 (everything is still open: strategy) to 0 (nothing is: detail). `[N]`

    Attributes:
        governs: share of the trajectories through a node that comes after it; 1 at the prompt, 0 at leaves.
        step: share decided when this step was chosen, `governs` of the state before it; NaN at the prompt.
        unit: what lengths were measured in; `steps` where token counts are not recorded.
    """

    governs: FloatArray
    step: FloatArray
    unit: LengthUnit


def granularity(forests: Forests, unit: LengthUnit = "tokens") -> Granularity:
    """Mean length after each node over mean length of the trajectories through it.

    Args:
        unit: of lengths; steps where token counts are not recorded.
    """
    seen = forests.shape(states_of)
    length, found = step_lengths(seen, unit)
    so_far = seen.topology.path_sum(length)
    whole = back_up(seen, so_far, seen.topology.is_leaf).mean
    ahead = np.divide(whole - so_far, whole, out=np.zeros(len(whole)), where=whole > 0)
    governs = np.clip(ahead, 0.0, 1.0)
    row = shape_of(seen, len(forests.parent)).row
    return Granularity(governs[row], at_parent(seen, governs)[row], found)


def step_lengths(forests: Forests, unit: LengthUnit) -> tuple[FloatArray, LengthUnit]:
    """How long each step is, 0 at a prompt, and in which unit: steps where token counts are not recorded. `[N]`"""
    in_tokens = unit == "tokens" and counts_tokens(forests)
    length = np.where(forests.is_prompt, 0, forests.n_model_tokens if in_tokens else 1).astype(np.float64)
    return length, "tokens" if in_tokens else "steps"


def counts_tokens(forests: Forests) -> bool:
    """Whether lengths are counted in tokens: the model's are recorded at every step, and some are there."""
    counts = forests.n_model_tokens[~forests.is_prompt]
    return bool((counts >= 0).all()) and bool((counts > 0).any())


class Contrasts(NamedTuple):
    """Every fork that a method sees, a prompt of several roots once. `[K]`

    Attributes:
        node: rows of the forks.
        governs: share of the trajectory that each decides.
        contrast: largest minus smallest credit among its steps, NaN with fewer than two of them credited.
        n_leaves: leaves beneath.
    """

    node: np.ndarray
    governs: FloatArray
    contrast: FloatArray
    n_leaves: FloatArray


def fork_contrasts(credit: Credit, unit: LengthUnit = "tokens") -> Contrasts:
    """What each fork decides against the difference of credit that it makes; `unit` as in `granularity`."""
    seen, shape = credit.seen, credit.shape
    topology, parent = shape.topology, seen.forests.parent
    rows = np.flatnonzero((parent >= 0) & np.isfinite(seen.credit))
    high = np.full(len(parent), -np.inf)
    low = np.full(len(parent), np.inf)
    np.maximum.at(high, parent[rows], seen.credit[rows])
    np.minimum.at(low, parent[rows], seen.credit[rows])
    count = np.bincount(parent[rows], minlength=len(parent))
    forks = np.flatnonzero(topology.is_fork & (shape.node >= 0))
    contrast = np.full(len(forks), np.nan)
    np.subtract(high[forks], low[forks], out=contrast, where=count[forks] >= 2)
    nodes = shape.node[forks]
    governs = granularity(credit.forests, unit).governs[nodes]
    return Contrasts(nodes, governs, contrast, topology.n_leaves[forks].astype(np.float64))
