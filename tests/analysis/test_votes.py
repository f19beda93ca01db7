"""Votes of a forest's trajectories by confidence, and what early stopping would have saved."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.votes import votes_of
from treecore.core.builder import ForestBuilder, StepTokens
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods.voting import WEIGHTS


def forest(*trajectories: tuple[str, float, list[float]]) -> Forest:
    """Chains of one step: answer, reward, confidence of each token."""
    builder = ForestBuilder(prompt="?")
    for answer, reward, confidence in trajectories:
        tokens = StepTokens(id=[1] * len(confidence), confidence=confidence, part=[1] * len(confidence))
        builder.add(builder.root(), text=f"<answer>{answer}</answer>", reward=reward, tokens=tokens)
    return builder.build()


CASES = forest(("a", 0.0, [9, 1, 9, 9]), ("a", 0.0, [9, 1, 9, 9]), ("b", 1.0, [6, 6, 6, 6]), ("b", 1.0, [5, 6, 6, 6]))


def test_local_and_global_confidence_may_elect_different_answers() -> None:
    found = {one.weight: one for one in votes_of(CASES, window=1).ballots}
    assert list(found) == list(WEIGHTS)
    assert (found["mean"].vote.winner, found["mean"].right) == ("a", False)
    assert (found["least"].vote.winner, found["least"].right) == ("b", True)
    assert found["majority"].vote.tied
    assert found["least"].vote.weights == {"a": 2.0, "b": 11.0}


def test_early_stopping_is_told_with_what_it_saves() -> None:
    sure = ("b", 1.0, [6, 6, 6, 6])
    many = forest(sure, sure, ("a", 0.0, [9, 1, 9, 9]), sure)
    found = votes_of(many, window=1, warmup=2)
    assert [one.used for one in found.stopped.traces] == [4, 4, 2, 4]
    assert found.stopped.saved == 2 / 16
    assert found.in_words == (
        "Early stopping after 2 of 4: 1 stopped, 0 never started, 14 of 16 tokens written (12% saved); "
        "the answer is b, the same as by majority of all."
    )
    assert votes_of(many, window=1).stopped.n_warmup == 2, "half of them"


def test_without_confidence_it_says_what_is_missing() -> None:
    builder = ForestBuilder(prompt="?")
    builder.add(builder.root(), text="<answer>a</answer>", reward=1.0)
    with pytest.raises(MethodError, match="no token has a confidence"):
        votes_of(builder.build())


def test_json_is_plain() -> None:
    document = votes_of(CASES, window=1).as_json()
    assert document["votes"][2] == {"weight": "least", "answer": "b", "share": 11 / 13, "tied": False, "right": True}
    assert np.isfinite(document["early_stopping"]["threshold"])
