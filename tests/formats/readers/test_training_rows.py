"""Rows to train on, read again: the trees that they were, so that what methods claim can be found out."""

from __future__ import annotations

import json
from dataclasses import replace
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
    assert method == found.best.method or method in dict(found.equal)


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
        ({"step.label": [1]}, '"step.label" holds 1 value for 2 tokens'),
        ({"step_lengths": [1, 1], "token.entropy": [1]}, '"token.entropy" holds 1 value for 2 tokens'),
        ({"step_lengths": [1, 1], "token.part": [1, 1e300]}, '"token.part" is .* not a list of token ids'),
        ({"step_ids": ["2", "1"]}, "step 2 stands after another step than in the rows before"),
    ],
    ids=["steps", "lengths", "tokens", "labels", "entropies", "parts", "order"],
)
def test_rows_that_are_no_trees_say_so(change: dict[str, Any], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read(written(row("2", "1", "2"), row("2", "1", "2", **change)))


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
@pytest.mark.parametrize("method", ["vineppo", "spo_chain", "deepconf", "step_labels"])
def test_what_methods_need_beside_rewards_comes_back(method: str, ending: str, tmp_path: Path) -> None:
    """Monte Carlo values of steps and of the root, labels, and confidence and part of tokens."""
    (sample,) = read(samples_dir() / "monte_carlo.forest.json")
    label = np.where(np.arange(len(sample)) % 3 == 0, np.nan, np.arange(len(sample)) % 2)
    forest = sample.with_columns(columns={**sample.columns, "label": np.where(sample.is_prompt, np.nan, label)})
    path = tmp_path / f"rows{ending}"
    export(forest, "training", path, credit=method)
    (found,) = read(path)
    rows = [forest.row(str(name)) for name in found.node_id]
    assert found.columns.keys() == forest.columns.keys()
    for name, values in found.columns.items():
        np.testing.assert_array_equal(values, forest.columns[name][rows])
    assert not np.isnan(found.columns["mc_value"][found.is_prompt]).any()
    (one,) = audit([found])
    assert one.explained
    assert not one.differences
    assert method == one.best.method or method in dict(one.equal)
    assert not any(
        name.startswith(("step.", "tree.", "token.")) for fields in found.node_extra.values() for name in fields
    )


def test_numbers_of_tokens_come_back(tmp_path: Path) -> None:
    (forest,) = read(samples_dir() / "tool_entropy.forest.json")
    assert forest.tokens is not None
    part = forest.tokens.part
    assert part is not None
    tokens = replace(forest.tokens, part=np.where(np.arange(len(part)) % 5 == 0, -1, part))
    given = forest.with_columns(tokens=tokens)
    export(given, "training", tmp_path / "rows.parquet", credit="grpo")
    (found,) = read(tmp_path / "rows.parquet")
    assert found.tokens is not None
    for row, name in enumerate(found.node_id):
        other = given.row(str(name))
        here, there = (slice(*table.start[at : at + 2]) for table, at in ((found.tokens, row), (tokens, other)))
        for column in ("entropy", "confidence", "part"):
            np.testing.assert_array_equal(getattr(found.tokens, column)[here], getattr(tokens, column)[there])


def test_forests_without_annotations_have_no_columns_of_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    export(read(samples_dir() / "by_hand.forest.json"), "training", path, credit="grpo")
    names = set(json.loads(path.read_bytes().splitlines()[0]))
    assert not [name for name in names if name.startswith(("step.", "tree."))]


def test_what_could_not_be_tried_is_named(tmp_path: Path) -> None:
    forests = Forests(read(samples_dir() / "monte_carlo.forest.json"))
    path = tmp_path / "rows.jsonl"
    export(forests, "training", path, credit=compute(forests, "vineppo"))
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    path.write_bytes(written(*({name: one for name, one in row.items() if "mc_" not in name} for row in rows)))
    said = CliRunner().invoke(main, ["audit", str(path)]).output
    assert "not tried: " in said
    assert "vineppo" in said
    assert "Monte Carlo value" in said
