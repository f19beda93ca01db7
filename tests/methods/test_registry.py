"""The ends of a colour scale: how many decimals its values need, and how they are written."""

from __future__ import annotations

import pytest

from treecore.methods.registry import Ends


@pytest.mark.parametrize(("limit", "decimals"), [(250.0, 2), (2.96, 2), (0.5, 2), (0.02, 3), (0.0004, 5), (1e-12, 6)])
def test_decimals_grow_as_scales_shrink(limit: float, decimals: int) -> None:
    assert Ends(-limit, limit, True).decimals == decimals
    assert Ends(7.0, 7.0 + limit, False).decimals == decimals


def test_a_scale_without_width_has_two_decimals() -> None:
    assert Ends(3.0, 3.0, False).decimals == 2


def test_only_gains_and_losses_carry_a_sign() -> None:
    assert Ends(-1.0, 1.0, True).words(0.5) == "+0.50"
    assert Ends(0.0, 1.0, False).words(0.5) == "0.50"
