"""Lists of generations: which list is the reward, what else stands beside each answer."""

from __future__ import annotations

import gzip
import io
import json
import math
from typing import Any

import pandas as pd
import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report

CASE = DATA / "datasets-5.2.0-generations"


def row(**fields: Any) -> bytes:
    return json.dumps({"problem": "3*4+2?", "answer": "14", "generations": ["14", "15"], **fields}).encode() + b"\n"


@pytest.mark.parametrize("name", ["openr1_style.jsonl", "openr1_style_array.json", "openr1_style.parquet"])
def test_each_container(name: str) -> None:
    report = read_with_report(CASE / name)
    assert report.format == "generations"
    assert report.notes.recognised == {'the reward is "correctness_math_verify"': 1}
    first = report.forests[0]
    assert (first.prompt, first.reference) == ("make 18 from 1 9 9", "18")
    assert first.text[1] == "9 / 1 = 9 , left 9 9 \n 9 + 9 = 18 , left 18 \n <answer> 18 </answer>"
    assert first.reward.tolist() == [0.0, 1.0, 1.0, 1.0]
    assert first.columns["reward.is_reasoning_complete"].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert math.isnan(first.columns["reward.correctness_llama"][0])
    assert first.columns["reward.length_reward"][1] == pytest.approx(-0.2)
    assert first.node_extra[0] == {"finish_reasons": "length"}
    assert first.status.tolist() == [Status.TRUNCATED, *[Status.TERMINATED] * 3]
    assert first.extra["source"] == "countdown"
    assert [one["role"] for one in first.extra["messages"]] == ["user"]
    assert "reward.correctness_llama" not in report.forests[1].columns


@pytest.mark.parametrize("text", ["text", "response", "generation"])
def test_answers_that_are_objects(text: str) -> None:
    items = [{text: "14", "overall_score": 8.5, "model": "m"}, {text: "15", "overall_score": None, "model": "n"}]
    report = read_with_report(json.dumps({"instruction": "3*4+2?", "source": "s", "completions": items}).encode())
    (forest,) = report.forests
    assert report.format == "generations"
    assert (list(forest.text), forest.reward[0]) == (["14", "15"], 8.5)
    assert math.isnan(forest.reward[1])
    assert [forest.node_extra[row] for row in (0, 1)] == [{"model": "m"}, {"model": "n"}]
    assert forest.extra == {"source": "s"}


@pytest.mark.parametrize(
    ("lists", "reward"),
    [
        ({"length_reward": [1, 2], "correct": [True, False]}, [1.0, 0.0]),
        ({"correct": [True, False], "rewards": [0.5, 0.25]}, [0.5, 0.25]),
        ({"ratings": [5, 1], "tokens": [5, 6]}, [5.0, 1.0]),
        ({"correct_a": [None, True], "correct_b": [True, False]}, [1.0, 0.0]),
        ({"tokens": [5, 6], "is_complete": [True, False]}, [None, None]),
        ({"correct": [True]}, [None, None]),
        ({"correct": ["yes", "no"]}, [None, None]),
    ],
)
def test_which_list_is_the_reward(lists: dict[str, Any], reward: list[float | None]) -> None:
    (forest,) = read(row(**lists))
    assert [None if value != value else value for value in forest.reward.tolist()] == reward
    if lists == {"correct": [True]}:
        assert forest.extra["correct"] == [True]


def test_other_names_and_chats() -> None:
    said = [[{"role": "assistant", "content": "14"}], [{"role": "assistant", "content": "15"}]]
    (forest,) = read(json.dumps({"question": "3*4+2?", "responses": said, "score": [1, None]}).encode())
    assert (forest.prompt, list(forest.text)) == ("3*4+2?", ["14", "15"])
    assert forest.reward[0] == 1.0
    assert math.isnan(forest.reward[1])


def test_a_column_of_text_is_no_list() -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"prompt": ["a"], "responses": ["b"]}).to_parquet(buffer)
    with pytest.raises(FormatError, match="known format"):
        read(buffer.getvalue(), name="a.parquet")


def test_an_item_that_is_missing() -> None:
    report = read_with_report(row() + row(problem="1+1?", generations=["2", None], correct=[True, False]))
    assert [forest.n_trees for forest in report.forests] == [2, 1]
    assert report.notes.dropped == {'empty items of "generations"': 1}


def test_rows_of_one_prompt_join() -> None:
    report = read_with_report(row(uuid="a") + row(uuid="b", generations=["16"]))
    (forest,) = report.forests
    assert (list(forest.text), forest.extra["uuid"]) == (["14", "15", "16"], "a")
    assert report.notes.dropped == {"fields of further rows of the same prompt and reference": 1}


def test_a_wrong_list_names_its_line() -> None:
    with pytest.raises(FormatError, match=r'run.jsonl, line 2: "generations" is "14", not a list'):
        read(row() + row(generations="14"), name="run.jsonl")
    with pytest.raises(FormatError, match='line 2: there is no "prompt"'):
        read(row() + row(problem=None), name="run.jsonl")


def test_objects_of_very_many_fields_are_counted_before_lists_of_them_are_made() -> None:
    answers = [{"text": "a", f"n{n}": 1} for n in range(20_000)]
    with pytest.raises(FormatError, match="20,000 rows with 400,000,000 values would take more than 200 MB"):
        read(json.dumps({"problem": "p", "completions": answers}).encode())


def test_items_and_their_lists_are_counted_as_they_are_read() -> None:
    with pytest.raises(FormatError, match="more than 100,000 rows in a file of this size"):
        read(gzip.compress(row(generations=["a"] * 20_001) * 5))
    lists = {f"n{n}": [1] * 10 for n in range(900)}
    with pytest.raises(FormatError, match="would take more than 200 MB"):
        read(gzip.compress(row(generations=["a"] * 10, **lists) * 400))
