"""DeepSearch, ReST-MCTS* and OmegaPRM: reference vectors, and oracles on random forests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from families import batches, computed
from hypothesis import given
from hypothesis import strategies as st
from oracles import search as oracle
from oracles.nodes import StateWalk

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.states import states_of
from treecore.methods import compute
from treecore.methods.omegaprm import first_error, rollout_priority
from treecore.methods.search import SearchValues, deepsearch_backup, judge_by_ends, upper_bounds

SECTIONS = json.loads((Path(__file__).parent.parent / "data" / "public_misc.json").read_text())["sections"]


def recorded(nodes: list[dict], reward: dict[int, float], **fields: object) -> tuple[Forest, list[int]]:
    """A forest from a vector's nodes, parents first, and the row of each of them."""
    order = sorted(range(len(nodes)), key=lambda number: nodes[number]["depth"])
    row = {nodes[number]["id"]: place for place, number in enumerate(order)}
    parent = [-1 if nodes[number]["parent"] is None else row[nodes[number]["parent"]] for number in order]
    rewards = np.array([reward.get(nodes[number]["id"], np.nan) for number in order])
    return Forest(parent=np.array(parent), reward=rewards, **fields), [row[node["id"]] for node in nodes]  # type: ignore[arg-type]


@pytest.mark.parametrize("case", SECTIONS["deepsearch_backup"])
def test_deepsearch_backup_is_the_reference(case: dict) -> None:
    given_, expected = case["input"], case["expected"]
    outcomes = {backup["terminal"]: float(backup["value"] > 0) for backup in given_["backups_in_order"]}
    forest, row = recorded(given_["nodes"], outcomes)
    nodes = compute(forest, "deepsearch", gamma_min=given_["gamma_min"], exploration=expected["lambda_uct"]).nodes
    for name, column in (("value", "search_value"), ("mean_value", "mean_value"), ("uct", "uct")):
        np.testing.assert_allclose(np.nan_to_num(nodes[column][row]), expected[name], atol=1e-9)
    np.testing.assert_array_equal(nodes["n_leaves"][row], expected["visits"])


@pytest.mark.parametrize("case", SECTIONS["deepsearch_advantage"])
def test_deepsearch_advantage_is_the_reference(case: dict) -> None:
    given_ = case["input"]
    values = np.array(given_["token_values"])
    length = np.array(given_["lengths"])
    names, group = np.unique(given_["group"], return_inverse=True)
    ends = values[np.arange(len(values)), length - 1]
    norm = "std" if given_["divide_by_std"] else "none"
    judged = judge_by_ends(
        values.ravel(),
        np.repeat(group, values.shape[1]),
        ends,
        group,
        len(names),
        norm=norm,
        epsilon=given_["epsilon"],
    )
    inside = np.arange(values.shape[1]) < length[:, None]
    found = np.where(inside, judged.advantage.reshape(values.shape), 0.0)
    np.testing.assert_allclose(found, case["expected"]["token_advantages"], atol=1e-6)


@pytest.mark.parametrize("case", SECTIONS["rest_mcts_values"])
def test_rest_mcts_is_the_reference(case: dict) -> None:
    given_, expected = case["input"], case["expected"]
    forest, row = recorded(given_["nodes"], {leaf: leaf in given_["correct_leaves"] for leaf in given_["leaves"]})
    nodes = compute(forest, "rest_mcts").nodes
    np.testing.assert_allclose(nodes["quality"][row], expected["value"], atol=1e-9)
    np.testing.assert_array_equal(nodes["steps_to_right"][row], expected["min_steps_to_correct"])
    np.testing.assert_array_equal(nodes["sign"][row] > 0, np.array(expected["hard_estimate"], dtype=bool))


