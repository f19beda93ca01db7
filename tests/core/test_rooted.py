"""An empty root above every first step: the same rollouts, the same numbers, and a place where trees part."""

from __future__ import annotations

import numpy as np
import pytest
from families import KINDS, annotated, computed

from treecore.analysis.forks import forks_of
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.rooted import rooted, with_roots
from treecore.methods import METHODS, compute

NAN = np.nan
SPOKEN = Forest(
    parent=[-1, 0, 0, -1],
    node_id=["a", "a1", "a2", "prompt"],
    text=["first", "good", "bad", "guess"],
    reward=[NAN, 1, 0, 0],
    columns={"mc_value": [0.5, 1, 0, 0.25]},
    node_extra={3: {"rating": 4}},
)


def test_trees_stay_and_what_is_said_stays_with_its_step() -> None:
    found = with_roots(SPOKEN)
    assert found.parent.tolist() == [-1, 0, 1, 1, -1, 4]
    assert found.node_id == ("prompt 2", "a", "a1", "a2", "prompt 3", "prompt")
    assert found.text == ("", "first", "good", "bad", "", "guess")
    assert found.prompts.tolist() == [0, 4]
    assert found.node_extra == {5: {"rating": 4}}
    np.testing.assert_array_equal(found.columns["mc_value"], [NAN, 0.5, 1, 0, NAN, 0.25])


def test_what_has_its_roots_stays_itself() -> None:
    batch = Forests(Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[NAN, 1, 0]))
    assert rooted(batch) is batch


def test_the_prompt_becomes_a_fork_where_it_is_one() -> None:
    batch = rooted(Forests(SPOKEN))
    assert sorted(str(batch[0].node_id[row]) for row in forks_of(compute(batch, "sibling")).node) == ["a", "prompt 2"]


@pytest.mark.parametrize("method", list(METHODS))
def test_numbers_of_steps_and_tokens_are_the_same(method: str) -> None:
    forest = annotated(np.random.default_rng(5), **KINDS["bush"])
    forest = forest.with_columns(
        text=tuple(text or "so" for text in forest.text), node_id=tuple(f"s{row}" for row in range(len(forest)))
    )
    before, batch = computed(Forests(forest), method), rooted(Forests(forest))
    after = computed(batch, method)
    rows = [batch[0].row(name) for name in forest.node_id]
    for name, values in before.nodes.items():
        np.testing.assert_allclose(after.nodes[name][rows], values, atol=1e-9, err_msg=name)
    for name, values in before.leaves.items():
        np.testing.assert_allclose(after.leaves[name][rows], values, atol=1e-9, err_msg=name)
    if before.tokens is not None and after.tokens is not None:
        np.testing.assert_allclose(after.tokens.value, before.tokens.value, atol=1e-9)
