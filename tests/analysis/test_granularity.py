from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.granularity import fork_contrasts, granularity
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import Credit, compute


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


def test_shares_by_steps_where_these_are_asked_for() -> None:
    found, known = granularity(Forests(forked([0, 4, 2, 1, 5])), "steps"), granularity(Forests(forked()))
    assert found.unit == "steps"
    assert found.governs.tolist() == known.governs.tolist()


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
    found = fork_contrasts(Credit(forests, {"credit": np.array([np.nan, 0.1, 0.7, -0.5, -0.5])}))
    assert list(found.node) == [1]
    assert found.contrast == pytest.approx([1.2])
    assert found.n_leaves == pytest.approx([2])
    silent = Credit(forests, {"credit": np.array([np.nan, 0.1, 0.7, np.nan, 0])})
    assert np.isnan(fork_contrasts(silent).contrast).all()


def test_the_prompt_is_a_fork_to_methods_over_states_only() -> None:
    two = Forest(parent=[-1, 0, -1, 2], reward=[np.nan, 1, np.nan, 0], n_model_tokens=[0, 4, 0, 2])
    found = fork_contrasts(compute(two, "sibling"))
    assert list(found.node) == [0]
    assert (found.governs[0], found.contrast[0], found.n_leaves[0]) == (1.0, 1.0, 2.0)
    assert len(fork_contrasts(compute(two, "tree_grpo")).node) == 0


def test_shares_do_not_depend_on_how_the_prompt_is_written() -> None:
    counts = [0, 4, 2, 6, 1]
    one = Forest(parent=[-1, 0, 1, 0, 3], n_model_tokens=counts)
    each = Forest(parent=[-1, 0, 1, -1, 3, 4], n_model_tokens=[*counts[:3], 0, *counts[3:]])
    bare = Forest(parent=[-1, 0, -1, 2], n_model_tokens=counts[1:])
    for forest, rows in ((each, [1, 2, 4, 5]), (bare, [0, 1, 2, 3])):
        for found, wanted in zip(granularity(Forests(forest))[:2], granularity(Forests(one))[:2], strict=True):
            assert found[rows] == pytest.approx(wanted[1:])
