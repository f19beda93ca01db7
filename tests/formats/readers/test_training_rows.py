"""Rows to train on, read again: the trees that they were, so that what methods claim can be found out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from treecore.analysis.audit import audit
from treecore.bundled import samples_dir
from treecore.cli import main
from treecore.core.batch import Forests
from treecore.errors import FormatError
from treecore.exports import export
from treecore.formats import read, read_with_report
from treecore.methods import compute

METHODS = ("sibling", "treepo", "spo_tree", "tree_grpo", "treerl", "gigpo", "grpo")


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
@pytest.mark.parametrize("method", METHODS)
def test_the_method_of_an_export_is_found(method: str, ending: str, tmp_path: Path) -> None:
    forests = Forests(read(samples_dir() / "early_fork.forest.json"))
    path = tmp_path / f"rows{ending}"
    export(forests, "training", path, credit=compute(forests, method))
    report = read_with_report(path)
    assert report.format == "training_rows"
    (found,) = audit(report.forests)
    assert found.explained
    assert not found.differences
    assert method == found.method or any(f"`{method}`" in words for words in found.equal)


def test_trees_and_tokens_come_back(tmp_path: Path) -> None:
    (forest,) = given = Forests(read(samples_dir() / "chains.forest.json"))
    path = tmp_path / "rows.jsonl"
    export(given, "training", path, credit=compute(given, "sibling"))
    (found,) = read(path)
    assert (found.id, found.n_trees, len(found.leaves)) == (forest.id, forest.n_trees, len(forest.leaves))
    assert forest.tokens is not None
    assert found.tokens is not None
    for name in map(str, found.node_id):
        row, other = found.row(name), forest.row(name)
        assert (found.text[row], found.observation[row]) == (forest.text[other], forest.observation[other])
        one, two = (
            (tree.tokens.id[tree.tokens.start[at] : tree.tokens.start[at + 1]], tree.n_model_tokens[at])
            for tree, at in ((found, row), (forest, other))
        )
        assert one[0].tolist() == two[0].tolist()
        assert one[1] == two[1]
    assert np.nansum(found.reward) == np.nansum(forest.reward)


def row(leaf: str, *names: str, **more: Any) -> dict[str, Any]:
    """A row of steps that are called so, with the advantage 1 each."""
    lists = {"steps": [f"step {name}" for name in names], "observations": [""] * len(names)}
    own = {"prompt": "q", "uid": "a", "leaf": leaf, "tree": "0", "reward": 1.0, "step_ids": list(names)}
    return own | lists | {"step_advantages": [1.0] * len(names)} | more


def written(*rows: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def test_advantages_of_trajectories_stand_at_their_ends() -> None:
    (forest,) = read(written(row("2", "1", "2"), row("3", "1", "3", step_advantages=[-1.0, -1.0])))
    assert [str(name) for name in forest.node_id] == ["0", "1", "2", "3"]
    assert forest.parent.tolist() == [-1, 0, 1, 1]
    assert np.nan_to_num(forest.claimed["advantage"]).tolist() == [0, 0, 1, -1]


def test_advantages_that_are_of_no_step_are_left_out_and_named() -> None:
    report = read_with_report(written(row("2", "1", "2"), row("3", "1", "3", step_advantages=[-1.0, 0.5])))
    assert np.nan_to_num(report.forests[0].claimed["advantage"]).tolist() == [0, 0, 1, 0.5]
    assert list(report.notes.dropped) == ["advantages of steps that have another one in each trajectory"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": ["one"]}, '"steps" holds 1 value for 2 tokens'),
        ({"step_lengths": [1]}, '"step_lengths" holds 1 value for 2 tokens'),
        ({"step_lengths": [1, 1], "completion_ids": [5]}, '"completion_ids" holds 1 value for 2 tokens'),
        ({"step_ids": ["2", "1"]}, "step 2 stands after another step than in the rows before"),
    ],
    ids=["steps", "lengths", "tokens", "order"],
)
def test_rows_that_are_no_trees_say_so(change: dict[str, Any], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read(written(row("2", "1", "2"), row("2", "1", "2", **change)))


def test_what_could_not_be_tried_is_named(tmp_path: Path) -> None:
    """Monte Carlo values of steps are not exported, so the methods that need them cannot run."""
    forests = Forests(read(samples_dir() / "monte_carlo.forest.json"))
    path = tmp_path / "rows.jsonl"
    export(forests, "training", path, credit=compute(forests, "vineppo"))
    said = CliRunner().invoke(main, ["audit", str(path)]).output
    assert "not tried: " in said
    assert "vineppo" in said
    assert "Monte Carlo value" in said
