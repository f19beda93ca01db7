"""Every sampler on every bundled task, as a user runs them; the two that ask most by default are asked for less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from treecore.formats import read
from treecore.samplers import SAMPLERS
from treecore.tasks import MORE_TASKS, TASKS

LESS = {
    "fixed_width": ("--set", "widths=3,2"),
    "mcts": ("--set", "simulations=3", "--set", "min_terminals=0", "--set", "rollouts=1"),
}


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize("task", [*TASKS, *MORE_TASKS])
def test_a_sampler_runs_on_a_task_and_its_file_validates(run, task: str, sampler: str, tmp_path: Path) -> None:
    out = tmp_path / "run.forest.jsonl"
    result = run("rollout", "--task", task, "--sampler", sampler, *LESS.get(sampler, ()), "-o", out, "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    (forest,) = read(out)
    assert (forest.task, forest.sampler["name"]) == (task, sampler)
    assert summary["trajectories"] == len(forest.leaves) >= SAMPLERS[sampler].open_ended + 1
    assert "structure is valid" in run("validate", out).stdout
    assert run("credit", out, "--method", "grpo", "--json").exit_code == 0
