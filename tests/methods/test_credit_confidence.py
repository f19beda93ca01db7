"""DeepConf: worked windows and votes, an oracle on random forests, replayed early stopping."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches
from hypothesis import given
from hypothesis import strategies as st
from oracles import confidence as oracle
from oracles.nodes import Walk

from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.methods import compute
from treecore.methods.voting import (
    Trace,
    answer_of,
    group_confidence,
    replay,
    stop_index,
    trace_confidence,
    traces,
    vote,
)

WORKED = np.array([5.0, 5, 1, 1, 5, 5, 5, 9])


def test_groups_of_the_worked_trace() -> None:
    np.testing.assert_allclose(group_confidence(WORKED, 3), [11 / 3, 7 / 3, 7 / 3, 11 / 3, 5, 19 / 3])
    assert stop_index(WORKED, window=3, threshold=3) == 3
    assert stop_index(WORKED, window=3, threshold=2) is None
    assert stop_index(WORKED, window=9, threshold=100) is None


def test_a_trace_shorter_than_the_window_is_one_window() -> None:
    assert group_confidence(WORKED, 100).tolist() == [4.5]
    assert trace_confidence(WORKED, window=100) == (4.5, 4.5, 4.5, 4.5)


def test_scores_of_the_worked_trace() -> None:
    scores = trace_confidence(WORKED, window=3, share=0.5)
    np.testing.assert_allclose(scores, [7 / 3, 19 / 3, (7 / 3 + 7 / 3 + 11 / 3) / 3, 4.5])


def test_weighted_votes() -> None:
    found = vote(["42", "17", "42", ""], np.array([6.0, 9.0, 7.0, 100.0]))
    assert found.weights == {"42": 13.0, "17": 9.0}
    assert (found.winner, found.tied) == ("42", False)
    assert found.share == pytest.approx(0.591, abs=5e-4)


def test_ties_and_empty_votes_say_so() -> None:
    tie = vote(["a", "b"], np.array([1.0, 1.0]))
    assert (tie.winner, tie.tied, tie.share) == ("a", True, 0.5)
    assert vote(["", "b"], np.array([1.0, np.nan])).winner == ""


@pytest.mark.parametrize(("percent", "threshold"), [(90, 2.7), (10, 8.3)])
def test_thresholds_of_the_worked_warmup(percent: float, threshold: float) -> None:
    lowest = np.arange(2.0, 10.0)
    recorded = [Trace(row, "a", np.array([row]), np.array([value])) for row, value in enumerate(lowest)]
    assert replay(recorded, window=1, warmup=8, keep=percent).threshold == pytest.approx(threshold)


def test_early_stopping_saves_tokens_and_can_change_the_answer() -> None:
    """Two warm-up traces set the threshold at 5.5; two wavering traces that would have won are cut at their dip."""
    steady = [np.array([5.0, 5, 5, 5]), np.array([10.0, 10, 10, 10])]
    wavering = [np.array([9.0, 1, 9, 9])] * 2
    recorded = [
        Trace(leaf, answer, np.arange(4) + 4 * leaf, confidence)
        for leaf, (answer, confidence) in enumerate(zip("abcc", [*steady, *wavering], strict=True))
    ]
    found = replay(recorded, window=1, warmup=2, keep=90)
    assert found.threshold == pytest.approx(5.5)
    assert [one.stopped_at for one in found.traces] == [None, None, 1, 1]
    assert [one.used for one in found.traces] == [4, 4, 2, 2]
    assert (found.tokens_recorded, found.tokens_used, found.distinct_used) == (16, 12, 12)
    assert found.saved == pytest.approx(0.25)
    assert (found.before.winner, found.after.winner, found.changed) == ("c", "b", True)
    assert [np.isnan(one.weight) for one in found.traces] == [True, False, True, True]


def test_agreement_stops_sampling() -> None:
    recorded = [Trace(leaf, "a", np.arange(2) + 2 * leaf, np.array([5.0, 5.0])) for leaf in range(4)]
    found = replay(recorded, window=1, warmup=2, keep=90, consensus=0.95)
    assert [one.used for one in found.traces] == [2, 2, 0, 0]
    assert replay(recorded, window=1, warmup=2, keep=90).tokens_used == 8


def test_a_shared_prefix_counts_once_among_distinct_tokens() -> None:
    tokens = TokenTable(start=np.array([0, 0, 2, 3, 4]), confidence=np.array([5.0, 6, 7, 8]))
    forest = Forest(
        parent=np.array([-1, 0, 1, 1]),
        reward=np.array([np.nan, np.nan, 1, 0]),
        tokens=tokens,
        born=np.array([0, 1, 3, 2]),
        text=["", "x", r"so \boxed{14}", "<answer> 15 </answer>"],
    )
    recorded = traces(forest)
    assert [(one.leaf, one.answer, one.confidence.tolist()) for one in recorded] == [
        (3, "15", [5, 6, 8]),
        (2, "14", [5, 6, 7]),
    ]
    found = replay(recorded, window=2)
    assert (found.tokens_recorded, found.distinct_recorded) == (6, 4)
    assert answer_of("no answer") == ""
    assert traces(Forest(parent=np.array([-1]))) == []
    assert replay([]).after.winner == ""


@given(batch=batches(), window=st.integers(1, 9), growing=st.booleans())
def test_windows_are_those_of_each_trajectory(batch: Forests, window: int, growing: bool) -> None:
    wanted = oracle.deepconf(Walk(batch), window, growing)
    found = compute(batch, "deepconf", window=window, windows="growing" if growing else "full")
    np.testing.assert_allclose(found.credit, wanted["lowest"], atol=1e-9)
    for name in ("least", "tail", "mean"):
        np.testing.assert_allclose(found.leaves[name], wanted[name], atol=1e-9, err_msg=name)


@given(batch=batches())
def test_a_step_is_as_good_as_its_weakest_token(batch: Forests) -> None:
    found = compute(batch, "deepconf", window=3, baseline="prompt")
    for row, (low, high) in enumerate(zip(found.tokens.start[:-1], found.tokens.start[1:], strict=True)):
        known = found.tokens.value[low:high]
        known = known[~np.isnan(known)]
        np.testing.assert_allclose(found.credit[row], known.min() if len(known) else np.nan)
    for number in range(len(batch)):
        own = found.of(number).credit
        assert np.nansum(own) == pytest.approx(0, abs=1e-9)


def test_equal_confidence_is_exactly_that() -> None:
    tokens = TokenTable(start=np.array([0, 0, 40, 80]), confidence=np.full(80, 0.1))
    forest = Forest(parent=np.array([-1, 0, 1]), tokens=tokens)
    assert compute(forest, "deepconf").credit[1:].tolist() == [0.1, 0.1]
