"""Laws of changed forests: what cancels, what commutes, what stays, and what is marked."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest
from hypothesis import given
from hypothesis import strategies as st

import treecore as tc
from treecore.bundled import samples
from treecore.core.changes import Change, Copy, Flip, Prune, SetReward
from treecore.core.edit import changes_of
from treecore.core.forest import Forest
from treecore.core.topology import Topology
from treecore.errors import ForestError

SEEDS = st.integers(0, 10_000)
REWARDS = (0.0, 0.1, 0.3, 1.0)


@pytest.fixture(scope="module")
def by_hand() -> Forest:
    return tc.read(samples()["by_hand"].path)[0]


def made(seed: int) -> tuple[np.random.Generator, Forest]:
    rng = np.random.default_rng(seed)
    forest = random_forest(rng, 16, n_trees=2, rewards=REWARDS, tokens=bool(seed % 2))
    return rng, forest.with_columns(claimed={"grpo": np.zeros(16)}, columns={"mc_value": np.arange(16.0)})


def bare(forest: Forest) -> str:
    """A digest that claims do not change."""
    return forest.with_columns(claimed={}).digest


def drawn(rng: np.random.Generator, forest: Forest) -> Change:
    """A change of outcomes, or a branch that is pruned while others stay."""
    leaf = str(forest.node_id[int(rng.choice(forest.leaves))])
    kinds = [Flip(leaf), SetReward(leaf, float(rng.choice(REWARDS))), SetReward(leaf, None)]
    return kinds[int(rng.integers(3))]


@given(SEEDS)
def test_a_flip_taken_twice_is_nothing(seed: int) -> None:
    rng, forest = made(seed)
    leaf = str(forest.node_id[int(rng.choice(forest.leaves))])
    assert tc.edit(forest, [Flip(leaf), Flip(leaf)]) is forest
    once = tc.edit(forest, [Flip(leaf)])
    assert once is forest or once.digest != forest.digest
    assert bare(tc.edit(once, [Flip(leaf)]).with_columns(reward=forest.reward)) == bare(forest)


@given(SEEDS)
def test_a_pruned_copy_leaves_what_was(seed: int) -> None:
    rng, forest = made(seed)
    node = str(forest.node_id[int(rng.integers(len(forest)))])
    copied = tc.edit(forest, [Copy(node)])
    size = int(forest.topology.size[forest.row(node)])
    assert len(copied) == len(forest) + size
    again = tc.edit(copied, [Prune(f"{node}~2")])
    assert bare(again) == bare(forest)
    assert tc.edit(forest, [Copy(node), Prune(f"{node}~2")]) is forest


@given(SEEDS)
def test_the_twin_may_be_pruned_instead(seed: int) -> None:
    rng, forest = made(seed)
    node = str(forest.node_id[int(rng.integers(len(forest)))])
    kept = tc.edit(forest, copy=[node], prune=[node])
    assert sorted(kept.text) == sorted(forest.text)
    assert np.sort(kept.reward).tolist() == pytest.approx(np.sort(forest.reward).tolist(), nan_ok=True)
    assert sorted(kept.topology.depth.tolist()) == sorted(forest.topology.depth.tolist())


@given(SEEDS)
def test_changes_of_different_leaves_come_in_any_order(seed: int) -> None:
    rng, forest = made(seed)
    first, second = drawn(rng, forest), drawn(rng, forest)
    if first.node == second.node:
        return
    try:
        one = tc.edit(forest, [first, second])
    except ForestError:  # a flip of what has no outcome
        return
    other = tc.edit(forest, [second, first])
    assert one.digest == other.digest


@given(SEEDS)
def test_pruning_and_outcomes_come_in_any_order(seed: int) -> None:
    rng, forest = made(seed)
    row = int(rng.choice(np.flatnonzero(forest.topology.n_leaves < len(forest.leaves))))
    branch, change = Prune(str(forest.node_id[row])), Flip(str(forest.node_id[int(rng.choice(forest.leaves))]))
    assert tc.edit(forest, [branch, change]).digest == tc.edit(forest, [change, branch]).digest


@given(SEEDS)
def test_what_is_pruned_is_its_trajectories_and_nothing_else(seed: int) -> None:
    rng, forest = made(seed)
    row = int(rng.integers(len(forest)))
    gone = {str(forest.node_id[leaf]) for leaf in forest.topology.leaves_under(row).tolist()}
    ends = {str(forest.node_id[leaf]) for leaf in forest.leaves.tolist()}
    if gone == ends:
        with pytest.raises(ForestError, match="nothing would be left"):
            tc.edit(forest, prune=[forest.node_id[row]])
        return
    left = tc.edit(forest, prune=[forest.node_id[row]])
    assert {str(left.node_id[leaf]) for leaf in left.leaves.tolist()} == ends - gone
    for place, name in enumerate(left.node_id):
        old = forest.row(name)
        above = left.parent[place]
        assert (above < 0) == (forest.parent[old] < 0)
        assert above < 0 or left.node_id[above] == forest.node_id[forest.parent[old]]
        assert left.text[place] == forest.text[old]
        assert left.columns["mc_value"][place] == forest.columns["mc_value"][old]
        assert left.n_model_tokens[place] == forest.n_model_tokens[old]


@given(SEEDS)
def test_one_call_is_several(seed: int) -> None:
    rng, forest = made(seed)
    node = str(forest.node_id[int(rng.integers(1, len(forest)))])
    change = SetReward(str(forest.node_id[int(rng.choice(forest.leaves))]), 0.5)
    at_once = tc.edit(forest, [Copy(node), change])
    one_by_one = tc.edit(tc.edit(forest, [Copy(node)]), [change])
    assert at_once.digest == one_by_one.digest
    assert at_once.provenance["edited"] == one_by_one.provenance["edited"]


def test_a_copy_says_what_it_copies(by_hand: Forest) -> None:
    copied = tc.edit(by_hand, "copy:a3,copy:a3,flip:a4~2,copy:a4~2")
    assert copied.node_id[15:] == ("a3~2", "a4~2", "b1~2", "a3~3", "a4~3", "b1~3", "a4~2~2")
    assert copied.text[copied.row("b1~2")] == by_hand.text[by_hand.row("b1")]
    assert [copied.reward[copied.row(name)] for name in ("a4", "a4~2", "a4~3", "a4~2~2")] == [1, 0, 1, 0]
    assert (copied.born[15:] == -1).all()


def test_what_holds_no_longer_is_not_kept(by_hand: Forest) -> None:
    n = len(by_hand)
    values = np.arange(float(n))
    forest = by_hand.with_columns(claimed={"grpo": values}, columns={"mc_value": values, "mcts_visits": values})
    changed = tc.edit(forest, flip=["a4"])
    assert changed.claimed == {}
    np.testing.assert_array_equal(changed.columns["mc_value"], values)
    above = set(forest.topology.path(forest.row("a4")).tolist())
    assert [row in above for row in range(n)] == np.isnan(changed.columns["mcts_visits"]).tolist()


def test_a_changed_forest_says_so(by_hand: Forest, tmp_path) -> None:
    changed = tc.edit(by_hand, rewards={"f3": 0.5}, prune=["c1"])
    assert changed.provenance["edited"] == {"changes": "reward:f3=0.5,prune:c1", "of": by_hand.digest}
    tc.write([changed], tmp_path / "x.forest.jsonl")
    assert changes_of(tc.read(tmp_path / "x.forest.jsonl")[0]) == "reward:f3=0.5,prune:c1"
    assert changes_of(by_hand) == ""
    assert changes_of(by_hand.with_columns(provenance={"edited": ["x"]})) == ""


def test_credit_of_a_changed_forest_is_that_of_one_written_so(by_hand: Forest) -> None:
    changed = tc.edit(by_hand, "flip:f3,prune:d1")
    keep = [row for row in range(len(by_hand)) if by_hand.node_id[row] != "d1"]
    parent = [-1 if by_hand.parent[row] < 0 else keep.index(int(by_hand.parent[row])) for row in keep]
    reward = [1.0 if by_hand.node_id[row] == "f3" else by_hand.reward[row] for row in keep]
    written = Forest(
        parent=np.array(parent), text=[by_hand.text[row] for row in keep], reward=np.array(reward), prompt="x"
    )
    np.testing.assert_allclose(tc.credit(changed, "tree_grpo").credit, tc.credit(written, "tree_grpo").credit)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ("flip:nobody", "no node 'nobody'"),
        ("flip:a3", "has children"),
        ("reward:a3=1", "has children"),
        ("reward:a4=none,flip:a4", "no outcome to flip"),
        ("prune:r1,prune:r2", "nothing would be left"),
        ("prune:b1,copy:b1", "was pruned"),
    ],
)
def test_what_cannot_be_changed_is_said(by_hand: Forest, changes: str, found: str) -> None:
    with pytest.raises(ForestError, match=found):
        tc.edit(by_hand, changes)


def test_the_scale_of_outcomes_is_mirrored() -> None:
    forest = Forest(parent=np.array([-1, 0, 0, 0]), reward=np.array([np.nan, -1.0, 1.0, 0.5]))
    assert tc.edit(forest, flip=[1, 2, 3]).reward[1:].tolist() == [1.0, -1.0, -0.5]


def test_rows_below_are_in_preorder() -> None:
    topology = Topology(np.array([-1, 0, 0, 1, 1, 3]))
    assert topology.subtree(1).tolist() == [1, 3, 5, 4]
