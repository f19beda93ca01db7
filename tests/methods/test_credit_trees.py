"""TreeRL, SPO-tree, TreePO, GiGPO, tree-diff: oracles on random batches, recorded rows, laws, edge cases."""

from __future__ import annotations

import math
from statistics import stdev

import numpy as np
import pytest
from families import batches
from forests import random_forest
from golden import BATCHES, CASES, RECORDED
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import trees as oracle
from oracles.nodes import StateWalk, Walk, mean

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.topology import Topology
from treecore.errors import MethodError
from treecore.methods import METHODS, compute
from treecore.methods.explain import explain
from treecore.methods.ops.paths import trajectory_rows, weighted_back_up

NAN = math.nan
MODES = ("advantage_only", "state_value", "value_only", "mix_allancestor")
ESTIMATORS = next(param for param in METHODS["treepo"].params if param.name == "estimator").choices
WITH_ORACLE = sorted(RECORDED - {"tree_grpo", "grpo", "sibling"})
"""Methods that have an oracle here; the others are compared in tests of their own."""


def assert_close(found: np.ndarray, wanted: list[float]) -> None:
    np.testing.assert_allclose(found, wanted, atol=1e-8)


@given(batch=batches(), margin=st.sampled_from([0.0, 0.1, 1.0]))
def test_tree_diff_and_the_paper_formula(batch: Forests, margin: float) -> None:
    assert_close(compute(batch, "tree_diff", margin=margin).credit, oracle.tree_diff(Walk(batch), margin))
    assert_close(
        compute(batch, "treerl_paper").credit,
        StateWalk(batch).told({"credit": oracle.treerl_paper(StateWalk(batch))})["credit"],
    )


@pytest.mark.parametrize("norm", ["none", "step", "token"])
@given(batch=batches(), data=st.data())
@settings(max_examples=40)
def test_treerl_is_the_walk_from_root_to_leaf(norm: str, batch: Forests, data: st.DataObject) -> None:
    mode = data.draw(st.sampled_from(MODES))
    weight = data.draw(st.sampled_from(["none", "sqrt", "uniform"]))
    rows = np.flatnonzero(batch.scored).tolist()
    chosen = set(data.draw(st.lists(st.sampled_from(rows)))) or set(rows)
    renamed = Forests(
        [
            forest.with_columns(node_id=tuple(range(low, low + len(forest))))
            for forest, low in zip(batch, batch.offset.tolist(), strict=False)
        ]
    )
    credit = compute(renamed, "treerl", mode=mode, weight=weight, norm=norm, selected=",".join(map(str, chosen)))
    wanted, states, seen = [], [], StateWalk(batch)
    steps = seen.by_forest
    for number in range(len(batch)):
        own = {seen.place[row] for row in chosen if batch.forest_of[row] == number}
        walk = oracle.TreeRL(steps[number], weight=weight, norm=norm, selected=own)
        wanted += [walk.credit(node, mode) for node in walk.nodes]
        states += [walk.state(node) for node in walk.nodes]
    assert_close(credit.seen.credit, wanted)
    assert_close(credit.seen.nodes["state_value"], states)


def test_treerl_of_a_single_rollout_assigns_nothing_and_harms_no_other_prompt() -> None:
    pair = Forest(parent=[-1, 0, 0], reward=[NAN, 1, 0])
    credit = compute([Forest(parent=[-1, 0], reward=[NAN, 1]), pair], "treerl")
    assert np.isnan(credit.of(0).credit).all()
    assert credit.of(1).credit[1] == pytest.approx(2.0)
    assert compute(Forest(parent=[-1, 0], reward=[NAN, 1]), "treerl_paper").credit[1] == 0


def test_treerl_selection_must_name_scored_leaves() -> None:
    forest = Forest(parent=[-1, 0, 1, 1], reward=[NAN, NAN, 1, NAN])
    for name in ("1", "3", "nowhere"):
        with pytest.raises(MethodError, match="no leaf with a reward"):
            compute(forest, "treerl", selected=f"2, {name}")


