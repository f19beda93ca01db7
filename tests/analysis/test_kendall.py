"""Kendall's tau-b against its definition over all pairs."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from treecore.analysis.kendall import tau_b

NAN = float("nan")


def by_pairs(x: np.ndarray, y: np.ndarray) -> float:
    """The definition: pairs in one order less pairs in opposite order, over the root of the pairs that each ranks."""
    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in combinations(range(len(x)), 2)]
    ranked = math.sqrt(sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs))
    return float(sum(a * b for a, b in signs)) / ranked if ranked else NAN


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        n, values = int(rng.integers(2, 40)), int(rng.integers(1, 20))
        x, y = rng.integers(0, values, n).astype(float), rng.normal(size=n).round(int(rng.integers(0, 3)))
        assert tau_b(x, y) == pytest.approx(by_pairs(x, y), nan_ok=True)


def test_same_reversed_and_unknown() -> None:
    rising = np.arange(6.0)
    assert tau_b(rising, 3 * rising) == 1
    assert tau_b(rising, -rising) == -1
    assert math.isnan(tau_b(rising, np.ones(6)))
    assert math.isnan(tau_b(rising[:1], rising[:1]))
    assert tau_b(np.array([1, 2, NAN, 3]), np.array([1, 2, 9, 3])) == 1
    assert math.isnan(tau_b(np.array([]), np.array([])))
