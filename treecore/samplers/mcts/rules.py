"""The published rules of AlphaLLM's search: which child is followed, how many children a place may have.

`form` tells the paper's equations (`paper`) from what the released code computes (`code`). Knows numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

Form = Literal["paper", "code"]

CODE_MAX = 10
"""Largest importance-weighted width of the released code."""
PAPER_MAX_ROOT, PAPER_MAX = 60, 10
"""The paper's c_max at the root and below."""


def upper_bound(mean: float, visits: int, *, above: int, c: float, form: Form) -> float:
    """UCB of a child: `q/n + c sqrt(2 ln N / n)`; the released code has no factor 2.

    Args:
        mean: mean score that was backed up through the child.
        visits: of the child, at least 1.
        above: visits of its parent, at least 1.
        c: weight of what was rarely tried.
        form: `paper` or `code`.
    """
    factor = 2.0 if form == "paper" else 1.0
    return mean + c * math.sqrt(factor * math.log(above) / visits)


def importance(values: Sequence[float], own: float, *, form: Form) -> float:
    """How much the choice of a child matters; 0 without children.

    Args:
        values: `paper`: the critics' scores of the children; `code`: their mean backed-up scores.
        own: score of the place itself, which the code does not look at: it compares with the mean of the children.
        form: `paper` or `code`.
    """
    if not values:
        return 0.0
    centre = own if form == "paper" else sum(values) / len(values)
    return max(abs(value - centre) for value in values)


def allowed_width(
    weight: float, *, alpha: float, least: int, before: int = 0, is_root: bool = False, form: Form
) -> int:
    """How many children a place may have: `max(c_min, min(floor(alpha I) + 1, c_max))`.

    The code has no `+ 1`, one bound for all places, and never takes a width back: `before` is the width so far.

    Args:
        weight: the place's importance.
        alpha: children per unit of importance.
        least: `c_min`, or the code's initial width.
        before: width at the last visit.
        is_root: whether the paper's larger bound holds.
        form: `paper` or `code`.
    """
    scaled = math.floor(alpha * weight)
    if form == "code":
        return max(least, before, min(scaled, CODE_MAX))
    return max(least, min(scaled + 1, PAPER_MAX_ROOT if is_root else PAPER_MAX))
