"""A branch token by token: the weights are those of the training export, whatever the method, and no word is lost."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from forests import random_forest

import treecore as tc
from app.tokens.branch import ends, read
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.exports.training import training
from treecore.methods import METHODS

SAMPLE = "surprisal"


def sampled(name: str = SAMPLE) -> Forest:
    return tc.read(samples()[name].path)[0]


def exported(forest: Forest, credit: Any) -> dict[str, dict[str, Any]]:
    whole = b"".join(training(Forests(forest), credit, ".jsonl").chunks)
    return {row["leaf"]: row for row in map(json.loads, whole.splitlines())}


@pytest.mark.parametrize(
    "method", ["treerl", "grpo", "sibling", "tree_grpo", "reinforce_pp", "lambda_grpo", "toolpo", "gigpo"]
)
def test_weights_are_those_of_the_training_export(method: str) -> None:
    forest = sampled()
    assert method in METHODS
    credit = tc.credit(forest, method)
    rows = exported(forest, credit)
    for leaf in ends(forest):
        branch, row = read(forest, credit.of(0), leaf), rows[str(forest.node_id[leaf])]
        wanted = [value for value, own in zip(row["advantages"], row["completion_mask"], strict=True) if own]
        assert np.nan_to_num([one.weight for one in branch.tokens]).tolist() == pytest.approx(wanted)


def test_tokens_spell_the_model_s_own_text_in_order() -> None:
    forest = sampled()
    for leaf in ends(forest):
        branch = read(forest, None, leaf)
        assert branch.recorded
        assert "".join(one.text for one in branch.tokens) == "".join(forest.text[row] for row in branch.steps)
        assert all(math.isnan(one.weight) for one in branch.tokens)
        assert all(one.top for one in branch.tokens)


def test_without_tokens_words_carry_the_signal_of_their_step() -> None:
    forest = sampled().with_columns(tokens=None)
    credit = tc.credit(forest, "sibling")
    branch = read(forest, credit.of(0), ends(forest)[0])
    assert not branch.recorded
    assert "".join(one.text for one in branch.tokens) == "".join(forest.text[row] for row in branch.steps)
    wanted = credit.of(0).credit
    assert all(one.weight == wanted[one.row] or math.isnan(wanted[one.row]) for one in branch.tokens)


def test_a_step_of_calls_alone_is_read_as_its_calls() -> None:
    calls = {1: {"tool_calls": [{"name": "look", "arguments": {"at": 3}}, {"name": "end"}]}}
    forest = Forest(parent=[-1, 0], observation=["", "seen"], reward=[np.nan, 1], node_extra=calls)
    branch = read(forest, None, 1)
    assert "".join(token.text for token in branch.tokens) == "look(at=3)\nend()"


@pytest.mark.parametrize("seed", range(5))
def test_any_forest_can_be_read(seed: int) -> None:
    forest = random_forest(np.random.default_rng(seed), tokens=bool(seed % 2))
    for leaf in ends(forest):
        branch = read(forest, None, leaf)
        assert [one.row for one in branch.tokens] == sorted((one.row for one in branch.tokens), key=branch.steps.index)
