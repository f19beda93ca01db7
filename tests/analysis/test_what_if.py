"""Before and after: which steps moved, which means they are judged by, and the flip that moves most."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest
from hypothesis import given
from hypothesis import strategies as st

import treecore as tc
from treecore.analysis.baselines import Pair, statistics
from treecore.analysis.best_flip import best_flip, spread
from treecore.analysis.what_if import WhatIf, moved, shift, steps_in_both, what_if
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.changes import from_text
from treecore.core.forest import Forest
from treecore.methods import METHODS
from treecore.methods.registry import Credit


@pytest.fixture(scope="module")
def by_hand() -> Forest:
    return tc.read(samples()["by_hand"].path)[0]


def asked(forest: Forest, changes: str, method: str = "tree_grpo") -> tuple[WhatIf, Credit, Credit]:
    found = what_if(forest, from_text(changes))
    return found, tc.credit(found.recorded, method), tc.credit(found.changed, method)


def test_numbers_of_the_drawing(by_hand: Forest) -> None:
    """One answer flipped and another pruned, worked with pencil and paper."""
    found, before, after = asked(by_hand, "flip:f3,prune:c1")
    shifts = shift(found, before, after)
    groups = moved(found, shifts)
    first = groups[0]
    assert [found.drawn.node_id[row] for row in first.rows] == ["f1", "f2", "f3"]
    assert first.was == pytest.approx(-(1 / 6) / 0.408248, abs=1e-5)
    inter, intra = (1 - 0.4) / np.std([1, 0, 0, 0, 1], ddof=1), (1 - 1 / 3) / np.std([0, 0, 1], ddof=1)
    assert first.now == pytest.approx(inter + intra, abs=1e-4)
    told = {(one.of, int(found.drawn.tree[one.row])): one for one in statistics(found, before, after)}
    assert told["tree", 0].mean == Pair(pytest.approx(1 / 3), pytest.approx(0.5))
    assert told["tree", 1].mean == Pair(0.0, pytest.approx(1 / 3))
    assert told["all", 0].deviation == Pair(pytest.approx(0.408248, abs=1e-5), pytest.approx(0.547723, abs=1e-5))
    assert len(told) == 3


def test_every_step_that_moved_is_in_one_group(by_hand: Forest) -> None:
    found, before, after = asked(by_hand, "flip:f3,prune:c1")
    shifts = shift(found, before, after)
    groups = moved(found, shifts)
    rows = sorted(row for group in groups for row in group.rows)
    assert rows == np.flatnonzero(shifts.moved & steps_in_both(found)).tolist()
    sizes = [group.size for group in groups]
    assert sizes == sorted(sizes, reverse=True)


@given(st.integers(0, 10_000))
def test_rows_of_both_forests_are_found_in_the_drawn_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    forest = random_forest(rng, 18, n_trees=2)
    row, other = (int(one) for one in rng.choice(np.flatnonzero(forest.topology.n_leaves < len(forest.leaves)), 2))
    ids = forest.node_id
    found = what_if(
        forest, from_text(f"prune:{ids[row]}" if rng.random() < 0.5 else f"copy:{ids[row]},prune:{ids[other]}")
    )
    names = list(map(str, found.drawn.node_id))
    for place, name in enumerate(names):
        if found.before[place] >= 0:
            assert str(forest.node_id[found.before[place]]) == name
        if found.after[place] >= 0:
            assert str(found.changed.node_id[found.after[place]]) == name
    assert {str(name) for name in found.changed.node_id} == {
        name for name, gone in zip(names, found.pruned, strict=True) if not gone
    }
    assert np.isnan(found.drawn.reward[found.pruned]).all()


def test_without_changes_everything_is_the_recorded_forest(by_hand: Forest) -> None:
    found, before, after = asked(by_hand, "")
    assert found.changed is found.drawn is by_hand
    assert moved(found, shift(found, before, after)) == []
    assert statistics(found, before, after) == []


@pytest.mark.parametrize("method", sorted(METHODS))
def test_any_method_that_runs_is_explained(method: str) -> None:
    forest = tc.read(samples()["surprisal"].path)[0]
    if METHODS[method].lacking(Forests(forest)):
        pytest.skip("lacks what it needs")
    leaf = str(forest.node_id[int(forest.leaves[0])])
    found, before, after = asked(forest, f"flip:{leaf}", method)
    for one in statistics(found, before, after):
        assert one.mean is not None or one.deviation is not None
        assert any(pair is not None and pair.was != pair.now for pair in (one.mean, one.deviation))


def test_values_that_steps_are_compared_with_say_why() -> None:
    """TreeRL's paper compares a step with the whole prompt and with the step before it."""
    forest = tc.read(samples()["early_fork"].path)[0]
    found, before, after = asked(forest, "flip:15", "treerl_paper")
    told = statistics(found, before, after)
    (whole,) = [one for one in told if one.of == "all"]
    assert whole.mean == Pair(pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert {one.of for one in told} >= {"all", "siblings"}


def test_the_best_flip_is_the_best(by_hand: Forest) -> None:
    offer = best_flip(Forests(by_hand), 0, "tree_grpo", {})
    assert offer is not None
    totals = {}
    for leaf in by_hand.leaves.tolist():
        name = str(by_hand.node_id[leaf])
        _, before, after = asked(by_hand, f"flip:{name}")
        totals[name] = float(np.nansum(np.abs(after.credit - before.credit)))
    assert totals[offer.node] == pytest.approx(max(totals.values()))
    assert (offer.tried, offer.of) == (6, 6)


def test_where_no_flip_moves_anything_none_is_offered() -> None:
    unscored = Forest(parent=np.array([-1, 0, 0]), text=["", "a", "b"])
    assert best_flip(Forests([unscored, tc.read(samples()["by_hand"].path)[0]]), 0, "grpo", {}) is None
    assert spread(np.arange(10), 3).tolist() == [0, 4, 9]
