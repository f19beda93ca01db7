"""How far a share of successes may be from the truth. Knows counts only."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from treecore.core.topology import FloatArray

LEVEL = 0.95


class Interval(NamedTuple):
    """Lower and upper ends, `[N]`; NaN where nothing is known."""

    low: FloatArray
    high: FloatArray


def wilson(share: ArrayLike, *, count: ArrayLike, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a share of successes (Wilson 1927, equation 4).

    For graded outcomes in 0..1 it is too wide, never too narrow: no outcomes in 0..1 vary more around their mean than
    zeros and ones do.

    Args:
        share: `[N]` mean outcome.
        count: `[N]` how many outcomes; NaN or 0 where there is none.
        level: of confidence.

    Returns:
        Ends in 0..1; NaN where nothing was counted and where the share is outside 0..1.
    """
    p, n = np.broadcast_arrays(np.asarray(share, dtype=np.float64), np.asarray(count, dtype=np.float64))
    known = (p >= 0) & (p <= 1) & (n > 0)
    p, n = np.where(known, p, np.nan), np.where(known, n, np.nan)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    low, high = np.where(p == 0, 0.0, centre - half), np.where(p == 1, 1.0, centre + half)
    return Interval(np.where(known, low, np.nan), np.where(known, high, np.nan))
