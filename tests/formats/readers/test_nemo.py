"""NeMo Gym and NeMo-RL: items of the Responses API, and advantages of single tokens."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import DATA

from treecore.core.builder import NAN
from treecore.core.columns import Status
from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.formats.token_lists import mean, stretches_of


def test_nemo_gym() -> None:
    report = read_with_report(DATA / "nemo_gym" / "rollouts.jsonl")
    assert report.format == "nemo_gym"
    first, second = report.forests
    assert (first.prompt, first.reference, first.task) == ("3*4+2?", "14", "simple_agent")
    assert first.extra == {"system": "Use tools.", "tools": [{"type": "function", "name": "calc"}]}
    assert first.policy == {"model": "tiny", "temperature": 1.0}
    assert list(first.text) == ["Let me see.", "14", "15"]
    assert list(first.observation) == ["14", "", ""]
    assert first.node_extra[0]["reasoning_content"] == "I should calculate."
    assert [str(call) for call in tool_calls("", first.node_extra[0])] == ['calc(e="3*4+2")']
    assert first.node_extra[1] == {"usage": {"total_tokens": 9}, "level": 5}
    assert first.n_model_tokens.tolist()[:2] == [3, 1]
    assert first.tokens is not None
    assert first.tokens.logprob.tolist() == [-0.1, -0.2, -0.3, -0.4]
    assert first.status[2] == Status.TRUNCATED
    np.testing.assert_array_equal(first.columns["accuracy"], [np.nan, 1, 0])
    assert second.prompt == "1+1?"
    assert np.isnan(second.reward[0])


def test_what_lies_beside_the_rollouts_of_nemo_gym() -> None:
    report = read_with_report(
        {path.name: path.read_bytes() for path in (DATA / "nemo_gym").iterdir() if path.suffix == ".jsonl"}
    )
    assert report.notes.dropped == {"rollouts that failed": 1}


def gym_row(task: int, number: int, asked: str) -> dict[str, object]:
    said = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": f"{asked}{number}"}]}]
    return {
        "_ng_task_index": task,
        "_ng_rollout_index": number,
        "reward": 1.0,
        "responses_create_params": {"input": asked},
        "response": {"output": said},
    }


def gym_files(**files: list[dict[str, object]]) -> dict[str, bytes]:
    return {f"{name}.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows).encode() for name, rows in files.items()}


def test_shards_of_a_run_of_nemo_gym_are_one_run() -> None:
    forests = read(
        gym_files(a_0=[gym_row(0, 0, "x"), gym_row(1, 0, "y")], a_1=[gym_row(0, 1, "x"), gym_row(1, 1, "y")])
    )
    assert [(forest.prompt, forest.n_trees) for forest in forests] == [("x", 2), ("y", 2)]


def test_shards_in_folders_of_their_own_are_one_run() -> None:
    files = {f"out/shard_{n}/rollouts.jsonl": gym_files(a=[gym_row(0, n, "x")])["a.jsonl"] for n in range(3)}
    assert [forest.n_trees for forest in read(files)] == [3]


def test_shards_that_number_their_own_tasks_keep_them_apart() -> None:
    forests = read(
        gym_files(a_0=[gym_row(0, 0, "x"), gym_row(0, 1, "x")], a_1=[gym_row(0, 0, "y"), gym_row(0, 1, "y")])
    )
    assert [(forest.prompt, forest.n_trees) for forest in forests] == [("x", 2), ("y", 2)]


def test_two_runs_of_nemo_gym_stay_two() -> None:
    rows = [gym_row(0, 0, "x"), gym_row(0, 1, "x")]
    forests = read(gym_files(first=rows, second=rows))
    assert [forest.n_trees for forest in forests] == [2, 2]


def test_nemo_rl() -> None:
    report = read_with_report(DATA / "nemo_rl" / "train_data_step7.jsonl")
    first, second = report.forests
    assert (first.id, first.prompt) == ("step 7 · prompt 1", "3*4+2?")
    assert list(first.text) == ["14", "Let me see.", "15"]
    assert list(first.observation) == ["", "Go on.", ""]
    np.testing.assert_array_equal(first.claimed["advantage"], [0.7, -0.7, -0.5])
    assert first.columns["prev_logprobs"].tolist() == [-0.4, -0.1, -0.4]
    assert first.tokens is not None
    assert first.tokens.id.tolist() == [5, 6, 5, 6]
    assert second.prompt == "Be short.\n\n1+1?"
    assert (list(second.text), list(second.observation)) == (["2"], ["Right."])
    assert np.isnan(second.reward[0])
    assert second.claimed["advantage"].tolist() == [0.0]


def test_advantages_that_differ_within_a_turn_are_kept() -> None:
    row = {"idx": 0, "content": ["a", "b"], "rewards": 1, "token_ids": [1, 5, 6], "token_loss_mask": [0, 1, 1]}
    (forest,) = read(json.dumps(row | {"advantages": [0.0, 0.25, 0.75]}).encode())
    assert forest.claimed["advantage"].tolist() == [0.5]
    assert forest.node_extra[0] == {"token_advantages": [0.25, 0.75]}


GYM = {"_ng_task_index": 0, "reward": 1, "responses_create_params": {"input": "a"}, "response": {"output": []}}
RL = {"idx": 0, "content": ["a", "b"], "rewards": 1, "token_ids": [1, 5], "token_loss_mask": [0, 1]}


@pytest.mark.parametrize(
    ("row", "change", "message"),
    [
        (GYM, {"response": {"output": ["x"]}}, '"output" is ["x"], not a list of objects'),
        (GYM, {"reward": "x"}, '"reward" is "x", not a number'),
        (GYM, {"response": {"output": [{"generation_token_ids": ["x"]}]}}, "output[0]"),
        (RL, {"content": [1]}, '"content" is [1], not a list of texts'),
        (RL, {"advantages": [1]}, '"advantages" holds 1 value for 2 tokens'),
        (RL, {"token_loss_mask": [1]}, '"token_loss_mask" holds 1 value for 2 tokens'),
    ],
)
def test_a_field_that_is_wrong_is_named(row: dict[str, object], change: dict[str, object], message: str) -> None:
    lines = f"{json.dumps(row)}\n{json.dumps(row | change)}\n".encode()
    with pytest.raises(FormatError) as caught:
        read(lines, name="dump.jsonl")
    assert str(caught.value).startswith("dump.jsonl, line 2")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("mask", "stretches"),
    [([], []), ([0, 0], []), ([1, 1], [(0, 2)]), ([True, False, 0.5, 2], [(0, 1), (2, 4)])],
    ids=str,
)
def test_stretches_of_a_mask(mask: list[float], stretches: list[tuple[int, int]]) -> None:
    assert [(one.start, one.stop) for one in stretches_of(mask)] == stretches


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], None),
        ([NAN, NAN], None),
        ([0.1, NAN, 0.1], 0.1),
        ([0.1] * 10, 0.1),
        ([1, NAN, 2], 1.5),
        ([1e16, 1, -1e16], 1 / 3),
    ],
    ids=str,
)
def test_means_leave_out_what_is_not_known(values: list[float], found: float | None) -> None:
    assert mean(values) == found
