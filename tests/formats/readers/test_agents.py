"""Trajectories of agents: outcomes from files beside them, subagents, continuations, calls in their shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from cases import DATA

from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read, read_with_report

HARBOR = DATA / "harbor-0.26.0"
MINI = DATA / "mini_swe_agent-2.4.6"
SWE = DATA / "swe_agent"


def test_a_trial_has_the_rewards_of_its_result() -> None:
    report = read_with_report(HARBOR)
    first, second = report.forests
    assert (first.id, first.prompt, first.task) == ("sum-a", "What is 3*4+2?", "sum-a")
    assert first.extra["system"] == "Use the calculator."
    assert first.policy == {"model": "stub", "agent": "tiny-agent", "version": "0.1"}
    assert list(first.text) == ["", "The answer is 14", "", "The answer is 15", "", "The answer is 14"]
    assert first.observation[0] == "14\n\n2"
    assert first.node_extra[0]["reasoning_content"] == "I should ask the calculator.\n\nThen answer."
    calls = tool_calls(first.text[0], first.node_extra[0])
    assert [str(call) for call in calls] == ['calculate(expression="3*4+2")', 'calculate(expression="1+1", base=10)']
    np.testing.assert_array_equal(first.reward, [np.nan, 1, np.nan, 0, np.nan, 1])
    np.testing.assert_array_equal(first.columns["reward.tests_passed"][1::2], [2, 1, 2])
    assert first.tokens is not None
    assert first.tokens.id.tolist() == [5, 6, 7] * 3
    np.testing.assert_allclose(first.tokens.logprob, [-0.1, -0.2, -0.35] * 3)
    assert first.n_model_tokens.tolist() == [9, 3] * 3
    assert first.node_extra[5]["subagent_trajectories"][0]["trajectory_id"] == "sum-a-2-sub"
    assert second.n_trees == 3


def test_a_trajectory_alone_is_not_scored_and_one_on_disk_finds_its_result() -> None:
    path = HARBOR / "sum-a__1" / "agent" / "trajectory.json"
    report = read_with_report(path.read_bytes())
    assert np.isnan(report.forests[0].reward).all()
    assert any("without a result.json" in clause for clause in report.notes.guessed)
    assert read(path)[0].reward.tolist()[1] == 0.0


def test_a_trajectory_goes_on_in_another_file_and_subagents_are_no_members() -> None:
    report = read_with_report(DATA / "atif_continued")
    (forest,) = report.forests
    assert list(forest.text) == ["First.", "Handing over.", "12"]
    assert forest.observation == ("12", "Go on.", "")
    assert (forest.id, forest.task) == ("sum-a", "sums")
    np.testing.assert_array_equal(forest.reward, [np.nan, np.nan, 1.0])
    assert report.notes.dropped["trajectories of subagents in files of their own"] == 1


def result(**changes: Any) -> dict[str, bytes]:
    """A trial whose result is changed."""
    files = {name: (HARBOR / "sum-a__0" / name).read_bytes() for name in ("agent/trajectory.json", "result.json")}
    return {**files, "result.json": orjson.dumps(orjson.loads(files["result.json"]) | changes)}


def test_rewards_that_are_not_valid_are_none() -> None:
    report = read_with_report(result(reward_valid=False, exception_info={"exception_type": "X"}))
    (forest,) = report.forests
    assert np.isnan(forest.reward).all()
    assert forest.status.tolist() == [-1, 3]
    assert report.notes.dropped["rewards that the result says are not valid"] == 1


def test_the_first_of_several_rewards_is_said_to_be_guessed() -> None:
    report = read_with_report(result(verifier_result={"rewards": {"speed": 0.5, "size": 2}}))
    assert report.forests[0].reward[1] == 0.5
    assert report.notes.guessed == {'the reward is "speed", the first of several': 1}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": [5]}, r'"steps\[0\]" is 5, not an object'),
        ({"steps": [{"source": "agent", "metrics": 3}]}, '"metrics" is 3, not an object'),
        ({"agent": "x"}, '"agent" is "x", not an object'),
        (
            {
                "steps": [
                    {"step_id": 4, "source": "agent", "metrics": {"completion_token_ids": [1], "logprobs": [0, 0]}}
                ]
            },
            'step 4: "logprobs" holds 2 values for 1 token',
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_named(changes: dict[str, Any], said: str) -> None:
    data = orjson.dumps({"schema_version": "ATIF-v1.8", "agent": {}, "steps": [], **changes})
    with pytest.raises(FormatError, match=f"^t.json.*{said}"):
        read(data, name="t.json")


def test_mini_swe_agent_in_three_kinds_of_chat() -> None:
    report = read_with_report(MINI)
    calling, plain, responding = report.forests
    assert [forest.id for forest in report.forests] == ["sum__a-1", "sum__a-2", "sum__a-3"]
    assert {forest.prompt for forest in report.forests} == {"Please solve: What is 3*4?"}
    assert list(calling.text) == ["", "Done."]
    assert calling.observation[0] == "<returncode>0</returncode>\n<output>\n12\n</output>"
    assert calling.observation[1] == ""
    assert list(responding.text) == ["Look.", ""]
    assert responding.observation[0] == calling.observation[0]
    for forest in (calling, plain, responding):
        (call,) = tool_calls(forest.text[0], forest.node_extra[0])
        assert str(call) == 'bash(command="echo 12")'
    assert [forest.status.tolist()[-1] for forest in report.forests] == [1, 2, 1]
    assert [forest.reward.tolist()[-1] for forest in report.forests] == [1.0, 0.0, 0.0]
    assert calling.policy == {"model": "deterministic_toolcall"}


def test_swe_agent_takes_the_nearest_report() -> None:
    report = read_with_report(SWE)
    first, second = report.forests
    assert (first.id, first.prompt) == ("sum__a-1", "What is 3*4? <b>&</b>")
    assert first.extra == {"system": "You fix bugs."}
    assert first.policy == {"model": "m", "temperature": 0.5}
    assert list(first.text) == ["Let me see.", "12", "Let me see.\n\npython -c 'print(3*4)'", "12"]
    assert first.observation[0] == "12"
    assert first.node_extra[0]["reasoning_content"] == "A product."
    np.testing.assert_array_equal(first.reward, [np.nan, 1, np.nan, 0])
    np.testing.assert_array_equal(second.reward, [np.nan, 0, np.nan, np.nan])
    assert first.status.tolist() == [-1, 1, -1, 2]
    assert report.notes.dropped == {"files in no known format (README.md, expected.json)": 2}


def test_a_trajectory_on_disk_finds_the_report_of_its_run() -> None:
    (forest,) = read(SWE / "run_a" / "sum__a-1" / "sum__a-1.traj")
    assert forest.reward.tolist()[-1] == 1.0


def test_a_trajectory_alone_is_not_scored() -> None:
    path = MINI / "sum__a-1" / "sum__a-1.traj.json"
    report = read_with_report({path.name: path.read_bytes()})
    assert np.isnan(report.forests[0].reward).all()
    assert report.notes.guessed == {"trajectories that no report beside them names are not scored": 1}


@pytest.mark.parametrize(
    "report",
    [
        b'{"resolved": ["sum__a-1"], "applied": ["sum__a-1"]}',
        b'{"instance_id": "sum__a-1", "resolved": true}\n{"instance_id": "sum__b-2", "reward": 0.5}\n',
        b'[{"instance_id": "sum__a-1", "score": 1}]',
        b'{"sum__a-1": {"resolved": true}, "other": 5}',
    ],
)
def test_shapes_of_reports(report: bytes) -> None:
    path = SWE / "run_a" / "sum__a-1" / "sum__a-1.traj"
    (forest,) = read({"a/b.traj": Path(path).read_bytes(), "a/some.json": report})
    assert forest.reward.tolist()[-1] == 1.0


@pytest.mark.parametrize(
    ("logs", "reward"),
    [({"x": True}, 1.0), ({"x": False}, 0.0), ({"x": True, "y": True}, 1.0), ({"x": True, "y": False}, None)],
)
def test_reports_of_each_instance_below_the_folder_of_a_run(logs: dict[str, bool], reward: float | None) -> None:
    path = SWE / "run_a" / "sum__a-1" / "sum__a-1.traj"
    files = {
        f"a/logs/run_evaluation/{run}/m/sum__a-1/report.json": json.dumps({"sum__a-1": {"resolved": resolved}}).encode()
        for run, resolved in logs.items()
    }
    (forest,) = read({"a/out/x.traj": path.read_bytes(), "b/out/x.traj": path.read_bytes(), **files})
    rewards = forest.reward[forest.leaves].tolist()
    assert [None if value != value else value for value in rewards] == [reward, None]


def test_the_one_reward_of_an_earlier_result() -> None:
    files = {
        "t__1/agent/trajectory.json": json.dumps(
            {
                "schema_version": "ATIF-v1.0",
                "agent": {"name": "a", "version": "1"},
                "steps": [{"step_id": 1, "source": "user", "message": "a?"}, {"source": "agent", "message": "b"}],
            }
        ).encode(),
        "t__1/result.json": json.dumps({"task_name": "t", "verifier_result": {"reward": 0.5}}).encode(),
    }
    (forest,) = read(files)
    assert forest.reward.tolist() == [0.5]
