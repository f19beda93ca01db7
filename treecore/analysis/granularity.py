"""How coarse or fine the signal of a fork is: the share of the trajectory that it decides. Knows no credit method."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from treecore.credit.values import back_up
from treecore.forests import Forests
from treecore.topology import FloatArray


class Granularity(NamedTuple):
    """Shares from 1 (everything is still open: strategy) to 0 (nothing is: detail). `[N]`

    Attributes:
        governs: share of the trajectories through a node that comes after it; 1 at roots, 0 at leaves.
        step: share decided when this step was chosen, `governs` of its parent; NaN at roots.
        unit: what lengths were measured in; `steps` where token counts are not recorded.
    """

    governs: FloatArray
    step: FloatArray
    unit: Literal["tokens", "steps"]


def granularity(forests: Forests) -> Granularity:
    """Mean length after each node over mean length of the trajectories through it."""
    inner = forests.parent >= 0
    counted = bool((forests.n_model_tokens[inner] >= 0).all()) and bool((forests.n_model_tokens[inner] > 0).any())
    length = np.where(inner, forests.n_model_tokens if counted else 1, 0).astype(np.float64)
    so_far = forests.topology.path_sum(length)
    whole = back_up(forests, so_far, forests.topology.is_leaf).mean
    with np.errstate(divide="ignore", invalid="ignore"):
        governs = np.where(whole > 0, np.clip((whole - so_far) / whole, 0.0, 1.0), 0.0)
    step = np.where(inner, governs[np.where(inner, forests.parent, 0)], np.nan)
    return Granularity(governs, step, "tokens" if counted else "steps")


class Contrasts(NamedTuple):
    """Every fork of a batch. `[K]`

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


def fork_contrasts(forests: Forests, credit: FloatArray) -> Contrasts:
    """What each fork decides against the difference of credit that it makes."""
    topology, parent = forests.topology, forests.parent
    rows = np.flatnonzero((parent >= 0) & np.isfinite(credit))
    high = np.full(len(parent), -np.inf)
    low = np.full(len(parent), np.inf)
    np.maximum.at(high, parent[rows], credit[rows])
    np.minimum.at(low, parent[rows], credit[rows])
    count = np.bincount(parent[rows], minlength=len(parent))
    forks = np.flatnonzero(topology.is_fork)
    with np.errstate(invalid="ignore"):
        contrast = np.where(count[forks] >= 2, high[forks] - low[forks], np.nan)
    return Contrasts(forks, granularity(forests).governs[forks], contrast, topology.n_leaves[forks].astype(float))
