"""Which method is shown first, and which methods need no outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import DEFAULT_METHOD, METHODS, compute, method_for

NAN = np.nan
PARENT = [-1, 0, 0, 2, 2]
VALUES = np.array([0.75, 1.0, 0.25, 0.0, 0.5])
"""Of a searched tree: a value at every step and no outcome."""
SOURCED = sorted(
    name for name, one in METHODS.items() if any(p.name == "values" and "monte_carlo" in p.choices for p in one.params)
)


def batch(reward: float = NAN, **columns: float) -> Forests:
    """A prompt with one step."""
    made = {name: np.array([NAN, value]) for name, value in columns.items()}
    return Forests(Forest(parent=[-1, 0], reward=[NAN, reward], columns=made))


@pytest.mark.parametrize(
    ("forests", "found"),
    [
        (batch(1.0, label=1.0, mc_value=1.0), DEFAULT_METHOD),
        (batch(label=1.0, mc_value=1.0), "step_labels"),
        (batch(mc_value=1.0), "vineppo"),
        (batch(), DEFAULT_METHOD),
    ],
)
def test_the_first_method_is_one_that_can_run(forests: Forests, found: str) -> None:
    assert method_for(forests) == found


def test_what_was_chosen_stays_where_it_can_run_with_its_parameters() -> None:
    searched, values = batch(mc_value=1.0), {"values": "monte_carlo"}
    assert method_for(searched, "omegaprm", METHODS["omegaprm"].defaults | values) == "omegaprm"
    assert method_for(searched, "omegaprm") == "vineppo"
    assert method_for(batch(1.0), "step_labels") == DEFAULT_METHOD


WANTED: Mapping[str, list[float]] = {
    "vineppo": [0.25, -0.5, -0.25, 0.25],
    "math_shepherd": [1, 1, -1, 1],
    "stepwiser": [1, 1, -1, 1],
    "genprm": [1, -1, -1, 1],
    "omegaprm": [1, -0.5, -1, 0],
}


@pytest.mark.parametrize("method", WANTED)
def test_values_of_continuations_need_no_outcome(method: str) -> None:
    searched = Forest(parent=PARENT, columns={"mc_value": VALUES})
    np.testing.assert_allclose(compute(searched, method, values="monte_carlo").credit[1:], WANTED[method])


def test_a_leaf_without_outcome_and_continuations_has_no_signal() -> None:
    last = np.where(np.arange(5) == 4, NAN, VALUES)
    credit = compute(Forest(parent=PARENT, columns={"mc_value": last}), "vineppo").credit
    np.testing.assert_allclose(credit[1:], [0.25, -0.5, -0.25, NAN])


@pytest.mark.parametrize("method", SOURCED)
def test_recorded_leaves_need_outcomes(method: str) -> None:
    assert set(WANTED) < set(SOURCED)
    searched = Forest(parent=PARENT, columns={"mc_value": VALUES})
    with pytest.raises(MethodError, match=r"no leaf has a reward|token column"):
        compute(searched, method, values="tree")
