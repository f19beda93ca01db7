"""PRM800K, Math-Shepherd, ProcessBench: answers whose steps were labelled."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.core.batch import Forests
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.methods import compute


def test_prm800k_is_a_tree_of_rated_siblings() -> None:
    report = read_with_report(DATA / "prm800k" / "phase.jsonl")
    assert report.format == "prm800k"
    first, other = report.forests
    assert (first.prompt, first.reference) == ("What is 3*4+2?", "14")
    assert list(first.text) == [
        "First 3*4=12.",
        "3*4=7.",
        "Let me think.",
        "12+2=15.",
        "12+2=16.",
        "12+2=14.",
        "# Answer\n\n14",
    ]
    assert first.parent.tolist() == [-1, -1, -1, 0, 0, 0, 5]
    np.testing.assert_array_equal(first.columns["label"], [1, -1, 0, -1, -1, np.nan, 1])
    assert first.node_extra[5]["source"] == "human"
    assert first.node_extra[0]["labelling"]["finish_reason"] == "solution"
    assert np.isnan(first.reward).all()
    assert other.parent.tolist() == [-1, 0, 0]
    assert other.extra["ground_truth_solution"] == "91=7*13"
    assert other.node_extra[0]["question"]["pre_generated_answer"] == "yes"


def prm(*steps: Any) -> bytes:
    return json.dumps({"labeler": "a", "question": {"problem": "b"}, "label": {"steps": steps}}).encode()


def test_prm800k_with_no_step_to_follow() -> None:
    two = {"completions": [{"text": "a"}, {"text": "b"}], "chosen_completion": None}
    with pytest.raises(FormatError, match="step 2: no next step was chosen before it"):
        read(prm(two, two))
    with pytest.raises(FormatError, match='"chosen_completion" is 2, not the number of one of its completions'):
        read(prm({**two, "chosen_completion": 2}))
    with pytest.raises(FormatError, match='step 1: "rating" is "good", not a number'):
        read(prm({"completions": [{"text": "a", "rating": "good"}]}))


def test_math_shepherd() -> None:
    report = read_with_report(DATA / "math_shepherd" / "math-shepherd.jsonl")
    assert report.format == "shepherd"
    first, other = report.forests
    assert (first.prompt, first.task, first.n_trees) == ("What is 3*4+2?", "GSM8K", 2)
    assert list(first.text)[:3] == ["Step 1: 3*4=12", "\nStep 2: 12+2=15", "\nStep 3: The answer is: 15"]
    assert first.columns["label"].tolist() == [1, -1, -1, 1, 1]
    assert first.columns["mc_value"].tolist() == [1, 0, 0, 1, 1]
    np.testing.assert_array_equal(first.reward, [np.nan, np.nan, 0, np.nan, 1])
    assert other.prompt == "Is 7-2=5?"


def test_its_labels_are_what_methods_of_values_read() -> None:
    forests = Forests(read(DATA / "math_shepherd" / "math-shepherd.jsonl"))
    labels = compute(forests, "math_shepherd", values="monte_carlo")
    assert labels.nodes["credit"].tolist() == np.concatenate([one.columns["label"] for one in forests]).tolist()
    assert compute(forests, "vineppo", values="monte_carlo").nodes["credit"][1] == -1.0


def test_math_shepherd_names_a_text_that_does_not_fit() -> None:
    with pytest.raises(FormatError, match='line 2: "label" has "t" where a step of "input" ends'):
        read(
            '{"input": "a Step 1: b ки", "label": "a Step 1: b +", "task": "c"}\n'
            '{"input": "a Step 1: b ки", "label": "this is something else", "task": "c"}'.encode()
        )


def test_process_bench() -> None:
    report = read_with_report(DATA / "process_bench" / "gsm8k.json")
    assert report.format == "process_bench"
    first, other = report.forests
    assert (first.prompt, first.n_trees) == ("What is 3*4+2?", 2)
    np.testing.assert_array_equal(first.columns["label"], [1, -1, np.nan, 1])
    np.testing.assert_array_equal(first.reward, [np.nan, np.nan, 0, 1])
    assert first.node_extra[2] == {"source_id": "gsm8k-0", "generator": "Qwen2-7B-Instruct"}
    assert other.columns["label"].tolist()[0] == -1


def test_process_bench_with_a_step_that_is_not_there() -> None:
    with pytest.raises(FormatError, match='"label" is 3, not the number of a step, or -1'):
        read(b'{"problem": "a", "steps": ["b"], "final_answer_correct": true, "label": 3}')
