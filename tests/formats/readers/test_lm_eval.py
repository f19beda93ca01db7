"""lm-eval's samples: a document once for each filter, its responses once and unscored."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.formats.notes import Notes
from treecore.formats.readers.lm_eval import read_lm_eval
from treecore.formats.source import open_source

CASE = DATA / "lm_eval-0.4.13"
SAMPLES = next(CASE.glob("samples_*.jsonl"))


def line(**fields: Any) -> bytes:
    row = {"doc_id": 0, "doc": {"question": "3*4+2?"}, "target": "14", "arguments": {}, "resps": [["14", "15"]]}
    return json.dumps(row | fields).encode() + b"\n"


def test_repeats_are_a_group_and_filters_stay_beside_the_prompt() -> None:
    report = read_with_report(CASE)
    assert report.format == "lm_eval"
    assert len(report.forests) == 3
    first = report.forests[0]
    assert first.n_trees == 4
    assert np.isnan(first.reward).all()
    assert not first.columns
    assert first.prompt.endswith("make 18 from 1 9 9 \n")
    assert first.reference == "18"
    assert first.task == "tiny_countdown"
    assert first.policy["model"] == "tiny"
    assert first.policy["temperature"] == 1.0
    assert first.text[1] == "aim 18 / 1 \n 9 + 9 = 18 , left 1 18 \n 18 * 1 = 18 , left 18 \n <answer> 18 </answer>"
    assert [forest.extra["filters"]["first"]["exact_match"] for forest in report.forests] == [1.0, 1.0, 0.0]
    assert [forest.extra["filters"]["majority"]["exact_match"] for forest in report.forests] == [1.0, 1.0, 1.0]
    assert first.extra["filters"]["first"]["filtered_resps"] == ["18"]
    assert first.extra["doc"]["target"] == "18"


def test_the_results_beside_it_are_not_unknown() -> None:
    files = {path.name: path.read_bytes() for path in CASE.glob("*_2026*")}
    assert len(files) == 2
    assert not read_with_report(files).notes.dropped


def test_the_file_alone_finds_its_neighbour() -> None:
    assert read(SAMPLES)[0].policy["model"] == "tiny"


def test_one_response_has_the_scores_in_columns() -> None:
    rows = line(resps=[["14"]], filter="strict", exact_match=1.0) + line(
        resps=[["14"]], filter="flexible", exact_match=0
    )
    (forest,) = read(rows)
    assert np.isnan(forest.reward).all()
    assert {name: values.tolist() for name, values in forest.columns.items()} == {
        "exact_match,strict": [1.0],
        "exact_match,flexible": [0.0],
    }


def test_shapes_of_the_request() -> None:
    (forest,) = read(line())
    assert (forest.prompt, list(forest.text)) == ("3*4+2?", ["14", "15"])
    (forest,) = read(line(arguments=[["Q: 3*4+2?\nA:", {"until": ["\n"]}]]))
    assert (forest.prompt, forest.policy["until"]) == ("Q: 3*4+2?\nA:", ["\n"])
    chat = json.dumps([{"role": "system", "content": "Be short."}, {"role": "user", "content": "3*4+2?"}])
    for given in (chat, [chat]):
        (forest,) = read(line(arguments={"gen_args_0": {"arg_0": given, "arg_1": {}}}))
        assert (forest.prompt, forest.extra["system"]) == ("3*4+2?", "Be short.")


def test_two_runs_of_a_document_join() -> None:
    (forest,) = read(line(filter="none") + line(filter="none", resps=[["16"]]))
    assert list(forest.text) == ["14", "15", "16"]


def test_likelihoods_are_no_rollouts() -> None:
    choices = line(
        arguments={
            "gen_args_0": {"arg_0": "3*4+2?", "arg_1": " 14"},
            "gen_args_1": {"arg_0": "3*4+2?", "arg_1": " 15"},
        },
        resps=[[["-1.5", "True"]], [["-2.5", "False"]]],
    )
    with pytest.raises(FormatError, match=r"a.jsonl: no document has a response that is text"):
        read(choices, name="a.jsonl")
    rolling = line(arguments={"gen_args_0": {"arg_0": "a text"}}, resps=[["-12.5"]])
    report = read_with_report(line(doc_id=1) + choices + rolling)
    assert [forest.extra["doc_id"] for forest in report.forests] == [1]
    assert report.notes.dropped == {"log likelihoods of choices": 3}


def test_responses_of_a_request_share_its_settings() -> None:
    """A copy of them for each would be large where both are many."""
    given = line(arguments=[["q", {"temperature": 1.0}]])
    (answers,) = read_lm_eval(open_source(given), Notes())
    assert answers.text == ["14", "15"]
    assert answers.policy == {0: {"temperature": 1.0}}


def test_responses_of_another_line_are_taken_where_they_differ_from_all_before() -> None:
    given = [["14", "15"]], [["14", "15"]], [["14", "16"]], [["14", "16"]], [["14", "15"]]
    (forest,) = read(b"".join(line(resps=resps, filter=f"f{number}") for number, resps in enumerate(given)))
    assert forest.text == ("14", "15", "14", "16")
    assert len(forest.extra["filters"]) == 5


def test_responses_that_are_alike_are_counted_as_they_are_read() -> None:
    with pytest.raises(FormatError, match="more than 100,000 rows in a file of this size"):
        read(gzip.compress(line(resps=[["a"] * 100_001], arguments=[["q", {}]])), name="run.jsonl")