@pytest.mark.parametrize("normalize", ["none", "std"])
@given(batch=batches())
def test_spo_tree_is_the_mean_of_children(normalize: str, batch: Forests) -> None:
    credit = compute(batch, "spo_tree", normalize=normalize)
    atol = 1e-6 if normalize == "std" else 1e-9
    states = StateWalk(batch)
    np.testing.assert_allclose(credit.seen.credit, oracle.spo_tree(states, normalize), atol=atol)
    assert_close(credit.seen.nodes["value"], [oracle.child_mean(node) for node in states.nodes])


def test_spo_tree_telescopes_to_the_reward() -> None:
    forest = random_forest(np.random.default_rng(4), 60, n_trees=2)
    credit = compute(forest, "spo_tree")
    along = forest.topology.path_sum(np.nan_to_num(credit.credit))
    wanted = forest.reward - credit.seen.nodes["value"][0]
    assert_close(along[forest.leaves], wanted[forest.leaves])


def test_spo_tree_is_exact_where_a_long_caterpillar_has_tiny_weights() -> None:
    n = 400
    parent = np.concatenate([[-1], np.repeat(np.arange(0, n - 2, 2), 2)])[:n]
    reward = np.where(Topology(parent).is_leaf, 0.0, NAN)
    reward[np.flatnonzero(~np.isnan(reward))[-1]] = 1.0
    value = compute(Forest(parent=parent, reward=reward), "spo_tree").nodes["value"]
    spine = np.arange(0, n - 2, 2)
    assert value[0] > 0
    assert value[spine][:-1] / value[spine][1:] == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(batch=batches())
@settings(max_examples=40)
def test_treepo_averages_the_groups_of_a_path(estimator: str, whiten: bool, batch: Forests) -> None:
    found = compute(batch, "treepo", estimator=estimator, whiten=whiten).seen.leaves["advantage"]
    wanted = oracle.treepo(StateWalk(batch), estimator, whiten)
    np.testing.assert_allclose(found[sorted(wanted)], [wanted[row] for row in sorted(wanted)], atol=1e-7)


