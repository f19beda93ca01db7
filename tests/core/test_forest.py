"""What a forest accepts, refuses and remembers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forests import any_forest, random_forest
from hypothesis import given

from treecore.core.forest import Forest, TokenTable
from treecore.errors import ForestError


def test_a_parent_array_is_enough() -> None:
    forest = Forest(parent=np.array([-1, 0, 0, -1]))
    assert len(forest) == 4
    assert forest.n_trees == 2
    assert forest.tree.tolist() == [0, 0, 0, 1]
    assert forest.leaves.tolist() == [1, 2, 3]
    assert forest.node_id == (0, 1, 2, 3)
    assert forest.text == ("", "", "", "")
    assert np.isnan(forest.reward).all()
    assert forest.born.tolist() == [-1] * 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"parent": []}, "without nodes"),
        ({"parent": [0]}, "before their children"),
        ({"parent": [-1, 2, 0]}, "before their children"),
        ({"parent": [-2]}, "before their children"),
        ({"parent": [-1, 0], "reward": [1.0, 0.0]}, "node 0 has children and a reward"),
        ({"parent": [-1], "reward": [np.inf]}, "has the reward inf"),
        ({"parent": [-1], "columns": {"mc_value": np.array([1e308])}}, r"node 0 has the mc_value 1e\+308"),
        ({"parent": [-1, 0], "columns": {"a": [1.0, np.nan], "b": [0.0, -1e308]}}, r"node 1 has the b -1e\+308"),
        ({"parent": [-1], "reward": [-1e101]}, "between -1e"),
        ({"parent": [-1, 0], "text": ["a"]}, "column 'text' has 1 value for 2 nodes"),
        ({"parent": [-1, 0], "node_id": [1, "1"]}, "two nodes have the id '1'"),
        ({"parent": [-1, 0], "node_id": [3, 3]}, "two nodes have the id 3"),
        ({"parent": [-1], "born": [-2]}, "born -2 of row 0"),
        ({"parent": [-1], "status": [4]}, "status 4 of row 0"),
        ({"parent": [-1], "columns": {"v": [1.0, 2.0]}}, "columns.v"),
        ({"parent": [-1], "claimed": {"v": []}}, "claimed.v"),
        ({"parent": [-1, 0], "tokens": TokenTable(start=[0, 1], id=[5])}, "tokens.start"),
    ],
)
def test_what_is_no_forest_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ForestError, match=message):
        Forest(**fields)


@pytest.mark.parametrize(
    ("start", "columns", "message"),
    [
        ([], {}, "increase from 0"),
        ([1, 2], {}, "increase from 0"),
        ([0, 3, 2], {}, "increase from 0"),
        ([0, 2], {"id": [1]}, "token column 'id' has 1 value"),
        ([0, 0, 2], {"logprob": [-0.5, 1e308]}, r"token 1 of row 1 has the logprob 1e\+308"),
        ([0, 1], {"confidence": [-1e308]}, "has the confidence -1e"),
        ([0, 0, 2], {"top": [(), [("a", -1e308)]]}, "token 1 of row 1 has the top with a number that cannot be"),
        ([0, 1], {"top": [[("a", float("nan"))]]}, "token 0 of row 0 has the top"),
    ],
)
def test_what_is_no_token_table_is_refused(start: list[int], columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ForestError, match=message):
        TokenTable(start=start, **columns)


def test_token_counts_come_from_the_tokens() -> None:
    table = TokenTable(start=[0, 0, 3, 4], part=[1, 0, -1, 2])
    forest = Forest(parent=[-1, 0, 1], tokens=table, n_model_tokens=[-1, 9, -1])
    assert table.is_model.tolist() == [True, False, True, True]
    assert table.node.tolist() == [1, 1, 1, 2]
    assert forest.n_model_tokens.tolist() == [0, 9, 1]
    assert forest.n_obs_tokens.tolist() == [0, 1, 0]


def test_columns_are_read_only(rng: np.random.Generator) -> None:
    forest = random_forest(rng, tokens=True)
    assert forest.tokens is not None
    for array in (forest.parent, forest.reward, forest.born, forest.tokens.start, forest.tokens.logprob):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_callers_array_stays_the_callers() -> None:
    parent = np.array([-1, 0])
    forest = Forest(parent=parent)
    parent[1] = -1
    assert forest.parent.tolist() == [-1, 0]


def test_ids_are_compared_as_text() -> None:
    forest = Forest(parent=[-1, 0], node_id=["a", 7])
    assert forest.row("7") == forest.row(7) == 1
    with pytest.raises(ForestError, match="no node 'b'"):
        forest.row("b")


@given(any_forest())
def test_equal_content_has_an_equal_digest(forest: Forest) -> None:
    assert replace(forest).digest == forest.digest
    assert replace(forest, provenance={"anything": 1}).digest == forest.digest


CHANGES: dict[str, Any] = {
    "text": ("", "x", "", ""),
    "reward": [np.nan, np.nan, 0.0, np.nan],
    "node_id": (0, 1, 2, "3"),
    "born": [0, 1, 2, 3],
    "prompt": "p",
    "columns": {"v": [0.0, 0.0, 0.0, 0.0]},
    "claimed": {"v": [0.0, 0.0, 0.0, 0.0]},
    "tokens": TokenTable(start=[0, 0, 1, 1, 1], id=[4]),
    "extra": {"a": 1},
    "node_extra": {2: {"a": 1}},
    "parent": [-1, 0, 0, 1],
}


@pytest.mark.parametrize("field", CHANGES)
def test_any_changed_field_changes_the_digest(field: str) -> None:
    base = Forest(parent=[-1, 0, 0, 0])
    assert base.with_columns(**{field: CHANGES[field]}).digest != base.digest


def test_the_digest_is_the_same_in_every_process() -> None:
    code = "from forests import random_forest; import numpy; print(random_forest(numpy.random.default_rng(1)).digest)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "support")}
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**environment, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {random_forest(np.random.default_rng(1)).digest.encode()}
