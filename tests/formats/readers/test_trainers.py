"""Dumps of trainers that write one rollout a line: AReaL, SkyRL, Agent Lightning, tinker-cookbook."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report


def test_areal() -> None:
    report = read_with_report(DATA / "areal")
    first, second = report.forests
    assert (first.id, first.prompt) == ("step 3 · prompt 1", "3*4+2?")
    assert list(first.text) == ["3*4=12\n14", "15"]
    assert first.reward.tolist() == [1.0, 0.0]
    assert first.n_model_tokens.tolist() == [2, 1]
    assert first.columns["head_version"].tolist() == [2.0, 3.0]
    assert np.isnan(second.reward[0])
    assert report.notes.guessed == {"the folder that a file lies in is the training step": 2}


def test_skyrl() -> None:
    report = read_with_report(DATA / "skyrl")
    first, second = report.forests
    assert (first.id, first.task, first.reference) == ("step 20 · prompt 1", "gsm8k", "14")
    assert first.reward.tolist() == [1.0, 0.25]
    assert first.node_extra[1] == {"score": [0.0, 0.0, 0.25], "stop_reason": "length"}
    assert first.status.tolist() == [Status.TERMINATED, Status.TRUNCATED]
    assert first.extra["env_extras"]["extra_info"] == {"index": 0, "split": "test"}
    assert np.isnan(second.reward[0])
    assert report.notes.dropped == {"files in no known format (README.md, expected.json)": 2}
    assert report.notes.recognised == {"the reward is the sum of the scores of the tokens, which are kept beside it": 1}


def skyrl_step(asked: str, said: str, score: float, **more: object) -> dict[str, object]:
    end = {"stop_reason": "stop", "env_class": "search", "env_extras": {"extra_info": {"index": 0}}}
    return {
        "input_prompt": asked,
        "output_response": said,
        "score": [0.0, score],
        "data_source": "hotpot",
        **end,
        **more,
    }


@pytest.mark.parametrize("named", [True, False])
def test_lines_of_skyrl_that_are_steps_are_one_rollout(named: bool) -> None:
    rows: list[dict[str, object]] = []
    for number, (answer, score) in enumerate((("14<e>", 1.0), ("15<e>", 0.0))):
        name = {"trajectory_id": f"0_{number}"} if named else {}
        more = [{"is_last_step": False}, {"is_last_step": True}] if named else [{}, {}]
        rows.append(skyrl_step("3*4+2?", "calc<e>", 0.25, **name, **more[0]))
        rows.append(skyrl_step("3*4+2?calc<e>\n12\n", answer, score, **name, **more[1]))
    report = read_with_report("".join(f"{json.dumps(row)}\n" for row in rows).encode())
    (forest,) = report.forests
    assert report.format == "skyrl"
    assert (forest.prompt, forest.n_trees) == ("3*4+2?", 2)
    assert list(forest.text) == ["calc<e>", "14<e>", "calc<e>", "15<e>"]
    assert list(forest.observation) == ["\n12\n", "", "\n12\n", ""]
    np.testing.assert_array_equal(forest.reward, [np.nan, 1.0, np.nan, 0.0])
    assert forest.columns["turn_reward"].tolist() == [0.25, 1.0, 0.25, 0.0]


@pytest.mark.parametrize("given", ["agent_lightning", "agent_lightning/step_23/train_trajectories.jsonl.zip"])
def test_agent_lightning(given: str) -> None:
    report = read_with_report(DATA / given)
    first, second = report.forests
    assert (first.id, list(first.text)) == ("step 23 · prompt 1", ["14", "15"])
    assert first.n_model_tokens.tolist() == [2, 2]
    assert first.node_extra[0] == {"rollout_id": "r1"}
    assert first.columns["total_s"].tolist() == [1.5, 1.5]
    assert second.prompt == "1+1?\nLet me see.\nGo on."
    assert report.notes.recognised == {"the prompt of a rollout of several turns holds all turns but the last": 1}


def test_tinker() -> None:
    report = read_with_report(DATA / "tinker" / "train_rollout_summaries.jsonl")
    first, second = report.forests
    assert (first.id, first.prompt, first.task, first.reference) == ("step 4 · prompt 1", "3*4+2?", "math", "14")
    assert list(first.text) == ["14", "Let me see.", "15"]
    np.testing.assert_array_equal(first.reward, [1.1, np.nan, 0.0])
    assert first.columns["turn_reward"].tolist() == [1.0, -0.5, 0.5]
    assert first.columns["metric.correct"][0] == 1.0
    assert first.n_model_tokens.tolist() == [2, 3, 2]
    assert second.prompt == "train group 1, prompt not recorded"
    assert report.notes.dropped == {
        "texts of prompts, which the file does not hold": 1,
        "texts of rollouts, which the file does not hold": 1,
    }


AREAL = {"task_id": "4", "sample_idx": 0, "reward": 1.0, "prompt": "a", "completion": "b"}
SKYRL = {"input_prompt": "a", "output_response": "b", "score": 1.0}
TINKER = {"group_idx": 0, "traj_idx": 0, "total_reward": 1.0, "steps": [{"step_idx": 0}]}


@pytest.mark.parametrize(
    ("row", "change", "message"),
    [
        (AREAL, {"reward": "good"}, '"reward" is "good", not a number'),
        (AREAL, {"prompt": None}, 'there is no "prompt"'),
        (SKYRL, {"score": ["x"]}, '"score" is ["x"], not a list of numbers'),
        (SKYRL, {"env_extras": [1]}, '"env_extras" is [1], not an object'),
        (TINKER, {"steps": [1]}, '"steps" is 1, not a list of objects'),
        (TINKER, {"steps": [{"reward": "x"}]}, 'steps[0]: "reward" is "x", not a number'),
    ],
)
def test_a_field_that_is_wrong_is_named(row: dict[str, object], change: dict[str, object], message: str) -> None:
    lines = f"{json.dumps(row)}\n{json.dumps(row | change)}\n".encode()
    with pytest.raises(FormatError) as caught:
        read(lines, name="dump.jsonl")
    assert str(caught.value).startswith("dump.jsonl, line 2")
    assert message in str(caught.value)


def test_areal_without_the_number_of_a_sample() -> None:
    row = {name: value for name, value in AREAL.items() if name != "sample_idx"} | {"head_version": 2}
    report = read_with_report({"rollout/7/4.jsonl": f"{json.dumps(row)}\n".encode() * 2})
    assert report.format == "areal"
    assert [(forest.id, forest.n_trees) for forest in report.forests] == [("step 7 · prompt 1", 2)]
