"""ms-swift's completions: a dict of columns a line, and plain rows."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.compare import losses
from treecore.formats.files import read_with_report

CASE = DATA / "ms_swift"


def test_columns() -> None:
    report = read_with_report(CASE / "completions.jsonl")
    assert report.format == "ms_swift"
    assert [forest.id for forest in report.forests] == ["step 7 · prompt 1", "step 8 · prompt 2", "step 8 · prompt 3"]
    first = report.forests[0]
    assert first.prompt == "<|im_start|>user\n3*4+2?<|im_end|>\n"
    assert list(first.text) == ["14", "15", "16"]
    assert first.reward.tolist()[:2] == [1.5, 0.0]
    assert math.isnan(first.reward[2])
    assert first.columns["reward.MathAccuracy"].tolist()[:2] == [1.0, 0.0]
    assert math.isnan(first.columns["reward.Format"][1])
    assert first.columns["num_turns"].tolist() == [1.0, 2.0, 1.0]
    assert first.columns["entropy"].tolist() == [0.25, 0.5, 0.75]
    assert first.claimed["advantage"].tolist() == [1.0, -1.0, 0.0]
    assert first.reference == "14"
    assert report.notes.recognised == {"the reward is the sum of MathAccuracy, Format": 5}


def test_the_megatron_trainer() -> None:
    (forest,) = read(CASE / "megatron.jsonl")
    assert forest.provenance["training_step"] == 3
    assert forest.reward.tolist() == [1.0, 0.0]
    assert forest.claimed["advantage"].tolist() == [0.7, -0.7]


def test_plain_rows() -> None:
    first, other = read(CASE / "rows.jsonl")
    assert first.reward.tolist() == [1.0, 0.0]
    assert not first.columns
    assert math.isnan(other.reward[0])
    assert other.provenance["training_step"] == 5


def test_what_holds_for_all_items_of_a_line() -> None:
    line = (
        b'{"gen_step": 2, "run": "x", "prompt": ["a", "a"], "completion": ["b", "c"], "acc": [1], "advantages": [0, 0]}'
    )
    (forest,) = read(line)
    assert forest.provenance["training_step"] == 2
    assert forest.extra == {"run": "x"}
    assert forest.reward[0] == 1.0
    assert math.isnan(forest.reward[1])


@pytest.mark.parametrize("cost", [[7, 8], [7]])
@pytest.mark.parametrize("advantages", [None, [0.5, -0.5]])
def test_what_stands_after_the_advantages_is_no_reward(cost: list[int], advantages: list[float] | None) -> None:
    line = {"step": [1, 1], "prompt": ["a", "a"], "completion": ["x", "y"], "accuracy": [1, 0]}
    (forest,) = read(json.dumps(line | {"advantages": advantages, "cost": cost}).encode())
    assert forest.reward.tolist() == [1.0, 0.0]
    assert {"reward.accuracy", "cost"} == set(forest.columns)


def test_lines_may_have_other_rewards_in_another_order() -> None:
    line = {"step": [1, 1], "prompt": ["a", "a"], "completion": ["x", "y"]}
    lines = (
        line | {"form": [0.5, None], "accuracy": [1, 0], "advantages": [0, 0]},
        line | {"advantages": [0, 0], "accuracy": [4, 5]},
        line | {"accuracy": [True, False], "form": [2, "none"], "advantages": [0, 0], "length": [1, 2]},
    )
    (forest,) = read("\n".join(map(json.dumps, lines)).encode())
    assert [None if math.isnan(reward) else reward for reward in forest.reward] == [1.5, 0, None, None, 3, 0]
    assert set(forest.columns) == {"reward.form", "reward.accuracy", "accuracy", "length"}
    assert [value for value in forest.columns["reward.form"].tolist() if value == value] == [0.5, 2.0]
    assert forest.node_extra == {5: {"form": "none"}}


def test_columns_of_unequal_length() -> None:
    line = b'{"step": ["1"], "prompt": ["a", "b"], "completion": ["x"], "acc": [1, 0], "advantages": [0, 0]}'
    with pytest.raises(FormatError, match='"completion" has 1 value for 2 prompts'):
        read(line)


def test_a_wrong_number_names_its_place() -> None:
    line = b'{"step": ["1"], "prompt": ["a"], "completion": ["x"], "acc": [1], "advantages": ["high"]}\n'
    with pytest.raises(FormatError, match=r'run.jsonl, line 2, item 0: "advantages" is "high", not a number'):
        read(line.replace(b'"high"', b"0") + line, name="run.jsonl")


@pytest.mark.parametrize("folded", [True, False])
def test_chats_in_place_of_prompt_and_completion(folded: bool) -> None:
    chats = [[{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": text}] for text in ("2", "3")]
    rows = [
        {"step": "7", "messages": chat, "own_reward": reward, "advantages": reward - 0.5}
        for chat, reward in zip(chats, (1.0, 0.0), strict=True)
    ]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    report = read_with_report("\n".join(map(json.dumps, [columns] if folded else rows)).encode())
    (forest,) = report.forests
    assert (report.format, forest.prompt, forest.text) == ("ms_swift", "1+1?", ("2", "3"))
    assert forest.reward.tolist() == [1.0, 0.0]
    assert forest.claimed["advantage"].tolist() == [0.5, -0.5]
    assert forest.provenance["training_step"] == 7


def test_chats_without_a_user_keep_what_the_system_said() -> None:
    chat = [{"role": "system", "content": "Greet."}, {"role": "assistant", "content": "Hello."}]
    (forest,) = read(json.dumps({"step": "7", "messages": chat, "advantages": 0.5}).encode())
    assert (forest.extra["system"], forest.text) == ("Greet.", ("Hello.",))


def test_what_holds_for_all_items_is_counted_before_it_is_copied() -> None:
    n = 6000
    chats = [[{"role": "system", "content": "s"}, {"role": "user", "content": f"{place}"}] for place in range(n)]
    line = {"step": ["1"] * n, "prompt": chats, "completion": ["a"] * n} | {f"k{place}": "t" for place in range(9_000)}
    with pytest.raises(FormatError, match="more than 200 MB"):
        read(json.dumps(line | {"advantages": [0] * n}).encode())


CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
ANSWER = [
    {"role": "assistant", "content": "one"},
    {"role": "tool", "content": "t"},
    {"role": "assistant", "content": "a"},
]
LINES: dict[str, dict[str, Any]] = {
    "scores": {
        "acc": [1, 0.1],
        "form": [None, 0.2],
        "late": [True, 0.3],
        "none": [None, None],
        "advantages": [0.5, None],
    },
    "one reward": {"reward": [1, None], "advantages": [0, 0]},
    "no advantages": {"acc": [1, 0], "solution": ["7", None], "gen_step": 4, "run": {"name": "x"}},
    "words beside": {
        "acc": [1, 0],
        "advantages": [0, 1],
        "kind": ["easy", 3],
        "length": [4, None],
        "all": [None, None],
    },
    "words among rewards": {"acc": [1, "none"], "advantages": [0, 1]},
    "advantages of tokens": {"acc": [1, 0], "advantages": [[1, 2], [3]], "step": ["7", "8"]},
    "one name twice": {"acc": [1, 0], "advantages": [0, 1], "reward.acc": [None, 5]},
    "shorter": {"acc": [1], "advantages": [0, 1]},
    "chats": {
        "prompt": [CHAT, CHAT[1:]],
        "completion": [ANSWER, ANSWER[2:]],
        "run": "x",
        "acc": [1, 0],
        "advantages": [0, 1],
    },
    "of one line": {"acc": [1, 0], "advantages": [0, 1], "run": {"name": "x"}, "solution": "7"},
    "chats as lists": {"prompt": [["a"], ["b"]], "acc": [1, 0], "advantages": [0, 1]},
}


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("name", LINES)
def test_columns_give_what_items_give_one_by_one(name: str, folded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"step": ["1", "1"], "prompt": ["a", "a"], "completion": ["x", "y"]} | LINES[name]
    whole = {key: values for key, values in line.items() if not isinstance(values, list)}
    listed = {key: values for key, values in line.items() if isinstance(values, list)}
    rows = [{key: values[n] for key, values in listed.items() if n < len(values)} | whole for n in range(2)]
    content = "\n".join(map(json.dumps, [line, line] if folded else rows)).encode()
    at_once = read_with_report(content)
    monkeypatch.setattr("treecore.formats.readers.ms_swift._table", lambda *_: None)
    one_by_one = read_with_report(content)
    assert losses(one_by_one.forests, at_once.forests) == losses(at_once.forests, one_by_one.forests) == []
    assert at_once.notes == one_by_one.notes


def test_items_that_are_alike_become_no_rollouts(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*_: Any) -> None:
        raise AssertionError("a rollout is made")

    monkeypatch.setattr("treecore.formats.readers.ms_swift._rollout", made)
    assert sum(map(len, read(CASE / "completions.jsonl"))) == 5
