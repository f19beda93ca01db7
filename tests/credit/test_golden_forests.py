"""Recorded numbers of the reference implementations, replayed case by case.

To check another method, add its checks to `checks`: method, parameters, table of columns, column, expected values by
`"forest:node"`, and whether the reference computed in float32.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from treecore.credit import compute
from treecore.forests import Forests
from treecore.formats import read

CASES = json.loads((Path(__file__).parent.parent / "data" / "public_forest.json").read_text())["cases"]
LOOSE, STRICT = 1e-5, 2e-6


class Check(NamedTuple):
    """One column of one method in one case."""

    method: str
    settings: dict[str, Any]
    table: str
    column: str
    values: dict[str, float | None]
    loose: bool = False


def checks(expected: dict[str, Any]) -> Iterator[Check]:
    """All checks of one case."""
    tree = expected["tree_grpo"]
    for variant, key in (("sum", "total"), ("two_norm", "two_norm"), ("intra", "intra_only"), ("inter", "inter")):
        yield Check("tree_grpo", {"variant": variant}, "leaves", "advantage", tree[key])
    for table, column, key in (
        ("leaves", "inter", "inter"),
        ("leaves", "intra", "intra"),
        ("nodes", "credit", "derived_node_mean"),
        ("nodes", "gradient_weight", "derived_node_sum"),
    ):
        yield Check("tree_grpo", {}, table, column, tree[key])
    yield Check("grpo", {}, "leaves", "advantage", expected["grpo"]["leaf"])
    if "node" in expected.get("sibling_mean", {}):
        yield Check("sibling", {}, "nodes", "credit", expected["sibling_mean"]["node"], loose=True)


def batch_of(case: dict[str, Any]) -> Forests:
    """The case as it would stand in a native file."""
    documents = []
    for prompt in case["prompts"]:
        nodes = []
        for node in prompt["nodes"]:
            row = {"id": node["id"], "parent": node["parent"], "tree": node["tree"]}
            row |= {"n_model_tokens": node["model_tokens"], "n_obs_tokens": node["obs_tokens"]}
            if node["leaf"]:
                row |= {"reward": node["reward"], "status": "terminated"}
            nodes.append(row)
        documents.append({"format": "treecore/1", "id": str(prompt["prompt"]), "nodes": nodes})
    return Forests(read(b"\n".join(map(orjson.dumps, documents))))


BATCHES = {case["name"]: batch_of(case) for case in CASES}
ALL = [
    pytest.param(case["name"], check, id=f"{case['name']}-{check.method}-{check.table}.{check.column}-{number}")
    for case in CASES
    for number, check in enumerate(checks(case["expected"]))
]


def test_there_are_numbers_to_compare() -> None:
    values = [value for param in ALL for value in param.values[1].values.values()]
    assert len(CASES) >= 7
    assert len(values) > 500


@pytest.mark.parametrize(("case", "check"), ALL)
def test_numbers_are_those_of_the_reference(case: str, check: Check) -> None:
    batch = BATCHES[case]
    found = getattr(compute(batch, check.method, **check.settings), check.table)[check.column]
    tolerance = LOOSE if check.loose else STRICT
    for key, wanted in check.values.items():
        name, node = key.split(":")
        number = next(i for i, forest in enumerate(batch) if forest.id == name)
        value = float(found[batch.offset[number] + batch[number].row(node)])
        if wanted is None or math.isnan(wanted):
            assert math.isnan(value), key
        else:
            assert value == pytest.approx(wanted, abs=tolerance, rel=1e-5), key
