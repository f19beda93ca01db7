"""rllm's episodes, of training and of evaluations."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report


def test_episodes_of_training() -> None:
    report = read_with_report(DATA / "rllm" / "episodes")
    assert report.format == "rllm"
    (forest,) = report.forests
    assert (forest.id, forest.prompt, forest.reference) == ("step 4 · prompt 1", "3*4+2?", "14")
    assert list(forest.text) == ["calc(3*4)", "14", "15"]
    assert list(forest.observation) == ["12", "", ""]
    assert forest.columns["turn_reward"].tolist() == [0.25, 0.75, 0.0]
    assert forest.node_extra[0] == {"thought": "Step one.", "done": False, "action": {"tool": "calc"}}
    assert forest.node_extra[1]["reasoning"] == "12+2"
    assert forest.node_extra[1]["episode_id"] == "q7:0"
    assert forest.columns["metric.length"][1] == 3.0
    assert "advantage" not in forest.claimed
    assert forest.extra == {"task_data": {"data_source": "sums"}}


def test_episodes_of_an_evaluation() -> None:
    forests = read(DATA / "rllm_eval" / "episodes")
    solver, judge = forests
    assert (solver.id, solver.policy) == ("solver", {"agent": "solver"})
    assert list(solver.text) == ["14", "15"]
    assert solver.claimed["advantage"].tolist() == [0.5, -0.5]
    assert solver.columns["mc_return"].tolist() == [1.0, 0.0]
    assert solver.tokens is not None
    assert solver.tokens.logprob.tolist() == [-0.1, -0.2]
    assert list(judge.text) == ["right", ""]
    np.testing.assert_array_equal(judge.reward, [np.nan, 1.0])
    assert "advantage" not in judge.claimed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trajectories": ["x"]}, '"trajectories" is "x", not a list of objects'),
        ({"trajectories": [{"steps": [5]}]}, '"steps" is 5, not a list of objects'),
        ({"trajectories": [{"steps": [{"advantage": "x"}]}]}, 'steps[0]: "advantage" is "x", not a number'),
        ({"metrics": 5}, '"metrics" is 5, not an object'),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, object], message: str) -> None:
    episode = {"task": "a", "is_correct": True, "trajectories": [{"steps": []}]}
    with pytest.raises(FormatError) as caught:
        read(json.dumps(episode | change).encode(), name="episode.json")
    assert str(caught.value).startswith("episode.json")
    assert message in str(caught.value)


def test_a_question_inside_the_data_of_a_task() -> None:
    steps = [{"model_response": "2", "reward": 1.0, "done": True, "chat_completions": []}]
    trajectories = [{"name": "solver", "uid": "u", "reward": 1.0, "steps": steps}]
    task = {"data": {"question": "1+1?", "ground_truth": "2"}}
    (forest,) = read(json.dumps({"id": "q:0", "is_correct": True, "task": task, "trajectories": trajectories}).encode())
    assert (forest.prompt, forest.reference, forest.text) == ("1+1?", "2", ("2",))
