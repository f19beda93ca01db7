"""The annotate command on the bundled model: values in, credit out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import treecore as tc


def test_from_rollout_to_values_to_credit(run, tmp_path: Path) -> None:
    source, target = tmp_path / "run.forest.jsonl", tmp_path / "values.forest.jsonl"
    sampled = run("rollout", "--sampler", "chains", "--set", "m=2", "--prompts", 2, "--seed", 5, "-o", source)
    assert sampled.exit_code == 0, sampled.stderr
    done = run("annotate", source, "--kind", "monte_carlo", "--set", "k=3", "-o", target, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["forests"] == 2
    assert done.stderr == ""
    credit = run("credit", target, "--method", "vineppo", "--json")
    document = json.loads(credit.stdout)
    for told, forest in zip(document["forests"], tc.read(target), strict=True):
        for leaf in forest.leaves.tolist():
            path = forest.topology.path(leaf)
            total = sum(told["nodes"][str(forest.node_id[row])]["credit"] for row in path[1:])
            assert total == pytest.approx(forest.reward[leaf] - forest.columns["mc_value"][path[0]])
        assert np.isnan(forest.columns["mc_value"][forest.leaves]).all()


def test_what_is_wrong_is_said_in_one_line(run, minimal: Path, tmp_path: Path) -> None:
    target = tmp_path / "o.forest.jsonl"
    unknown = run("annotate", minimal, "--kind", "monte_carlo", "-o", target)
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "which task" in unknown.stderr
    assert unknown.stderr.count("\n") == 1
    assert "no annotation 'judge'" in run("annotate", minimal, "--kind", "judge", "-o", target).stderr
    assert run("annotate", minimal, "--kind", "monte_carlo", "-o", minimal).exit_code == 2
    assert not target.exists()
