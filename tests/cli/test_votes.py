"""`treecore votes` on the bundled samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def test_a_table_and_a_sentence(run: Run) -> None:
    result = run("votes", "surprisal", "--window", "8")
    assert result.exit_code == 0
    assert "10 of 10 trajectories answer" in result.stdout
    assert "lowest window (local)" in result.stdout
    assert "Early stopping after 5 of 10" in result.stdout


def test_json_has_a_document_a_forest(run: Run) -> None:
    (document,) = json.loads(run("votes", "chains", "--json").stdout)
    assert {one["weight"] for one in document["votes"]} == {"majority", "mean", "least", "tail", "bottom"}
    assert document["early_stopping"]["warmup"] == 3


def test_a_file_without_confidence_is_one_sentence(run: Run) -> None:
    result = run("votes", "by_hand")
    assert result.exit_code == 1
    assert "no token has a confidence" in result.stderr
