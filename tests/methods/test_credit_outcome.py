"""Outcome baselines and REINFORCE++: oracles on random batches, recorded tokens, rules for groups of one."""

from __future__ import annotations

import math
from statistics import stdev

import numpy as np
import pytest
from families import batches
from golden import BATCHES, CASES
from hypothesis import given, settings
from oracles import outcome as oracle
from oracles.nodes import Walk, mean

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.methods.ops.groups import whiten

NAN = math.nan
FLAT = {
    "dr_grpo": ("dr_grpo", {}),
    "rloo_raw": ("rloo", {"singleton": "raw"}),
    "rloo_zero": ("rloo", {"singleton": "zero"}),
    "opo": ("opo", {}),
    "grpo_passk": ("grpo_passk", {}),
}


def alone(reward: float = 1.0, tokens: int = 3) -> Forest:
    """One trajectory of one step."""
    return Forest(parent=[-1, 0], reward=[NAN, reward], n_model_tokens=[0, tokens])


@pytest.mark.parametrize("variant", FLAT)
@given(batch=batches())
@settings(max_examples=40)
def test_flat_methods_judge_every_leaf_as_the_oracle_does(variant: str, batch: Forests) -> None:
    method, params = FLAT[variant]
    credit = compute(batch, method, **params)
    wanted = oracle.flat(Walk(batch), variant)
    rows = sorted(wanted)
    assert np.flatnonzero(batch.scored).tolist() == rows
    np.testing.assert_allclose(credit.leaves["advantage"][rows], [wanted[row] for row in rows], atol=1e-9)
    means = [mean([wanted[leaf.row] for leaf in node.ends()]) for node in Walk(batch).nodes]
    np.testing.assert_allclose(credit.credit, means, atol=1e-9)
    np.testing.assert_allclose(credit.nodes["gradient_weight"], credit.credit * credit.nodes["n_leaves"], atol=1e-9)


@pytest.mark.parametrize(
    ("method", "params", "wanted"),
    [
        ("dr_grpo", {}, 0.7),
        ("rloo", {}, 0.7),
        ("rloo", {"singleton": "zero"}, 0.0),
        ("opo", {}, 0.7),
        ("grpo_passk", {}, NAN),
    ],
)
def test_the_only_rollout_of_a_prompt_among_others(method: str, params: dict, wanted: float) -> None:
    pair = Forest(parent=[-1, 0, 0], reward=[NAN, 1, 0], n_model_tokens=[0, 1, 1])
    credit = compute([alone(0.7), pair], method, **params)
    assert credit.of(0).credit[1] == pytest.approx(wanted, nan_ok=True)
    assert np.isfinite(credit.of(1).credit).all()


def test_pass_at_k_credits_only_the_best() -> None:
    credit = compute(Forest(parent=[-1, 0, 0, 0], reward=[NAN, 0.5, 1, 0]), "grpo_passk")
    assert credit.credit[1:] == pytest.approx([0, 0.5 / (0.5 + 1e-6), 0])


def test_opo_without_any_token_assigns_nothing() -> None:
    empty = Forest(parent=[-1, 0, 0], reward=[NAN, 1, 0], n_model_tokens=[0, 0, 0])
    assert np.isnan(compute(empty, "opo").credit).all()


@pytest.mark.parametrize("gamma", [1.0, 0.9, 0.0])
@pytest.mark.parametrize("baseline", [False, True])
@given(batch=batches())
@settings(max_examples=25)
def test_reinforce_pp_on_every_token_and_step(baseline: bool, gamma: float, batch: Forests) -> None:
    credit = compute(batch, "reinforce_pp_baseline" if baseline else "reinforce_pp", gamma=gamma)
    tokens, by_node = oracle.reinforce(Walk(batch), gamma, baseline=baseline)
    assert credit.tokens is not None
    assert credit.tokens_are_trajectories
    for row in range(len(batch.parent)):
        found = credit.tokens.value[credit.tokens.start[row] : credit.tokens.start[row + 1]]
        np.testing.assert_allclose(found, tokens.get(row, []), atol=1e-7)
    np.testing.assert_allclose(credit.credit, [mean(values) for values in by_node], atol=1e-7)
    for row, values in tokens.items():
        if values:
            assert credit.leaves["advantage"][row] == pytest.approx(mean(values), abs=1e-7, nan_ok=True)
    errors = [stdev(values) / math.sqrt(len(values)) if len(values) > 1 else NAN for values in by_node]
    np.testing.assert_allclose(credit.nodes["stderr"], errors, atol=1e-3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
@pytest.mark.parametrize("gamma", ["1", "0.9"])
def test_tokens_are_those_of_the_reference(gamma: str, case: dict) -> None:
    batch = BATCHES[case["name"]]
    credit = compute(batch, "reinforce_pp", gamma=gamma)
    parts = {forest.id: credit.of(number) for number, forest in enumerate(batch)}
    for key, wanted in case["expected"][f"reinforce_pp_gamma_{gamma}"]["leaf_tokens"].items():
        name, node = key.split(":")
        part = parts[name]
        row = part.forests[0].row(node)
        found = part.tokens.value[part.tokens.start[row] : part.tokens.start[row + 1]]
        np.testing.assert_allclose(found, wanted, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("method", ["reinforce_pp", "reinforce_pp_baseline", "treepo"])
@pytest.mark.parametrize("tokens", [0, 1])
def test_whitening_needs_two_tokens(method: str, tokens: int) -> None:
    assert np.isnan(compute(alone(tokens=tokens), method).credit).all()
    assert np.isfinite(compute(alone(tokens=2), method).credit[1:]).all()


@pytest.mark.parametrize("values", [(1.0, 1.0, 0.3), (0.0, 0.0, 0.0), (-3.7, -3.7, 9.0)])
def test_whitening_equal_numbers_leaves_nothing(values: tuple[float, ...]) -> None:
    """The last stands on no token and makes no difference."""
    result = whiten(np.array(values), tokens=np.array([2.0, 3.0, 0.0]))
    assert result.value[:2].tolist() == [0.0, 0.0]
    assert result.mean == values[0]


def test_more_tokens_than_memory_are_refused_in_one_line() -> None:
    huge = Forest(parent=[-1, 0], reward=[NAN, 1], n_model_tokens=[0, 2**60])
    with pytest.raises(MethodError, match="tokens in all"):
        compute(huge, "reinforce_pp")


def test_token_counts_are_asked_for_where_needed() -> None:
    text_only = Forest(parent=[-1, 0, 0], reward=[NAN, 1, 0])
    for method in ("opo", "reinforce_pp", "reinforce_pp_baseline", "treepo"):
        with pytest.raises(MethodError, match="2 of 2 steps have no token count"):
            compute(text_only, method)
    with pytest.raises(MethodError, match="no token count"):
        compute(text_only, "treerl", norm="token")
    assert compute(text_only, "treepo", whiten=False).credit[1] > 0
    assert compute(text_only, "treerl", norm="step").credit[1] > 0
