"""verifiers and prime-rl: message graphs that branch, masks, claims that are absent, results of older releases."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read, read_with_report

TRACES = DATA / "verifiers-0.4.0-v1-eval"
TRAIN = DATA / "prime_rl_train"


def test_branches_of_a_trace_hang_where_they_left_it() -> None:
    first = read(TRACES)[0]
    assert (first.prompt, first.reference, first.task) == ("What is 3*4?", "12", "sums_v1")
    assert first.extra["system"] == "Answer in <answer> tags."
    assert first.policy["model"] == "stub"
    assert first.parent.tolist() == [-1, 0, -1, 2, -1, 4, -1, 4, -1, 8]
    assert first.observation[2] == "12\n\n2"
    assert first.node_extra[7]["input"] == [{"role": "user", "content": "Be brief. What is 1+1?"}]
    assert first.text[7] == "First I look at 1+1.\n\nThen I write it down.\n\n<answer>13</answer>"
    scored = np.flatnonzero(first.reward == first.reward)
    assert scored.tolist() == [1, 3, 7, 9]
    np.testing.assert_allclose(first.columns["reward.brevity"][scored], [0.167, 0.143, 0.111, 0.167])
    np.testing.assert_allclose(first.columns["metric.branches"][scored], [1, 1, 3, 1])
    assert "advantage" not in first.claimed
    assert first.tokens is None


def test_masks_choose_tokens_and_absent_advantages_are_not_zero() -> None:
    report = read_with_report(TRAIN)
    forest, other = report.forests
    assert forest.provenance["training_step"] == 4
    assert forest.node_extra[0]["reasoning_content"] == "multiply first"
    assert forest.tokens is not None
    assert forest.tokens.id.tolist() == [5, 6, 7, 5, 6, 7, 5, 6]
    np.testing.assert_allclose(forest.tokens.logprob, [-0.1, -0.2, -0.3] * 2 + [-0.1, -0.2])
    np.testing.assert_array_equal(forest.tokens.entropy, [np.nan, np.nan, 0.5] * 2 + [np.nan, np.nan])
    np.testing.assert_array_equal(forest.claimed["advantage"], [0.75, 0.75, 0.0, -0.5, np.nan])
    assert forest.node_extra[2]["advantages"] == [-0.25, 0.25]
    assert forest.node_extra[1]["reference_logprobs"] == [-0.4]
    assert forest.status.tolist() == [-1, 1, -1, 2, 3]
    assert forest.observation == ("12", "", "12", "", "12")
    np.testing.assert_allclose(forest.reward, [np.nan, 1.1, np.nan, 0.1, np.nan])
    assert other.text == ("-2",)
    assert np.isnan(other.reward).all()
    assert report.notes.guessed == {
        "an advantage that differs between the tokens of a step is claimed as their mean": 1,
    }


def episode(**changes: Any) -> dict[str, Any]:
    """The first episode of the training run, its trace changed."""
    row: dict[str, Any] = orjson.loads((TRAIN / "traces.jsonl").read_bytes().splitlines()[0])
    row["traces"][0] |= changes
    return row


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nodes": [{"parent": 0}]}, r'"nodes\[0\].parent" is 0, not the number of a node before'),
        ({"nodes": [5]}, r'"nodes\[0\]" is 5, not an object'),
        ({"nodes": [{"sampled": True, "token_ids": [5, 6], "mask": [True]}]}, '"mask" holds 1 value for 2 tokens'),
        ({"nodes": [{"sampled": True, "token_ids": ["x"]}]}, r'"token_ids" is \["x"\], not a list of token ids'),
        ({"rewards": {"exact": {"score": "x"}}}, '"rewards.exact.score" is "x", not a number'),
        ({"metrics": [1]}, r'"metrics" is \[1\], not an object'),
    ],
)
def test_a_field_of_the_wrong_type_is_named(changes: dict[str, Any], said: str) -> None:
    data = b"\n".join(orjson.dumps(row) for row in (episode(), episode(**changes)))
    with pytest.raises(FormatError, match=f"^t.jsonl, line 2.*{said}"):
        read(data, name="t.jsonl")


def test_a_trace_without_an_answer_is_an_empty_trajectory() -> None:
    (forest,) = read(orjson.dumps(episode(nodes=[], rewards={}, ok=False, errors=[{"type": "X"}])))
    assert (forest.prompt, forest.text, forest.status.tolist()) == ("3*4+2?", ("",), [3])


def test_agents_of_an_episode_are_groups_of_their_own() -> None:
    row = episode()
    row["traces"] += [{**row["traces"][0], "agent": {"name": "judge", "trainable": False}}]
    found = read(b"\n".join([orjson.dumps(row), orjson.dumps(row)]))
    assert [(forest.policy["agent"], forest.n_trees) for forest in found] == [("solver", 2), ("judge", 2)]


def test_results_take_tokens_from_their_trajectory_and_do_not_add_up_its_rewards() -> None:
    (forest,) = read(DATA / "verifiers_trajectory")
    assert forest.parent.tolist() == [-1, 0, -1, 2, -1, 4]
    assert forest.observation[0] == "12"
    assert forest.tokens is not None
    assert forest.tokens.id.tolist() == [5, 6] * 3
    np.testing.assert_array_equal(forest.reward, [np.nan, 1, np.nan, 0, np.nan, np.nan])
    np.testing.assert_array_equal(forest.claimed["advantage"], [0.5, 0.5, -0.5, -0.5, np.nan, np.nan])
    np.testing.assert_array_equal(forest.columns["metric.calc_calls"][1::2], [1, 1, 1])
    assert forest.status.tolist() == [-1, 1, -1, 1, -1, 3]


def test_results_know_the_model_from_the_file_beside() -> None:
    report = read_with_report(DATA / "verifiers-0.1.14-single")
    assert report.forests[0].policy["model"] == "stub"
    assert report.forests[0].task == "sums-single"
    assert report.notes.dropped == {"files in no known format (expected.json)": 1}
    alone = read((DATA / "verifiers-0.1.14-single" / "results.jsonl").read_bytes())
    assert [forest.policy for forest in alone] == [{}] * 3


def test_token_exports_are_steps_without_text() -> None:
    (forest,) = read(DATA / "prime_rl_tokens")
    assert forest.prompt == "3 tokens: 1 2 3"
    assert forest.provenance["training_step"] == 4
    assert forest.tokens is not None
    assert forest.tokens.id.tolist() == [5, 6, 7, 6, 6, 7]
    np.testing.assert_allclose(forest.tokens.logprob, [-0.1, -0.2, -0.3] * 2)
    np.testing.assert_allclose(forest.columns["importance_ratio"], [0.75, 1.0] * 2)
    np.testing.assert_allclose(forest.claimed["advantage"], [0.5, 0.5, -0.5, -0.5])
    assert "mismatch_kl" not in forest.columns


def test_fields_with_names_of_our_own_format_are_kept_under_others() -> None:
    row = episode()
    row["traces"][0]["nodes"][1]["message"]["reward"] = "x"
    (forest,) = read(orjson.dumps(row))
    assert forest.node_extra[0]["source_reward"] == "x"
    assert forest.node_extra[1]["trace_id"] == "t1"
    assert forest.extra["task_data"] == {"idx": 3}


def test_tasks_in_training_and_evaluation_are_groups_of_their_own() -> None:
    rows = [episode(), episode()]
    for row, kind in zip(rows, ("train", "eval"), strict=True):
        del row["group"]
        row["run"] = {"type": "train", "id": "r", "work": {"type": kind, "step": 4}}
    assert [forest.n_trees for forest in read(b"\n".join(map(orjson.dumps, rows)))] == [1, 1]


def test_the_folder_tells_the_training_step_and_empty_files_are_nothing() -> None:
    row = episode()
    del row["run"]
    report = read_with_report(
        {"rollouts/step_12/train/traces.jsonl": orjson.dumps(row), "rollouts/step_12/STABLE": b""}
    )
    assert report.forests[0].provenance["training_step"] == 12
    assert report.warnings == ()


def test_results_of_releases_that_name_the_example_id() -> None:
    rows = [
        {
            "id": 0,
            "prompt": "3*4+2?",
            "completion": [{"role": "assistant", "content": text}],
            "answer": "14",
            "task": "default",
            "info": {},
            "reward": reward,
            "correct": reward,
            "num_turns": 1.0,
        }
        for text, reward in (("14", 1.0), ("15", 0.0))
    ]
    report = read_with_report("".join(f"{json.dumps(row)}\n" for row in rows).encode())
    (forest,) = report.forests
    assert report.format == "verifiers_results"
    assert (forest.reference, forest.task, forest.n_trees) == ("14", "default", 2)
    assert {name: column.tolist() for name, column in forest.columns.items()} == {
        "reward.correct": [1, 0],
        "metric.num_turns": [1, 1],
    }
