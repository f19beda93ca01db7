"""A label every k tokens, against the same counted token by token."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest

from treecore.analysis.label_route import route
from treecore.core.forest import Forest
from treecore.methods import Credit, compute

NAN = float("nan")


def slow(credit: Credit, every: int) -> tuple[int, float, int]:
    """Labels, share lost and forks merged, by walking every trajectory token by token."""
    seen, topology = credit.seen.forests, credit.shape.topology
    size = np.where(seen.is_prompt, 0, seen.n_model_tokens)
    value = np.nan_to_num(credit.seen.credit)
    labels: dict[tuple[tuple[int, int], int], list[float]] = {}
    end = np.zeros(topology.n)
    for leaf in np.flatnonzero(topology.is_leaf):
        tokens = [(int(row), k) for row in topology.path(leaf) for k in range(size[row])]
        place = 0
        for row in topology.path(leaf):
            place += size[row]
            end[row] = place
        for first in range(0, len(tokens), every):
            part = tokens[first : first + every]
            labels[part[-1], first] = [value[row] for row, _ in part]
    every_value = np.concatenate([np.empty(0), *map(np.asarray, labels.values())])
    around = ((every_value - every_value.mean()) ** 2).sum() if len(every_value) else 0.0
    within = sum(((np.asarray(own) - np.mean(own)) ** 2).sum() for own in labels.values())
    merged = set[int]()
    for fork in np.flatnonzero(topology.is_fork):
        path = [row for row in topology.path(fork)[:-1] if topology.is_fork[row]]
        if path and end[path[-1]] // every == end[fork] // every:
            merged |= {int(fork), int(path[-1])}
    return len(labels), within / around if around > 1e-9 else NAN, len(merged)


def test_labels_of_steps_are_those_of_a_forest_without_token_counts() -> None:
    forest = random_forest(np.random.default_rng(1), 40)
    counted = forest.with_columns(n_model_tokens=np.where(forest.parent < 0, 0, 3))
    bare = forest.with_columns(n_model_tokens=np.full(len(forest), -1))
    asked, found = route(compute(counted, "sibling"), "steps"), route(compute(bare, "sibling"))
    assert found.unit == "steps"
    assert asked == found
    assert route(compute(counted, "sibling")).unit == "tokens"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", ["spo_tree", "grpo", "treerl"])
def test_agrees_with_counting_tokens(seed: int, method: str) -> None:
    forest = random_forest(np.random.default_rng(seed), 40, n_trees=1 + seed % 3)
    forest = forest.with_columns(n_model_tokens=np.where(forest.parent < 0, 0, 1 + forest.n_model_tokens))
    credit = compute(forest, method)
    for found in route(credit).spacings:
        labels, lost, merged = slow(credit, found.every)
        assert (found.labels, found.merged) == (labels, merged), found.every
        assert found.lost == pytest.approx(lost, abs=1e-9, nan_ok=True), found.every


def test_a_label_a_token_loses_nothing_and_wide_ones_more() -> None:
    forest = random_forest(np.random.default_rng(1), 60)
    forest = forest.with_columns(n_model_tokens=np.where(forest.parent < 0, 0, 1 + forest.n_model_tokens))
    found = route(compute(forest, "spo_tree"))
    assert found.spacings[0].lost == 0
    assert found.spacings[0].labels == int(forest.n_model_tokens.sum())
    assert found.spacings[-1].lost > 0
    assert found.spacings[-1].labels == len(forest.leaves)


def test_labels_at_forks_lose_nothing_where_credit_is_at_forks_alone() -> None:
    forest = Forest(parent=[-1, 0, 0, 1], reward=[NAN, NAN, 0, 1], n_model_tokens=[0, 2, 3, 2])
    found = route(compute(forest, "spo_tree"))
    assert (found.forks, found.children, found.lost_at_forks) == (1, 2, 0)


def test_steps_are_counted_where_tokens_are_not() -> None:
    found = route(compute(Forest(parent=[-1, 0, 0, 1], reward=[NAN, NAN, 0, 1]), "grpo"))
    assert found.unit == "steps"
    assert found.spacings[0].labels == 3


def test_chains_have_labels_but_no_forks() -> None:
    forest = Forest(parent=[-1, 0, -1, 2], reward=[NAN, 1, NAN, 0], text=["", "a", "", "b"])
    found = route(compute(forest, "grpo"))
    assert (found.forks, found.children) == (0, 0)
    assert found.spacings
