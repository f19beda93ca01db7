"""Methods on shared prefixes give what the released codes gave, and the same for a flat group as for its tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.core.prefixes import merge
from treecore.methods import Credit, compute

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "reference_prefixes.json").read_text())
"""Numbers of the functions that the citations name, run in float64: token ids and rewards of flat groups, a case a
batch, and trees with rewards and log probabilities."""
GROUPS = {case["name"]: case for case in RECORDED["groups"]}
ON_PREFIXES = ("lambda_grpo", "tempo")


def answers(ids: list[list[int]], rewards: list[float], *, spelled: bool = False, named: bool = True) -> Forest:
    """A flat group: an answer a root, its tokens by id, by text or both."""
    flat = [name for answer in ids for name in answer]
    table = TokenTable(
        start=np.concatenate([[0], np.cumsum([len(answer) for answer in ids])]),
        id=flat if named else None,
        text=[f"<{name}>" for name in flat] if spelled else None,
    )
    texts = ["".join(f"<{name}>" for name in answer) for answer in ids]
    return Forest(parent=[-1] * len(ids), text=texts, reward=rewards, tokens=table)


def of_trajectories(credit: Credit) -> list[list[float]]:
    """The numbers of each token of each trajectory, root to leaf, sorted by trajectory."""
    assert credit.tokens is not None
    forest, (start, value) = credit.forests[0], credit.tokens
    found = []
    for leaf in np.flatnonzero(~np.isnan(forest.reward)):
        rows = forest.topology.path(int(leaf))
        found.append([float(number) for row in rows for number in value[start[row] : start[row + 1]]])
    return found


@pytest.mark.parametrize("name", list(GROUPS))
@pytest.mark.parametrize("method", [*ON_PREFIXES, "gpg", "max_rl"])
def test_numbers_are_those_of_the_released_code(name: str, method: str) -> None:
    case = GROUPS[name]
    batch = Forests([answers(*group) for group in zip(case["ids"], case["rewards"], strict=True)])
    credit = compute(batch, method)
    for number, wanted in enumerate(case[method]):
        own = credit.of(number)
        if method in ON_PREFIXES:
            found = of_trajectories(own)
            assert [len(numbers) for numbers in found] == [len(numbers) for numbers in wanted]
            np.testing.assert_allclose(np.concatenate(found), np.concatenate(wanted), atol=1e-7)
        else:
            np.testing.assert_allclose(own.leaves["advantage"], wanted, atol=1e-7)


@pytest.mark.parametrize("tree", RECORDED["trees"])
def test_turns_have_the_values_of_the_released_code(tree: dict[str, Any]) -> None:
    logprobs = tree["logprobs"]
    flat = [number for own in logprobs for number in own]
    table = TokenTable(start=np.concatenate([[0], np.cumsum([len(own) for own in logprobs])]), logprob=flat)
    reward = [np.nan if number is None else number for number in tree["rewards"]]
    forest = Forest(parent=tree["parent"], reward=reward, tokens=table)
    for case in tree["expected"]:
        params = {name: case[name] for name in ("normalize", "values", "advantage")}
        np.testing.assert_allclose(compute(forest, "at2po", **params).credit[1:], case["credit"], atol=1e-7)


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[list[int]], list[float]]:
    """Answers over few tokens, so that many begin alike, some are equal, and some are the beginning of others."""
    ids = draw(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=7), min_size=2, max_size=7))
    return ids, draw(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=len(ids), max_size=len(ids)))


def check_merged(flat: Forest, tree: Forest, method: str) -> None:
    """A token of the tree has the mean of what it has in the answers that share it, and a step that of its tokens."""
    apart, together = of_trajectories(compute(flat, method)), compute(tree, method)
    assert together.tokens is not None
    start, value = together.tokens
    leaves = np.flatnonzero(~np.isnan(tree.reward)).tolist()
    begins = tree.topology.path_sum(tree.n_model_tokens) - tree.n_model_tokens
    for row in np.flatnonzero(tree.parent >= 0).tolist():
        own, beneath = value[start[row] : start[row + 1]], tree.topology.leaves_under(row).tolist()
        wanted = [apart[leaves.index(leaf)][begins[row] : begins[row] + len(own)] for leaf in beneath]
        np.testing.assert_allclose(own, np.mean(wanted, axis=0), atol=1e-9)
        assert together.credit[row] == pytest.approx(own.mean(), abs=1e-9)


@pytest.mark.parametrize("method", ON_PREFIXES)
@pytest.mark.parametrize("named", [True, False])
@given(group=groups())
@settings(max_examples=40, deadline=None)
def test_a_flat_group_and_its_merged_tree_have_equal_numbers(
    method: str, named: bool, group: tuple[list[list[int]], list[float]]
) -> None:
    flat = answers(*group, spelled=True, named=named)
    check_merged(flat, merge(flat, steps="tokens"), method)


@pytest.mark.parametrize("method", ON_PREFIXES)
def test_steps_without_tokens_are_compared_by_their_texts(method: str) -> None:
    """Two answers that begin with the same step, and one that does not; then the same as a tree."""
    flat = Forest(
        parent=[-1, 0, -1, 2, -1], text=["a", "b", "a", "c", "d"], reward=[np.nan, 1, np.nan, 0, 0], prompt="p"
    )
    tree = merge(flat, steps="turns")
    assert tree.text == ("", "a", "b", "c", "d")
    apart, together = compute(flat, method).nodes, compute(tree, method).nodes
    np.testing.assert_allclose(together["credit"][2:], apart["credit"][[1, 3, 4]], atol=1e-12)
    assert together["credit"][1] == pytest.approx(apart["credit"][[0, 2]].mean())
    assert together["gradient_weight"][1] == pytest.approx(apart["gradient_weight"][[0, 2]].sum())


def test_what_the_environment_said_parts_answers_and_gets_nothing() -> None:
    """Equal calls, different results: the calls are shared, what follows is not."""
    forest = Forest(
        parent=[-1, 0, -1, 2],
        text=["look", "so", "look", "so"],
        observation=["sun", "", "rain", ""],
        reward=[np.nan, 1, np.nan, 0],
    )
    nodes = compute(forest, "lambda_grpo").nodes
    assert nodes["sharing"].tolist() == [2, 1, 2, 1]
    assert compute(forest, "tempo").nodes["change"].tolist() == [0, 0, 0, 0]


def test_a_step_of_which_nothing_is_recorded_shares_nothing() -> None:
    nodes = compute(Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 0]), "lambda_grpo").nodes
    assert nodes["sharing"].tolist()[1:] == [1, 1]


def test_gradients_of_lambda_grpo_count_a_shared_step_once() -> None:
    """By hand: A = ±0.5 / (√0.5 + ε); the shared step averages to 0, in GRPO too, but its weight is divided by two."""
    forest = Forest(parent=[-1, 0, 1, 1, 0], text=["", "a", "b", "c", "d"], reward=[np.nan, np.nan, 1, 1, 0])
    ours, plain = compute(forest, "lambda_grpo", epsilon=0), compute(forest, "grpo", epsilon=0)
    np.testing.assert_allclose(ours.nodes["gradient_weight"][1], plain.nodes["gradient_weight"][1] / 2)
    np.testing.assert_allclose(ours.credit[2:], plain.credit[2:])
