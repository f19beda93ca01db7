"""verl's dumps: with ids and without, outputs that are intermediate, training and validation side by side."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report


def dump(*rows: dict[str, Any]) -> bytes:
    return "".join(f"{json.dumps({'gts': '14', 'step': 1, **row})}\n" for row in rows).encode()


def row(output: str, score: Any = 1.0, question: str = "3*4+2?", **more: Any) -> dict[str, Any]:
    return {"input": question, "output": output, "score": score, **more}


def test_a_folder() -> None:
    report = read_with_report(DATA / "verl_dumps")
    first, second, third = report.forests
    assert (first.id, first.prompt, first.reference) == ("step 1 · prompt 1", "user\n3*4+2?\nassistant\n", "14")
    assert list(first.text) == ["3*4=12. 12+2=14", "15"]
    assert first.columns["reward.acc"].tolist() == [1.0, 0.0]
    assert np.isnan(second.reward[0])
    assert "reward.acc" not in second.columns
    assert (third.id, list(third.text)) == ("step 2 · prompt 3", ["14", "16"])
    assert third.prompt == "user\n3*4+2?\nassistant\n"
    assert third.node_extra[0] == {
        "intermediate_outputs": [{"input": "user\n3*4+2?\nassistant\n", "output": "Let me see."}],
        "input": "user\n3*4+2?\nassistant\nLet me see.",
    }
    assert report.notes.recognised == {"intermediate outputs of a rollout are kept beside the last one": 1}
    assert report.notes.guessed == {"rollouts of one training step with the same input are one group": 1}


def test_the_last_output_is_that_of_the_highest_number_wherever_it_stands() -> None:
    """The trainer sorts ids as text: `_10` comes before `_2`."""
    rows = [row(f"output {n}", uid=f"a_b_0_{n}") for n in (0, 1, 10, 2)]
    (forest,) = read(dump(*rows))
    assert list(forest.text) == ["output 10"]
    assert [one["output"] for one in forest.node_extra[0]["intermediate_outputs"]] == [
        "output 0",
        "output 1",
        "output 2",
    ]


def test_an_id_that_is_the_prompts_own() -> None:
    forests = read(dump(row("14", uid="6f1c"), row("15", 0.0, uid="6f1c"), row("2", uid="9d0e")))
    assert [list(forest.text) for forest in forests] == [["14", "15"], ["2"]]


def test_training_and_validation_are_no_group() -> None:
    one = dump(row("14", request_id="r1", reward=1.0))
    forests = read({"rollout/1.jsonl": one, "validation/1.jsonl": one})
    assert [forest.n_trees for forest in forests] == [1, 1]
    assert forests[0].node_extra[0] == {"request_id": "r1"}
    assert forests[0].columns["reward.reward"].tolist() == [1.0]


def test_other_values_beside_the_score_are_kept() -> None:
    (forest,) = read(dump(row("14", pred="14", incorrect_format=0, tools=["a"], note=None)))
    assert forest.node_extra[0] == {"pred": "14", "tools": ["a"]}
    assert forest.columns["reward.incorrect_format"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row("14", "good"), 'v.jsonl, line 2: "score" is "good", not a number'),
        ({"input": "a", "score": 1.0, "output": None}, 'v.jsonl, line 2: there is no "output"'),
        ({"output": "a", "score": 1.0}, 'v.jsonl, line 2: there is no "input"'),
    ],
)
def test_a_field_that_is_wrong_is_named(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(dump(row("1"), bad), name="v.jsonl")
    assert str(caught.value).startswith(message)


def test_counts_beside_the_scores_are_no_rewards() -> None:
    row = {"input": "a?", "output": "b", "gts": "c", "score": 1.0, "step": 1, "num_turns": 2, "acc": True}
    (forest,) = read(json.dumps(row).encode())
    assert {name: column.tolist() for name, column in forest.columns.items()} == {"num_turns": [2], "reward.acc": [1]}


def test_numbers_of_very_many_names_are_rewards_too() -> None:
    rows = [{"input": "a", "output": "b", "score": 1, "step": 1, "num_turns": 2, f"n{row}": 1.0} for row in range(100)]
    (forest,) = read(dump(*rows))
    assert {"reward.n7", "num_turns"} <= set(forest.columns)
