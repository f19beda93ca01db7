"""Every method of values, searches, labels, confidence, tools and experts explains every step of random forests."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches, computed
from forests import random_forest
from hypothesis import given, settings

from treecore.analysis.stages import frames
from treecore.core.batch import Forests
from treecore.methods import METHODS, compute
from treecore.methods.explain import explain

CASES = [
    *(
        (name, {"values": source})
        for name in ("vineppo", "spo_chain", "omegaprm")
        for source in ("tree", "monte_carlo")
    ),
    *(("math_shepherd", {"estimate": estimate}) for estimate in ("hard", "soft")),
    *(("stepwiser", {"scheme": scheme}) for scheme in ("abs_q", "rel_effective", "rel_ratio")),
    ("genprm", {}),
    ("step_labels", {}),
    ("step_labels", {"score": "min", "neutral": 0.5}),
    ("deepsearch", {"norm": "none"}),
    ("deepsearch", {"norm": "std"}),
    ("rest_mcts", {}),
    ("deepconf", {"window": 2}),
    ("deepconf", {"window": 3, "windows": "growing", "baseline": "prompt"}),
    ("toolpo", {}),
    ("toolpo", {"check": "recorded", "attribution": "call", "call_weight": 2.0, "fold_weight": 0.5}),
    ("srl", {}),
    ("srl", {"expert": "reference", "align_by": "prefix", "signal": "advantage", "autojunk": True}),
]


def same(first: float, second: float) -> bool:
    return first == second or (np.isnan(first) and np.isnan(second))


@pytest.mark.parametrize(("method", "params"), CASES)
@settings(max_examples=8)
@given(batch=batches())
def test_the_last_line_is_the_credit(method: str, params: dict, batch: Forests) -> None:
    whole = computed(batch, method, **params)
    for number in range(len(batch)):
        credit = whole.of(number)
        for node in range(len(credit.credit)):
            explained = explain(credit, node)
            assert same(explained.lines[-1].result, credit.credit[node])
            assert same(explained.credit, credit.credit[node])


@pytest.mark.parametrize(("method", "params"), CASES)
@settings(max_examples=3)
@given(batch=batches())
def test_every_method_makes_a_film(method: str, params: dict, batch: Forests) -> None:
    assert frames(computed(batch, method, **params).of(0))


@pytest.mark.parametrize("method", sorted({name for name, _ in CASES}))
@settings(max_examples=10)
@given(batch=batches())
def test_other_forests_of_the_batch_change_nothing(method: str, batch: Forests) -> None:
    whole = computed(batch, method)
    for number, forest in enumerate(batch):
        if METHODS[method].lacking(Forests(forest)):
            continue
        alone, part = computed(forest, method), whole.of(number)
        for name, values in alone.nodes.items():
            np.testing.assert_allclose(part.nodes[name], values, atol=1e-6, err_msg=name)
        if alone.tokens is not None:
            np.testing.assert_allclose(part.tokens.value, alone.tokens.value, atol=1e-9)


@pytest.mark.parametrize("method", sorted({name for name, _ in CASES}))
def test_every_parameter_and_column_is_documented(method: str) -> None:
    entry = METHODS[method]
    assert entry.summary.splitlines()[0].endswith("?")
    assert all(param.meaning for param in entry.params)
    assert entry.departures


def test_forests_without_tokens_in_a_batch_that_has_some(rng: np.random.Generator) -> None:
    bare = random_forest(rng, 9, columns={"mc_value": rng.random(9)})
    full = random_forest(rng, 9, tokens=True)
    for method in ("deepconf", "toolpo", "spo_chain"):
        credit = compute([bare, full], method)
        assert len(credit.of(0).tokens.value) == 0
        assert len(credit.of(1).tokens.value) == full.tokens.total
    assert np.isnan(compute([bare, full], "deepconf").of(0).credit).all()
    outcome = compute([bare, full], "toolpo").of(0)
    np.testing.assert_array_equal(outcome.credit, outcome.nodes["outcome_part"])


def test_confidence_needs_no_outcome(rng: np.random.Generator) -> None:
    forest = random_forest(rng, 12, tokens=True, unscored=1.0)
    credit = compute(forest, "deepconf", window=1)
    assert np.isfinite(credit.credit).any()
    assert frames(credit.of(0))
