"""Which steps a filter is about: against going through every step and looking."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest

from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.methods import compute
from treecore.views.step_filters import FILTERS, Asked


def below(forest: Forest, row: int) -> list[int]:
    """A step and all that is under it, one by one."""
    return [row, *(one for child in forest.topology.children(row).tolist() for one in below(forest, child))]


def slow(name: str, asked: Asked, row: int) -> bool:
    forest, credit, other = asked.forest, asked.credit, asked.other
    assert credit is not None
    assert other is not None
    under = below(forest, row)
    ends = [one for one in under if not len(forest.topology.children(one))]
    own = float(credit.credit[row])
    match name:
        case "right":
            return any(is_right(forest)[one] for one in ends)
        case "wrong":
            return any(not is_right(forest)[one] and not np.isnan(forest.reward[one]) for one in ends)
        case "failed":
            return any(forest.status[one] == Status.FAILED for one in under)
        case "forks":
            return len(forest.topology.children(row)) > 1
        case "strong":
            return own != 0 and abs(own) >= asked.least
        case _:
            return not forest.is_prompt[row] and own * float(other.credit[row]) < 0


@pytest.mark.parametrize("seed", range(8))
def test_filters_are_what_going_through_all_steps_gives(seed: int) -> None:
    forest = random_forest(np.random.default_rng(seed), 40, n_trees=2)
    asked = Asked(forest, compute(forest, "tree_grpo"), compute(forest, "sibling"), share=0.3)
    for name, find in FILTERS.items():
        assert find(asked).tolist() == [slow(name, asked, row) for row in range(len(forest))], name


def test_without_credit_no_step_is_strong_and_none_differs() -> None:
    forest = Forest(np.array([-1, 0, 0]), reward=np.array([np.nan, 1.0, 0.0]))
    asked = Asked(forest)
    assert not FILTERS["strong"](asked).any()
    assert not FILTERS["apart"](asked).any()
    assert FILTERS["right"](asked).tolist() == [True, True, False]


def test_a_step_without_any_credit_is_never_strong() -> None:
    forest = Forest(np.array([-1, 0, 0]), reward=np.array([np.nan, 1.0, 1.0]))
    assert not FILTERS["strong"](Asked(forest, compute(forest, "grpo"), share=0.0)).any()
