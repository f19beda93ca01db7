"""Chat rows with rewards: what the prompt is, what belongs together."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.formats.readers.chat_parts import alike


def row(*said: str, **fields: Any) -> bytes:
    """A chat of messages that begin with u, a or t: of the user, the model, a tool."""
    roles = {"u": "user", "a": "assistant", "t": "tool"}
    messages = [{"role": roles[one[0]], "content": one} for one in said]
    return json.dumps({"messages": messages, **fields}).encode() + b"\n"


def test_the_fixture() -> None:
    report = read_with_report(DATA / "chats" / "chats.jsonl")
    assert report.format == "chats"
    first, other = report.forests
    assert (first.prompt, first.reference, first.extra["system"]) == ("3*4+2?", "14", "Be short.")
    assert list(first.text) == ["3*4=12. 12+2=14", "15", "", "14", "I will not say."]
    assert first.observation[2] == "14"
    assert first.columns["length"][1] == 1.0
    assert math.isnan(first.reward[4])
    assert other.prompt == "user:\nTwo lines, $x$ and <b>:\n\n1\n\nassistant:\n2\n\nuser:\nAnd 2?"
    assert other.node_extra[0] == {"weight": 1}
    assert other.reward[0] == 0.5


def test_answers_to_the_last_question_are_a_group() -> None:
    (forest,) = read(row("u1", "a1", "u2", "a2", reward=1) + row("u1", "a1", "u2", "a3", "t", "a4", reward=0))
    assert (forest.n_trees, list(forest.text)) == (2, ["a2", "a3", "a4"])
    assert [one["content"] for one in forest.extra["messages"]] == ["u1", "a1", "u2"]


def test_chats_with_a_user_in_them_are_grouped_by_their_beginning() -> None:
    report = read_with_report(row("u1", "a1", "u2", "a2", reward=1) + row("u1", "a3", "u4", "a5", reward=0))
    (forest,) = report.forests
    assert (forest.prompt, forest.n_trees) == ("u1", 2)
    assert list(forest.observation) == ["u2", "", "u4", ""]
    assert report.notes.guessed == {"chats with the same messages before the answer are one group": 1}


def test_fields_beside_the_messages() -> None:
    (forest,) = read(row("u1", "a1", "u2", "a2", group="g") + row("u1", "a3", "u4", "a4", group="g"))
    assert (forest.prompt, list(forest.text)) == ("u1", ["a1", "a2", "a3", "a4"])
    rows = row("u1", "a1", reward=1, advantage=0.5, group_id="g", step=4, tools=[{"type": "function"}], note="x")
    rows += row("u1", "a2", reward=0, advantage=-0.5, group_id="g", step=4, score=0.25)
    report = read_with_report(rows)
    (forest,) = report.forests
    assert forest.n_trees == 2
    assert forest.claimed["advantage"].tolist() == [0.5, -0.5]
    assert forest.provenance["training_step"] == 4
    assert forest.extra["tools"] == [{"type": "function"}]
    assert forest.node_extra[0]["note"] == "x"
    assert forest.columns["score"][1] == 0.25
    assert report.notes.recognised == {'"group_id" names the group': 1}


def test_a_wrong_field_names_its_line() -> None:
    with pytest.raises(FormatError, match=r'run.jsonl, line 2: "reward" is "good", not a number'):
        read(row("u", "a", reward=1) + row("u", "a", reward="good"), name="run.jsonl")
    with pytest.raises(FormatError, match=r'line 2: "messages" is \["x"\], not a list of messages'):
        read(row("u", "a", reward=1) + b'{"messages": ["x"]}')


def test_chats_that_nobody_answered() -> None:
    report = read_with_report(row("u", "a", correct=True, metadata={"id": 1}) + row("u"))
    assert report.forests[0].reward.tolist() == [1.0]
    assert report.forests[0].node_extra[0] == {"metadata": {"id": 1}}
    assert report.notes.dropped == {"chats without an answer of the model": 1}
    with pytest.raises(FormatError, match=r"a.jsonl: no chat has an answer of the model"):
        read(row("u", reward=1), name="a.jsonl")


def test_chats_of_sharegpt() -> None:
    first, second = read(DATA / "sharegpt")
    assert (first.prompt, first.extra) == ("3*4+2?", {"system": "Use tools.", "tools": '[{"name": "calc"}]'})
    assert list(first.observation) == ["12", "", ""]
    assert [str(call) for call in tool_calls("", first.node_extra[0])] == ['calc(e="3*4")']
    assert first.node_extra[2] == {"source_id": "a1", "weight": 0}
    assert second.extra["system"] == "Be short."


@pytest.mark.parametrize("name", ["rewards", "reward"])
def test_rewards_by_function_are_columns_and_their_sum_the_reward(name: str) -> None:
    said = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}]
    report = read_with_report(json.dumps({"messages": said, name: {"right": 1.0, "form": 0.5}}).encode())
    (forest,) = report.forests
    assert forest.reward.tolist() == [1.5]
    assert {name: column.tolist() for name, column in forest.columns.items()} == {
        "reward.right": [1.0],
        "reward.form": [0.5],
    }
    assert f'the reward of a chat without one is the plain sum of its "{name}"' in report.notes.guessed


def test_what_says_how_an_answer_ended() -> None:
    rows = [row("u1", f"a{n}", reward="0.5", **said) for n, said in enumerate(({"finish_reason": "length"}, {}))]
    (forest,) = read(b"".join(rows))
    assert forest.status.tolist() == [Status.TRUNCATED, -1]
    assert forest.reward.tolist() == [0.5, 0.5]


def test_the_same_prompt_in_two_files_is_one_forest(tmp_path: Path) -> None:
    """Chats that are all alike are parted by columns, others one by one."""
    (tmp_path / "a.jsonl").write_bytes(row("u1", "a1", reward=1) + row("u1", "a2", reward=0))
    (tmp_path / "b.jsonl").write_bytes(row("u1", "a3", reward=1) + row("u2", "a4", "t", "a5", reward=0))
    first, other = read(tmp_path)
    assert (first.prompt, first.text) == ("u1", ("a1", "a2", "a3"))
    assert other.prompt == "u2"


def test_the_same_words_of_another_role_are_another_prompt(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(row("u1", "a1", reward=1))
    (tmp_path / "b.jsonl").write_bytes(row("t1", "a1", reward=1).replace(b"t1", b"u1"))
    assert len(read(tmp_path)) == 2


@pytest.mark.parametrize(
    "chats",
    [
        [],
        [None],
        [[{"role": "user", "content": "q"}]],
        [[{"role": "user", "content": "q"}, {"role": "assistant", "text": "a"}]],
        [[{"role": "user", "content": "q"}, {"role": "assistant", "content": None}]],
        [[{"role": "user", "content": "q"}, "a"]],
        [[{"role": "assistant", "content": "a"}, {"role": "user", "content": "q"}]],
    ],
    ids=["none", "null", "no answer", "another name", "no words", "no object", "in another order"],
)
def test_columns_take_only_chats_of_plain_words(chats: list[Any]) -> None:
    assert alike(chats) is None
