"""How alike two methods rank the same steps: Kendall's tau-b, in time n log n. Knows no forest.

Source: M. G. Kendall (1945), The treatment of ties in ranking problems, Biometrika 33(3), 239-251; pairs are counted
as in W. R. Knight (1966), A computer method for calculating Kendall's tau with ungrouped data, JASA 61(314), 436-439.
"""

from __future__ import annotations

import math

import numpy as np

from treecore.core.topology import FloatArray, IntArray


def tau_b(x: FloatArray, y: FloatArray) -> float:
    """Agreement of two rankings, from -1 (reversed) to 1 (the same); ties of one count against it.

    Args:
        x, y: `[K]`, as many of each. Pairs of which one is NaN are left out.

    Returns:
        NaN with fewer than two pairs, and where one side is the same for all: then nothing is ranked.
    """
    known = ~(np.isnan(x) | np.isnan(y))
    first, second = ranks(x[known]), ranks(y[known])
    if len(first) < 2:
        return math.nan
    several = int(second.max()) + 1
    pairs, times = np.unique(first * several + second, return_counts=True)
    total = choose_two(np.array([len(first)]))
    tied_first, tied_second = choose_two(np.bincount(first)), choose_two(np.bincount(second))
    if total in (tied_first, tied_second):
        return math.nan
    against = inversions(pairs % several, weights=times)  # of equal first ranks none counts: their second ranks rise
    ordered = total - tied_first - tied_second + choose_two(times)
    return (ordered - 2 * against) / math.sqrt((total - tied_first) * (total - tied_second))


def ranks(values: FloatArray) -> IntArray:
    """Place of each value among the different ones, from 0. `[K]`"""
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def choose_two(counts: IntArray) -> int:
    """Pairs within groups of these sizes."""
    counts = counts.astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def inversions(values: IntArray, *, weights: IntArray) -> int:
    """Pairs of which the former is the larger, each as often as the product of the two weights.

    One stable sort a bit, from the highest: among values that agree in the bits above, a one before a zero is a pair.

    Args:
        values, weights: `[K]`, none negative.
    """
    found = 0
    for bit in range(int(values.max(initial=0)).bit_length() - 1, -1, -1):
        above = values >> (bit + 1)
        order = np.argsort(above, kind="stable")
        group, one, weight = above[order], (values[order] >> bit) & 1, weights[order]
        ones = np.cumsum(one * weight) - one * weight
        begins = np.flatnonzero(np.diff(group, prepend=-1))
        before = ones - np.repeat(ones[begins], np.diff(begins, append=len(group)))
        found += int((before * weight)[one == 0].sum())
    return found