@pytest.mark.parametrize("case", SECTIONS["omegaprm"])
def test_omegaprm_is_the_reference(case: dict) -> None:
    given_, expected = case["input"], case["expected"]
    wrong = given_["first_incorrect_step"]
    found = first_error(lambda steps: 0.0 if steps > wrong else 1 - 0.1 * steps, given_["n_steps"])
    assert found.step == wrong
    assert [probe.n_steps for probe in found.probes] == [probe["prefix_steps"] for probe in expected["visited"]]
    np.testing.assert_allclose([probe.value for probe in found.probes], [p["mc"] for p in expected["visited"]])
    for example in expected["q_examples"]:
        priority = rollout_priority(
            np.array([example["mc"]]),
            words=np.array([float(example["words"])]),
            alpha=given_["alpha"],
            beta=given_["beta"],
            length=given_["L"],
        )
        assert priority[0] == pytest.approx(example["Q"])


@given(n=st.integers(1, 40), wrong=st.integers(0, 40))
def test_binary_search_finds_the_first_error_in_few_probes(n: int, wrong: int) -> None:
    found = first_error(lambda steps: float(steps <= wrong), n)
    assert found.step == (wrong if wrong < n else None)
    assert len(found.probes) <= n.bit_length()


@given(batch=batches(), gamma_min=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_backing_up_at_once_is_backing_up_one_after_another(batch: Forests, gamma_min: float) -> None:
    value, visits = oracle.deepsearch_backup(StateWalk(batch), gamma_min)
    found = deepsearch_backup(states_of(batch), gamma_min=gamma_min)
    np.testing.assert_allclose(found.value, value, atol=1e-9)
    np.testing.assert_array_equal(found.visits, visits)


@pytest.mark.parametrize("norm", ["none", "std"])
@given(batch=batches())
def test_deepsearch_is_its_definition(norm: str, batch: Forests) -> None:
    wanted = oracle.deepsearch(StateWalk(batch), 0.1, norm, 1e-3)["credit"]
    found = compute(batch, "deepsearch", norm=norm, epsilon=1e-3).seen.credit
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_deepsearch_last_steps_of_equal_outcomes_get_exactly_zero() -> None:
    forest = Forest(parent=np.array([-1, 0, 1, 1, 0]), reward=np.array([np.nan, np.nan, 0.2, 0.2, 0.2]))
    assert (compute(forest, "deepsearch").credit[forest.leaves] == 0).all()


def test_upper_bounds_of_what_was_never_visited_are_zero() -> None:
    search = SearchValues(np.array([1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0]))
    assert upper_bounds(search, np.array([-1, 0, 0]), exploration=2.0).tolist() == [0.0, 1.0, 0.0]


@given(batch=batches())
def test_rest_mcts_is_the_walk(batch: Forests) -> None:
    credit = compute(batch, "rest_mcts").seen
    nodes = credit.nodes
    quality, steps = oracle.rest_mcts(StateWalk(batch))
    np.testing.assert_allclose(nodes["quality"], quality, atol=1e-9)
    np.testing.assert_array_equal(nodes["steps_to_right"], steps)
    above = [np.nan if parent < 0 else quality[parent] for parent in credit.forests.parent]
    np.testing.assert_allclose(nodes["credit"], np.array(quality) - above, atol=1e-9)


@pytest.mark.parametrize("source", ["tree", "monte_carlo"])
@given(batch=batches())
def test_omegaprm_is_its_definition(source: str, batch: Forests) -> None:
    wanted = oracle.omegaprm(StateWalk(batch), source, alpha=0.5, beta=0.9, length=5.0)
    credit = computed(batch, "omegaprm", values=source, length=5.0).seen
    nodes = credit.nodes
    for name, values in wanted.items():
        np.testing.assert_allclose(nodes[name], values, atol=1e-9, err_msg=name)
    step = credit.forests.parent >= 0
    np.testing.assert_allclose(nodes["credit"][step], 2 * np.array(wanted["mc"])[step] - 1, atol=1e-9)
    hard = computed(batch, "omegaprm", values=source, label="hard").seen.credit
    known = step & ~np.isnan(nodes["mc"])
    np.testing.assert_array_equal(hard[known], np.where(nodes["mc"][known] > 0, 1.0, -1.0))
