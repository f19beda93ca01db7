"""The bundled model on the bundled tasks, with nothing but the defaults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import treecore as tc
from treecore.policies import load_policy
from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise


@pytest.fixture(scope="module")
def tiny() -> object:
    return load_policy("tiny", device="cpu")


@pytest.mark.parametrize("task", ["multihop", "countdown"])
def test_trees_share_branch_and_differ_in_outcome(tiny: object, task: str) -> None:
    forests = rollout(task=task, model=tiny, prompts=4, seed=1)
    summary = summarise(forests, seconds=1.0, fresh=forests)
    assert summary.trajectories == 4 * 6
    assert summary.computed_ratio == 1.0
    assert summary.tokens_saved_by_sharing > 0
    assert summary.distinct_trajectories > 4 * 2
    assert 0 < summary.mean_reward < 1
    assert any(np.ptp(forest.reward[forest.leaves]) > 0 for forest in forests)
    assert max(int(forest.topology.depth.max()) for forest in forests) >= 3


def test_the_call_of_the_contract() -> None:
    forests = tc.rollout(task="multihop", model="tiny", sampler="random_expansion", m=2, n=2, l=1, seed=0)
    assert [len(forest.leaves) for forest in forests] == [6]
    assert forests[0].policy["model"] == "tiny"
    assert forests[0].extra["reward_scheme"] == "exact"


def test_a_question_of_the_user(tiny: object) -> None:
    forest = rollout(model=tiny, question="who is the boss of paul ?", reward_scheme="tree_grpo", m=1, n=0)[0]
    assert forest.prompt == "who is the boss of paul ?"
    assert forest.extra["reward_scheme"] == "tree_grpo"
    assert len(forest.leaves) == 1


def test_the_command_line_prints_no_warning(tmp_path: Path) -> None:
    command = ["rollout", "--prompts", "1", "--sampler", "chains", "--set", "m=1", "-o", "run.forest.jsonl"]
    done = subprocess.run(
        [sys.executable, "-m", "treecore", *command], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in (done.stdout + done.stderr).lower()
    assert "deprecated" not in (done.stdout + done.stderr).lower()
