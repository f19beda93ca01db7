"""TRL's completions: text and messages, rewards that are missing, columns that are none of a reward function."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from cases import DATA

from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report

CASE = DATA / "trl-1.16.0-plain"
NAN = float("nan")


def written(**columns: list[Any]) -> bytes:
    """A table as the trainer writes it: a data frame, to Parquet."""
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    return buffer.getvalue()


def plain(**more: list[Any]) -> bytes:
    columns: dict[str, list[Any]] = {"step": [3] * 4, "prompt": ["3*4+2? \n"] * 4, "completion": ["14", "14", "15", ""]}
    return written(**(columns | more))


def test_a_folder() -> None:
    report = read_with_report(CASE)
    assert report.format == "trl"
    assert [forest.id for forest in report.forests] == [
        f"step {n} · prompt {k}" for n, k in ((1, 1), (1, 2), (2, 3), (2, 4))
    ]
    first = report.forests[0]
    assert first.prompt.endswith("make 18 from 1 9 9 \n")
    assert first.text[1] == "9 / 1 = 9 , left 9 9 \n 9 + 9 = 18 , left 18 \n <answer> 18 </answer>"
    assert first.reward[0] == pytest.approx(0.0 - 0.41)
    assert first.columns["reward.target_reward"].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert first.claimed["advantage"][0] == pytest.approx(-1.4990051984786987)
    assert first.provenance["training_step"] == 1
    assert report.notes.recognised == {"the reward is the sum of target_reward, length_reward": 2}
    assert "rollouts of one training step with the same prompt are one group" in report.notes.guessed


@pytest.mark.parametrize("name", ["logged", "chat"])
def test_what_a_real_run_logged_beside_its_rewards(name: str) -> None:
    first = read(DATA / f"trl-1.16.0-{name}")[0]
    assert set(first.columns) == {"reward.target_reward", "reward.short_reward", "seconds"}
    assert first.columns["seconds"].tolist() == [25.75, 26.5, 19.75, 26.5]
    assert first.node_extra[0] == {"target": "12"}
    assert first.prompt.endswith("make 12 from 2 2 3 \n")
    assert first.text[2].startswith("aim 6 * 2 \n 3 + 2 = 6 , left 2 6 \n")
    assert np.isnan(first.reward[3])
    assert first.claimed["advantage"][3] == 0.0


def test_missing_rewards_are_not_scored() -> None:
    (forest,) = read(plain(accuracy=[1.0, NAN, 0.0, NAN], style=[0.5, 0.5, NAN, NAN], advantage=[1.0, 0.2, -1.2, 0.0]))
    assert forest.reward[:3].tolist() == [1.5, 0.5, 0.0]
    assert np.isnan(forest.reward[3])
    assert np.isnan(forest.columns["reward.accuracy"]).tolist() == [False, True, False, True]
    assert forest.claimed["advantage"].tolist() == [1.0, 0.2, -1.2, 0.0]


def test_what_was_logged_beside_is_no_reward() -> None:
    extra: dict[str, list[Any]] = {"solution": ["14"] * 4, "words": [1.0, 2.0, 3.0, 4.0], "n": [1, 2, 3, 4]}
    (forest,) = read(plain(accuracy=[1.0, 1.0, 0.0, 0.0], **extra, advantage=[0.9, 0.9, -0.9, -0.9]))
    assert forest.reward.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert forest.node_extra[2] == {"solution": "14"}
    assert forest.columns["words"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert forest.columns["n"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert set(forest.columns) == {"reward.accuracy", "words", "n"}


def test_numbers_after_the_rewards_are_told_by_the_advantages() -> None:
    numbers = {"accuracy": [1.0, 1.0, 0.0, 0.0], "style": [0.5, 0.0, 0.5, 0.0], "seconds": [3.0, 9.0, 2.0, 4.0]}
    reward = np.array(numbers["accuracy"]) + np.array(numbers["style"])
    advantage = ((reward - reward.mean()) / (reward.std(ddof=1) + 1e-4)).tolist()
    report = read_with_report(plain(**numbers, advantage=advantage))
    assert report.forests[0].reward.tolist() == reward.tolist()
    assert report.forests[0].columns["seconds"].tolist() == numbers["seconds"]
    assert "the reward is the sum of accuracy, style" in report.notes.recognised
    weighted = (2 * np.array(numbers["accuracy"]) - np.array(numbers["style"])).tolist()
    report = read_with_report(plain(**numbers, advantage=[value - np.mean(weighted) for value in weighted]))
    assert any("equal weights" in clause for clause in report.notes.guessed)


def test_messages() -> None:
    system = {"role": "system", "content": "Be short."}
    call = {"id": "c", "type": "function", "function": {"name": "calc", "arguments": '{"e": "3*4"}'}}
    prompts = [[system, {"role": "user", "content": "3*4+2?"}]] * 2 + [[{"role": "user", "content": "3*4+2?"}]]
    completions = [
        [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "name": "calc", "content": "12"},
            {"role": "assistant", "content": "14"},
        ],
        [{"role": "assistant", "content": "15\n\n"}],
        [{"role": "assistant", "content": "14"}],
    ]
    data = written(step=[1] * 3, prompt=prompts, completion=completions, ok=[1.0, 0.0, 1.0], advantage=[0.7, -0.7, 0.0])
    first, other = read(data)
    assert first.prompt == other.prompt == "3*4+2?"
    assert first.extra["system"] == "Be short."
    assert first.n_trees == 2
    assert list(first.text) == ["", "14", "15\n\n"]
    assert first.observation[0] == "12"
    assert [str(one) for one in tool_calls("", first.node_extra[0])] == ['calc(e="3*4")']
    assert first.reward[1:].tolist() == [1.0, 0.0]
    assert first.claimed["advantage"][1:].tolist() == [0.7, -0.7]


def test_arguments_that_other_calls_have_are_absent() -> None:
    """A Parquet column of objects has the fields of all rows; those that a call does not have are null there."""

    def calls(**arguments: str) -> list[Any]:
        call = {"type": "function", "function": {"name": "calc", "arguments": arguments}}
        return [{"role": "assistant", "content": "", "tool_calls": [call]}]

    data = written(step=[1, 1], prompt=["a", "a"], completion=[calls(e="3*4"), calls(city="X")], ok=[1.0, 0.0])
    (forest,) = read(data)
    told = [[str(one) for one in tool_calls("", forest.node_extra[row])] for row in (0, 1)]
    assert told == [['calc(e="3*4")'], ['calc(city="X")']]


def test_early_releases_have_no_advantage() -> None:
    (forest,) = read(plain(accuracy=[1.0, 0.0, 0.0, 1.0]))
    assert forest.reward.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert not forest.claimed


def test_a_row_without_an_answer() -> None:
    with pytest.raises(FormatError, match=r'log.parquet, row 2: there is no "completion"'):
        read(plain(completion=["14", None, "15", ""], ok=[0.0] * 4, advantage=[0.0] * 4), name="log.parquet")


def test_many_names_are_refused_soon() -> None:
    """Each row has columns of its own: no table of all names by all rows is made."""
    rows = (
        {"step": 1, "prompt": "a", "completion": "b", "advantage": 0} | {f"n{row}_{n}": 1.0 for n in range(100)}
        for row in range(300)
    )
    with pytest.raises(FormatError, match="1,000 different names"):
        read(b"\n".join(map(orjson.dumps, rows)))


@pytest.mark.parametrize("chats", [True, False])
def test_rows_of_lists_are_the_rollouts_in_them(chats: bool) -> None:
    def said(role: str, *, text: str) -> object:
        return [{"role": role, "content": text}] if chats else text

    row = {
        "step": 7,
        "prompt": [said("user", text="1+1?")] * 2,
        "completion": [said("assistant", text=text) for text in ("2", "3")],
        "own_reward": [1.0, 0.0],
        "advantage": [0.7, -0.7],
    }
    file = io.BytesIO()
    pd.DataFrame([row]).to_parquet(file)
    (forest,) = read(file.getvalue())
    assert (forest.prompt, forest.text, forest.reward.tolist()) == ("1+1?", ("2", "3"), [1.0, 0.0])
    assert forest.claimed["advantage"].tolist() == [0.7, -0.7]


def test_what_holds_for_all_items_of_a_row_is_counted_before_it_is_repeated() -> None:
    row = {"step": 1, "prompt": "a", "completion": ["b"] * 40_000, "advantage": 0} | {f"n{n}": n for n in range(900)}
    with pytest.raises(FormatError, match="40,000 rows with 36,160,000 values would take more than 200 MB"):
        read(orjson.dumps(row) + b"\n")


def test_a_chat_that_is_as_long_as_the_list_is_the_prompt_of_every_item() -> None:
    chat = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "1+1?"}]
    row = {"step": 1, "prompt": chat, "completion": ["2", "3"], "ok": [1.0, 0.0], "advantage": [1.0, -1.0]}
    (forest,) = read(orjson.dumps(row) + b"\n")
    assert (forest.prompt, forest.text, forest.extra["system"]) == ("1+1?", ("2", "3"), "Be short.")


def test_rewards_of_very_many_names_are_told_by_their_place_too() -> None:
    """Beyond some names that not all rows have, numbers are kept row by row; the result is the same."""
    rows = [
        {"step": 1, "prompt": "a", "completion": "b", "ok": 0.5, "advantage": 0, "words": "w"} | {f"n{row}": 1.0}
        for row in range(100)
    ]
    (forest,) = read(b"\n".join(map(orjson.dumps, rows)))
    assert set(forest.reward.tolist()) == {0.5}
    assert {name for name in forest.columns if name.startswith("reward.")} == {"reward.ok"}
    assert forest.columns["n7"][7] == 1.0
