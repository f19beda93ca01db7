"""`treecore audit` on a trainer's file, on one with wrong numbers and on one without claims."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
TRL = Path(__file__).parents[1] / "formats" / "readers" / "data" / "trl-1.16.0-plain" / "completions"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """Six answers with GRPO's numbers in verl's setting, one of them off."""
    rewards, claims = [1, 0, 0, 1, 0, 0], [1.290992, -0.645496, -0.645496, 1.290992, -0.645496, -0.5]
    nodes = [
        {"id": i, "parent": None, "text": str(i), "reward": reward, "credit": {"advantage": claim}}
        for i, (reward, claim) in enumerate(zip(rewards, claims, strict=True))
    ]
    path = tmp_path / "wrong.forest.json"
    path.write_text(json.dumps({"format": "treecore/1", "id": "q", "nodes": nodes}))
    return path


def test_one_sentence_says_what_they_are(run: Run) -> None:
    result = run("audit", TRL)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "advantage: these are `grpo` with std, ddof 1, epsilon 1e-4, groups by (step, prompt); all 16 values agree"
    ]


def test_values_that_differ_are_listed(run: Run, wrong: Path) -> None:
    said = run("audit", wrong).stdout
    assert said.startswith(
        "advantage: these are `grpo` with std, ddof 1, epsilon 1e-6, groups by prompt; 1 of 6 values"
    )
    assert "-0.5" in said
    assert "-0.645496" in said
    (document,) = json.loads(run("audit", wrong, "--json").stdout)["audits"]
    assert document["claim"] == "advantage"
    assert document["explained"]
    (difference,) = document["differences"]
    assert difference == {
        "forest": "q",
        "node": "5",
        "claimed": -0.5,
        "recomputed": pytest.approx(-0.645496, abs=1e-6),
    }


def test_validate_tells_it_too(run: Run, wrong: Path) -> None:
    assert (
        "1 of 6 values differs (forest q, node 5); `treecore audit FILE` lists the values that differ"
        in run("validate", wrong).stdout
    )


def test_a_file_without_claims_says_so(run: Run, minimal: Path) -> None:
    assert run("audit", minimal).stdout == "the file claims no advantages and no credit\n"


def test_rows_to_train_on_say_which_advantages_they_have(run: Run, tmp_path: Path) -> None:
    """Written for each token, and all tokens of an answer have the same."""
    rows = tmp_path / "rows.jsonl"
    forest = Path(__file__).parents[2] / "sample_trees" / "countdown.forest.json"
    assert run("export", forest, "--to", "training", "--method", "grpo", "-o", rows).exit_code == 0
    assert "these are `grpo` with std, ddof 1, epsilon 1e-6" in run("audit", rows).stdout
