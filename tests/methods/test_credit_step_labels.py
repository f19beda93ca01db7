"""Recorded labels of steps: a path worked by hand, an oracle on random forests, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches
from hypothesis import given
from hypothesis import strategies as st
from oracles import labels as oracle
from oracles.nodes import Walk

from treecore.analysis.stages import frames
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import METHODS, compute
from treecore.methods.explain import explain

NAN = np.nan
LABELS = np.array([NAN, 1, 0, -1, NAN, 0.5])
RATED = Forest(parent=[-1, 0, 1, 1, 3, 2], columns={"label": LABELS})
"""A good step, and after it a neutral one with a half-good end, and a bad one with an unlabelled end; no rewards."""


@pytest.mark.parametrize(
    ("settings", "good_end", "bad_end"),
    [
        ({}, 1.0, 0.0),
        ({"neutral": 0.0}, 0.0, 0.0),
        ({"neutral": 0.5}, 0.375, 0.0),
        ({"neutral": 0.5, "score": "min"}, 0.5, 0.0),
    ],
)
def test_the_credit_is_the_label_and_the_score_is_of_the_labelled_steps(
    settings: dict, good_end: float, bad_end: float
) -> None:
    credit = compute(RATED, "step_labels", **settings)
    np.testing.assert_array_equal(credit.credit, LABELS)
    np.testing.assert_array_equal(credit.leaves["solution_score"], [NAN, NAN, NAN, NAN, bad_end, good_end])


def test_a_trajectory_without_labels_has_no_score() -> None:
    forest = Forest(parent=[-1, 0, 0], columns={"label": np.array([NAN, NAN, -1])})
    np.testing.assert_array_equal(compute(forest, "step_labels").leaves["solution_score"], [NAN, NAN, 0])


@pytest.mark.parametrize("score", ["product", "min"])
@given(batch=batches(), neutral=st.sampled_from([0.0, 0.3, 1.0]))
def test_step_labels_are_their_definition(score: str, batch: Forests, neutral: float) -> None:
    credit = compute(batch, "step_labels", score=score, neutral=neutral)
    wanted = oracle.step_labels(Walk(batch), score, neutral)
    for name, values in wanted.items():
        np.testing.assert_allclose(credit.nodes[name], values, atol=1e-12, err_msg=name)
    ends = np.isfinite(credit.leaves["solution_score"])
    np.testing.assert_allclose(credit.leaves["solution_score"][ends], np.array(wanted["score"])[ends], atol=1e-12)


def test_labels_are_explained_and_filmed_without_outcomes() -> None:
    credit = compute(RATED, "step_labels", score="min", neutral=0.5)
    explained = explain(credit, 5)
    assert [line.result for line in explained.lines] == [0.75, 0.5, 0.5]
    assert explained.evidence is None
    assert explained.evidence_is == "rests on its recorded label"
    assert "No signal is assigned" in explain(credit, 4).silence
    assert frames(credit)


def test_labels_beyond_good_and_bad_are_refused() -> None:
    stars = Forest(parent=[-1, 0, 0], columns={"label": np.array([NAN, 5.0, 0.0])})
    with pytest.raises(MethodError, match="from -1, bad, to 1, good, and 1 step has others"):
        compute(stars, "step_labels")


def test_a_file_without_labels_is_told_what_it_lacks() -> None:
    bare = Forests(Forest(parent=[-1, 0], reward=[NAN, 1.0]))
    assert METHODS["step_labels"].lacking(bare) == "0 of 1 step has a label; add the column label to the file"
