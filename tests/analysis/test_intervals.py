"""Wilson's interval against published numbers, its symmetry, and what it says about no data."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.intervals import wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_examples_of_newcombe(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    found = wilson(hits / n, count=n)
    assert (float(found.low), float(found.high)) == pytest.approx((low, high), abs=5e-5)


def test_ends_are_exact_where_nothing_or_everything_succeeds() -> None:
    found = wilson([0.0, 1.0], count=[8, 8])
    assert found.low[0] == 0.0
    assert found.high[1] == 1.0
    assert found.high[0] == pytest.approx(1 - found.low[1])


def test_more_data_and_less_confidence_narrow_it() -> None:
    few, many = wilson(0.3, count=10), wilson(0.3, count=1000)
    assert few.low < many.low < 0.3 < many.high < few.high
    assert wilson(0.3, count=10, level=0.5).low > few.low


def test_nothing_is_known_about_nothing() -> None:
    found = wilson([np.nan, 0.5, 0.5, -0.2, 1.5], count=[4, 0, np.nan, 4, 4])
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()
