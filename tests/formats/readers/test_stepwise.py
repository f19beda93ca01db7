"""Steps with labels, and forks of Step-DPO."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report


def test_stepwise() -> None:
    report = read_with_report(DATA / "stepwise" / "stepwise.jsonl")
    assert report.format == "stepwise"
    first, other = report.forests
    assert (first.prompt, first.n_trees) == ("3*4+2?", 2)
    assert list(first.text) == ["3*4=12", "12+2=14", "3*4=12", "12+2=15", "So 15."]
    assert first.parent.tolist() == [-1, 0, -1, 2, 3]
    assert first.columns["label"].tolist() == [1.0, 1.0, 1.0, -1.0, -1.0]
    assert np.isnan(first.reward).all()
    assert other.node_extra[0] == {"source": "made up"}


@pytest.mark.parametrize(
    ("labels", "wanted"), [([1, 0], [1.0, -1.0]), ([1, -1], [1.0, -1.0]), ([-1, 0], [-1.0, 0.0]), ([True, None], [1.0])]
)
def test_labels(labels: list[Any], wanted: list[float]) -> None:
    (forest,) = read(json.dumps({"prompt": "a", "completions": ["b", "c"], "labels": labels}).encode())
    assert [value for value in forest.columns["label"].tolist() if value == value] == wanted


def test_a_label_for_each_step() -> None:
    with pytest.raises(FormatError, match='"labels" has 1 value for 2 steps'):
        read(b'{"prompt": "a", "completions": ["b", "c"], "labels": [true]}')
    with pytest.raises(FormatError, match='line 2: "labels" is "yes", not a number'):
        read(
            b'{"prompt": "a", "completions": ["b"], "labels": [true]}\n' * 1
            + b'{"prompt": "a", "completions": ["b"], "labels": ["yes"]}'
        )


def test_step_dpo_is_a_fork() -> None:
    report = read_with_report(DATA / "step_dpo" / "pairs.jsonl")
    assert report.format == "step_dpo"
    first, other = report.forests
    assert list(first.text) == [
        "Step 1: 3*4=12.\nStep 2:",
        " 12+2=14.",
        "\nStep 3: The answer is 14.",
        " 12+2=15.",
        "\nThe answer is 15.",
    ]
    assert first.parent.tolist() == [-1, 0, 1, 0, 3]
    assert [value for value in first.reward.tolist() if value == value] == [1.0, 0.0]
    assert first.columns["label"].tolist()[1::2] == [1.0, -1.0]
    assert (first.prompt, first.reference, first.extra["dataset"]) == ("3*4+2?", "14", "made up")
    assert other.parent.tolist() == [-1, -1]
    assert other.node_extra[1] == {"full_rejected": "I say 3"}
