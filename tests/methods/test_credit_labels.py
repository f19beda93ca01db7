"""Labels of process supervision: the path worked by hand, and oracles on random forests."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches, computed
from hypothesis import given
from hypothesis import strategies as st
from oracles import labels as oracle
from oracles.nodes import StateWalk

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import compute

SOURCES = ("tree", "monte_carlo")
Q = [0.5, 0.5, 0.25, 0.3, 0.0, np.nan]
PATH = Forest(parent=np.arange(6) - 1, reward=np.array([np.nan] * 5 + [1.0]), columns={"mc_value": np.array(Q)})


@pytest.mark.parametrize(
    ("method", "settings", "wanted"),
    [
        ("stepwiser", {"scheme": "abs_q"}, [1, 1, 1, 0, 1]),
        ("stepwiser", {"scheme": "rel_ratio", "gamma": 0.8}, [1, 0, 1, 0, 1]),
        ("stepwiser", {"scheme": "rel_effective", "alpha": 0.4, "n": 4}, [1, 1, 1, 0, 1]),
        ("genprm", {"epsilon": 0.8}, [1, 0, 1, 0, 0]),
        ("math_shepherd", {"estimate": "hard"}, [1, 1, 1, 0, 1]),
        ("math_shepherd", {"estimate": "soft"}, [0.5, 0.25, 0.3, 0, 1]),
    ],
)
def test_labels_of_the_worked_path(method: str, settings: dict, wanted: list[float]) -> None:
    nodes = compute(PATH, method, values="monte_carlo", **settings).nodes
    np.testing.assert_allclose(nodes["label"][1:], wanted)
    np.testing.assert_allclose(nodes["credit"][1:], 2 * np.array(wanted) - 1)
    assert np.isnan(nodes["credit"][0])


def test_an_undefined_ratio_is_marked() -> None:
    nodes = compute(PATH, "stepwiser", values="monte_carlo", scheme="rel_ratio").nodes
    assert nodes["undefined_ratio"][1:].tolist() == [0, 0, 0, 0, 1]
    assert np.isnan(nodes["ratio"][5])


def test_zero_over_zero_is_bad() -> None:
    forest = Forest(parent=np.array([-1, 0]), reward=np.array([np.nan, 0.0]))
    assert compute(forest, "stepwiser", scheme="rel_ratio").credit[1] == -1


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("estimate", ["hard", "soft"])
@given(batch=batches())
def test_math_shepherd_is_its_definition(source: str, estimate: str, batch: Forests) -> None:
    found = computed(batch, "math_shepherd", values=source, estimate=estimate).seen.nodes["label"]
    np.testing.assert_allclose(found, oracle.math_shepherd(StateWalk(batch), source, estimate), atol=1e-9)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("scheme", ["abs_q", "rel_effective", "rel_ratio"])
@given(batch=batches(), alpha=st.sampled_from([0.4, 0.8]), gamma=st.sampled_from([0.7, 0.83]))
def test_stepwiser_is_its_definition(source: str, scheme: str, batch: Forests, alpha: float, gamma: float) -> None:
    settings = {"alpha": alpha, "n": 4, "gamma": gamma}
    found = computed(batch, "stepwiser", values=source, scheme=scheme, **settings).seen.nodes["label"]
    np.testing.assert_allclose(found, oracle.stepwiser(StateWalk(batch), source, scheme, **settings))


@pytest.mark.parametrize("source", SOURCES)
@given(batch=batches())
def test_genprm_is_its_definition(source: str, batch: Forests) -> None:
    found = computed(batch, "genprm", values=source, epsilon=0.83).seen.nodes["label"]
    np.testing.assert_allclose(found, oracle.genprm(StateWalk(batch), source, 0.83))


def test_a_step_without_a_success_is_worth_exactly_nothing() -> None:
    """Sums of other outcomes must not leave a trace: a label asks whether the value is 0."""
    parent = np.concatenate([[-1, 0], np.full(3, 0), np.full(7, 1)])
    forest = Forest(parent=parent, reward=np.array([np.nan, np.nan, 0.3, 0.1, 0.7, *[0.0] * 7]))
    assert compute(forest, "stepwiser", scheme="abs_q").credit[1] == -1


@pytest.mark.parametrize("method", ["stepwiser", "genprm", "omegaprm"])
def test_outcomes_that_are_no_shares_are_refused(method: str) -> None:
    signed = Forest(parent=np.array([-1, 0, 0]), reward=np.array([np.nan, 1.0, -1.0]))
    with pytest.raises(MethodError, match="from 0 to 1, and 1 step has others"):
        compute(signed, method)


def test_the_first_error_is_never_the_prompt() -> None:
    failed = Forest(parent=np.array([-1, 0, 1, 1]), reward=np.array([np.nan, np.nan, 0.0, 0.0]))
    assert compute(failed, "omegaprm").nodes["first_error"].tolist() == [0, 1, 0, 0]
