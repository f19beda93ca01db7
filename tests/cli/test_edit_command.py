"""`treecore edit` on the bundled samples: a table, a document, a file, and what is said where it cannot be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import treecore as tc
from treecore.bundled import samples

Run = Callable[..., Any]


def test_credit_before_and_after(run: Run) -> None:
    result = run("edit", "by_hand", "--flip", "f3", "--prune", "c1")
    assert result.exit_code == 0
    assert "changed: flip:f3,prune:c1" in result.stdout
    line = next(line for line in result.stdout.splitlines() if " f1 " in line)
    assert "-0.4082" in line
    assert "*" in line
    assert "pruned" in next(line for line in result.stdout.splitlines() if " c1 " in line)


def test_a_document_has_every_step_and_why(run: Run) -> None:
    document = json.loads(run("edit", "by_hand", "--changes", "flip:f3", "--prune", "c1", "--json").stdout)
    assert document["edited"]["changes"] == "flip:f3,prune:c1"
    assert document["nodes"]["c1"]["pruned"]
    assert document["nodes"]["f3"]["is"] > 0 > document["nodes"]["f3"]["was"]
    assert [one["of"] for one in document["statistics"]] == ["tree", "tree", "all"]


def test_the_changed_forest_is_written_among_the_others(run: Run, tmp_path: Path) -> None:
    forests = tc.read(samples()["by_hand"].path)
    tc.write([forests[0], forests[0].with_columns(id="other")], tmp_path / "two.forest.jsonl")
    target = tmp_path / "out.forest.jsonl"
    result = run("edit", tmp_path / "two.forest.jsonl", "--forest", "other", "--set-reward", "f3=0.5", "-o", target)
    assert result.exit_code == 0, result.stderr
    same, changed = tc.read(target)
    assert same.digest == forests[0].digest
    assert changed.reward[changed.row("f3")] == 0.5
    assert changed.provenance["edited"]["changes"] == "reward:f3=0.5"
    again = run("edit", tmp_path / "two.forest.jsonl", "--forest", "0", "--flip", "f3", "-o", target)
    assert again.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "nothing to change"),
        (["--set-reward", "f3"], 2, "is not ID=R"),
        (["--flip", "nobody"], 1, "no node 'nobody'"),
        (["--set-reward", "f3=x"], 1, "is no reward"),
        (["--flip", "f3", "--forest", "7"], 1, "no forest '7'"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: list[str], code: int, said: str) -> None:
    result = run("edit", "by_hand", *arguments)
    assert result.exit_code == code
    assert said in result.stderr


def test_one_of_several_forests_is_named(run: Run, tmp_path: Path) -> None:
    forest = tc.read(samples()["by_hand"].path)[0]
    tc.write([forest, forest], tmp_path / "two.forest.jsonl")
    result = run("edit", tmp_path / "two.forest.jsonl", "--flip", "f3")
    assert result.exit_code == 1
    assert "2 forests; name one with --forest" in result.stderr
