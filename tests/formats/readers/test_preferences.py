"""Preference rows in the shapes that OpenAI and TRL document."""

from __future__ import annotations

import math
from typing import Any

import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report

CASE = DATA / "preferences"


def told(name: str) -> list[tuple[str, list[str], list[float]]]:
    """Prompt, answers and rewards of each forest of a fixture."""
    report = read_with_report(CASE / name)
    assert report.format == "preferences"
    return [(forest.prompt, list(forest.text), forest.reward.tolist()) for forest in report.forests]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("openai.jsonl", [("3*4+2?", ["14", "15", "fourteen", "9"], [1.0, 0.0, 1.0, 0.0])]),
        ("pairs.jsonl", [("3*4+2?", ["14", "15"], [1.0, 0.0]), ("1+1?", ["2", "3"], [1.0, 0.0])]),
        ("chats.jsonl", [("3*4+2?", ["14", "15"], [8.5, 3.0])]),
        (
            "implicit.jsonl",
            [
                ("\n\nHuman: 3*4+2?\n\nAssistant:", [" 14", " 15"], [1.0, 0.0]),
                ("The sky is ", ["blue.", "green."], [1.0, 0.0]),
            ],
        ),
        ("liked.jsonl", [("3*4+2?", ["14", "15"], [1.0, 0.0])]),
    ],
)
def test_each_shape(name: str, wanted: list[Any]) -> None:
    assert told(name) == wanted


def test_scores_and_the_preference_stay_both() -> None:
    (forest,) = read(CASE / "chats.jsonl")
    assert forest.columns["reward.preferred"].tolist() == [1.0, 0.0]
    (forest, _) = read(CASE / "pairs.jsonl")
    assert forest.node_extra == {0: {"source": "made up"}, 1: {"source": "made up"}}


def test_tools_stand_beside_the_prompt() -> None:
    (forest,) = read(CASE / "openai.jsonl")
    assert forest.extra == {"tools": [], "parallel_tool_calls": True}
    assert not forest.node_extra


def test_a_score_of_one_side_stays_beside_it() -> None:
    (forest,) = read(b'{"prompt":"a","chosen":"b","rejected":"c","score_chosen":3.5,"score_rejected":null}')
    assert forest.reward.tolist() == [1.0, 0.0]
    assert forest.node_extra[0] == {"score_chosen": 3.5}


def test_a_prompt_of_messages_that_both_sides_repeat() -> None:
    user, model = '{"role":"user","content":"a"}', '{"role":"assistant","content":"b"}'
    (forest,) = read(f'{{"prompt":[{user}],"chosen":[{user},{model}],"rejected":[{user},{model}]}}'.encode())
    assert (forest.prompt, list(forest.text)) == ("a", ["b", "b"])
    (forest,) = read(f'{{"prompt":[{user}],"chosen":[{model}],"rejected":[{model}]}}'.encode())
    assert (forest.prompt, list(forest.text)) == ("a", ["b", "b"])


def test_an_opinion_that_is_missing() -> None:
    rows = b'{"prompt":"a","completion":"b","label":true}\n{"prompt":"a","completion":"c","label":null}'
    (forest,) = read(rows)
    assert forest.reward[0] == 1.0
    assert math.isnan(forest.reward[1])
    with pytest.raises(FormatError, match='line 2: there is no "rejected"'):
        read(b'{"prompt":"a","chosen":"b","rejected":"c"}\n{"prompt":"a","chosen":"b","rejected":null}')