@pytest.mark.parametrize("mode", ["mean_norm", "mean_std_norm"])
@pytest.mark.parametrize("gamma", [1.0, 0.95, 0.0])
@given(batch=batches())
@settings(max_examples=30)
def test_gigpo_on_every_row_and_step(gamma: float, mode: str, batch: Forests) -> None:
    credit = compute(batch, "gigpo", gamma=gamma, mode=mode)
    states = StateWalk(batch)
    row_of = {state: row for row, state in states.place.items()}
    found = oracle.gigpo(states, gamma, mode)
    wanted = {(row_of[leaf], row_of[node]): pair for (leaf, node), pair in found.items()}
    rows = credit.rows
    assert rows is not None
    keys = list(zip(rows.leaf.tolist(), rows.node.tolist(), strict=True))
    assert keys == sorted(keys, key=lambda key: (key[0], batch.topology.depth[key[1]]))
    assert set(keys) == set(wanted)
    assert_close(rows.columns["episode_advantage"], [wanted[key][0] for key in keys])
    assert_close(rows.columns["step_advantage"], [wanted[key][1] for key in keys])
    for row in range(len(batch.parent)):
        here = [value for key, value in wanted.items() if key[1] == row]
        for column, place in (("episode_advantage", 0), ("step_advantage", 1)):
            value = mean([pair[place] for pair in here])
            assert credit.nodes[column][row] == pytest.approx(value, abs=1e-8, nan_ok=True)
        both = [sum(pair) for pair in here]
        assert credit.credit[row] == pytest.approx(mean(both), abs=1e-8, nan_ok=True)
        error = stdev(both) / math.sqrt(len(both)) if len(both) > 1 else NAN
        assert credit.nodes["stderr"][row] == pytest.approx(error, abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_gigpo_rows_are_those_of_the_reference(case: dict) -> None:
    batch = BATCHES[case["name"]]
    for key, wanted in case["expected"]["gigpo"]["rows"].items():
        _, gamma, mode = key.split("_", 2)
        credit = compute(batch, "gigpo", gamma=gamma, mode=mode)
        found = {}
        for number, forest in enumerate(batch):
            rows = credit.of(number).rows
            for place, (leaf, node) in enumerate(zip(rows.leaf, rows.node, strict=True)):
                name = (f"{forest.id}:{forest.node_id[leaf]}", f"{forest.id}:{forest.node_id[node]}")
                found[name] = [column[place] for column in rows.columns.values()]
        assert len(found) == len(wanted)
        for row in wanted:
            numbers = [row[name] for name in ("return", "episode_adv", "step_adv", "adv")]
            np.testing.assert_allclose(found[row["leaf"], row["node"]], numbers, atol=2e-6, rtol=1e-5)


def test_gigpo_of_one_step_in_all_keeps_the_raw_reward() -> None:
    assert compute(Forest(parent=[-1, 0], reward=[NAN, 0.7]), "gigpo").credit[1] == pytest.approx(0.7)
    assert compute(Forest(parent=[-1, 0, 1], reward=[NAN, NAN, 0.7]), "gigpo").credit[1] == pytest.approx(0.0)


@pytest.mark.parametrize("reward", [0.0, 0.1, 0.2, 1.0])
@pytest.mark.parametrize("method", ["dr_grpo", "rloo", "opo", "grpo_passk", "treerl", "treerl_paper", "spo_tree"])
def test_equal_rewards_give_exactly_zero(method: str, reward: float) -> None:
    forest = random_forest(np.random.default_rng(5), 60, n_trees=3, rewards=(reward,))
    credit = compute(forest, method).credit
    assert (credit[np.isfinite(credit)] == 0).all()
    for name, params in (("treepo", {"whiten": False}), ("gigpo", {"gamma": 1}), ("spo_tree", {"normalize": "std"})):
        credit = compute(forest, name, **params).credit
        assert (credit[np.isfinite(credit)] == 0).all()


@pytest.mark.parametrize("method", [name for name in WITH_ORACLE if name not in ("tree_diff", "reinforce_pp")])
def test_adding_a_constant_changes_nothing_and_the_sign_follows_the_rewards(method: str) -> None:
    params = {"gamma": 1} if method == "gigpo" else {}
    for seed in range(5):
        forest = random_forest(np.random.default_rng(seed), 40, n_trees=2)
        before = compute(forest, method, **params).credit
        shifted = compute(forest.with_columns(reward=forest.reward + 3.0), method, **params).credit
        np.testing.assert_allclose(shifted, before, atol=1e-7)
        if method != "grpo_passk":
            turned = compute(forest.with_columns(reward=-forest.reward), method, **params).credit
            np.testing.assert_allclose(turned, -before, atol=1e-7)


def settings_of(method: str) -> list[dict]:
    """Defaults, and every choice of every parameter once."""
    params = METHODS[method].params
    return (
        [{}]
        + [{param.name: choice} for param in params for choice in param.choices]
        + ([{"whiten": False}] if method == "treepo" else [])
    )


@pytest.mark.parametrize("method", WITH_ORACLE)
def test_every_step_can_be_explained(method: str) -> None:
    rng = np.random.default_rng(6)
    for kind in ({"n_trees": 2, "unscored": 0.4}, {"reach": 1}, {"n_trees": 14}, {"rewards": (0.1,)}):
        forest = random_forest(rng, 14, **kind)
        for params in settings_of(method) if forest.reward[~np.isnan(forest.reward)].size else []:
            credit = compute(forest, method, **params).of(0)
            for node in range(len(forest)):
                lines = explain(credit, node).lines
                assert lines[-1].column == "credit"
                assert lines[-1].result == pytest.approx(credit.credit[node], nan_ok=True)
                assert all(line.formula.startswith(f"{line.symbol} = ") for line in lines)


def test_paths_of_a_deep_chain() -> None:
    n = 5000
    topology = Topology(np.arange(n) - 1)
    only = np.zeros(n)
    only[-1] = 1.0
    assert weighted_back_up(topology, only, edge=np.full(n, 0.999))[0] == pytest.approx(0.999 ** (n - 1))
    assert trajectory_rows(topology, np.array([n - 1])).node.tolist() == list(range(1, n))
