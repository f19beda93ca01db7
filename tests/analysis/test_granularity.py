from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.granularity import fork_contrasts, granularity
from treecore.forest import Forest
from treecore.forests import Forests


def forked(tokens: list[int] | None = None) -> Forest:
    """Root, a, then a fork into b (leaf) and c, c goes on to d (leaf)."""
    counts = {"n_model_tokens": tokens} if tokens is not None else {}
    return Forest(parent=[-1, 0, 1, 1, 3], reward=[np.nan, np.nan, 1, np.nan, 0], **counts)


def test_shares_by_tokens() -> None:
    found = granularity(Forests(forked([0, 4, 2, 1, 5])))
    assert found.unit == "tokens"
    # trajectories: a b = 6 tokens, a c d = 10; after a: 2 and 6 of a mean of 8
    assert found.governs == pytest.approx([1, 4 / 8, 0, 5 / 10, 0])
    assert np.isnan(found.step[0])
    assert found.step[1:] == pytest.approx([1, 0.5, 0.5, 0.5])


def test_shares_by_steps_when_tokens_are_unknown() -> None:
    found = granularity(Forests(forked()))
    assert found.unit == "steps"
    assert found.governs[1] == pytest.approx(1.5 / 2.5)


def test_shares_fall_along_every_path() -> None:
    rng = np.random.default_rng(3)
    parent = np.array([-1] + [int(rng.integers(0, i)) for i in range(1, 60)])
    tokens = np.where(parent < 0, 0, rng.integers(1, 9, 60))
    found = granularity(Forests(Forest(parent=parent, n_model_tokens=tokens)))
    assert found.governs[0] == 1
    assert (found.governs[Forest(parent=parent).topology.is_leaf] == 0).all()
    assert ((found.governs >= 0) & (found.governs <= 1)).all()


def test_contrast_is_the_spread_of_credit_at_a_fork() -> None:
    forests = Forests(forked([0, 4, 2, 1, 5]))
    found = fork_contrasts(forests, np.array([np.nan, 0.1, 0.7, -0.5, -0.5]))
    assert list(found.node) == [1]
    assert found.contrast == pytest.approx([1.2])
    assert found.n_leaves == pytest.approx([2])
    assert np.isnan(fork_contrasts(forests, np.array([np.nan, 0.1, 0.7, np.nan, 0])).contrast).all()
