"""Recorded numbers of the reference implementations, replayed case by case.

To check another method, add its checks to `checks`: method, parameters, table of columns, column, expected values by
`"forest:node"`, and whether the reference computed in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from golden import BATCHES, CASES, RECORDED

from treecore.methods import Credit, compute

OVER_STATES = ("treerl", "spo_tree", "treepo", "gigpo", "sibling")
"""Methods to which every empty root is the prompt: no step, so no credit, and its value is that of all trees."""
LOOSE, STRICT = 1e-5, 2e-6


class Check(NamedTuple):
    """One column of one method in one case."""

    method: str
    settings: dict[str, Any]
    table: str
    column: str
    values: dict[str, Any]
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
    yield from outcome_checks(expected)
    yield from tree_checks(expected)
    if "node" in expected.get("sibling_mean", {}):
        yield Check("sibling", {}, "nodes", "credit", expected["sibling_mean"]["node"], loose=True)
    prompts = expected["empty_roots"]["node"]
    for method in OVER_STATES:
        for column in ("credit", "n_leaves") if method == "spo_tree" else ("credit", "value", "n_leaves"):
            values = {name: row.get(column) for name, row in prompts.items()}
            yield Check(method, {}, "nodes", column, values)


def outcome_checks(expected: dict[str, Any]) -> Iterator[Check]:
    """Baselines that know nothing of the tree; the reference refuses some degenerate cases and has no numbers then."""
    for method, key, settings in (
        ("dr_grpo", "dr_grpo", {}),
        ("rloo", "rloo", {"singleton": "raw"}),
        ("rloo", "rloo_vectorized", {"singleton": "zero"}),
        ("opo", "opo", {}),
        ("grpo_passk", "grpo_passk", {}),
        ("reinforce_pp_baseline", "reinforce_pp_baseline", {}),
    ):
        if "leaf" in expected[key]:
            yield Check(method, settings, "leaves", "advantage", expected[key]["leaf"])
    for gamma in ("1", "0.9"):
        entry = expected[f"reinforce_pp_gamma_{gamma}"]
        if "leaf_tokens" in entry:
            yield Check("reinforce_pp", {"gamma": gamma}, "tokens", "", entry["leaf_tokens"])


def tree_checks(expected: dict[str, Any]) -> Iterator[Check]:
    """Methods that look at the tree."""
    diff = expected["tree_grpo_tree_diff_node_score"]
    yield Check("tree_diff", {"margin": diff["params"]["margin"]}, "nodes", "credit", diff["node"])
    for entry in expected["treerl"]:
        given = entry["params"]
        settings = {"mode": given["mode"], "weight": given["weighted_value_style"] or "none"}
        settings["norm"] = given["overall_norm_style"]
        if given["selected"] != "all":
            if len(given["selected"]) > 1:
                continue
            settings["selected"] = ",".join(str(leaf) for ids in given["selected"].values() for leaf in ids)
        for column, key in (("credit", "value"), ("state_value", "state_value")):
            values = {name: node[key] for name, node in entry["node"].items() if key in node}
            yield Check("treerl", settings, "nodes", column, values)
    for column, key in (("credit", "reweighted"), ("global", "global"), ("local", "local"), ("value", "V")):
        values = {name: node[key] for name, node in expected["treerl_paper_formula"]["node"].items()}
        yield Check("treerl_paper", {}, "nodes", column, values)
    edges = expected["spo_tree"]["edge_into_node"]
    for normalize, column, key in (
        ("none", "credit", "adv_rloo"),
        ("none", "value", "value"),
        ("std", "credit", "adv_grpo"),
    ):
        values = {name: edge[key] for name, edge in edges.items()}
        yield Check("spo_tree", {"normalize": normalize}, "nodes", column, values)
    for estimator, entry in expected["treepo"]["estimators"].items():
        for whiten, key in ((False, "leaf_before_whitening"), (True, "leaf")):
            yield Check("treepo", {"estimator": estimator, "whiten": whiten}, "leaves", "advantage", entry[key])


ALL = [
    pytest.param(case["name"], check, id=f"{case['name']}-{check.method}-{check.table}.{check.column}-{number}")
    for case in CASES
    for number, check in enumerate(checks(case["expected"]))
]


def test_there_are_numbers_to_compare() -> None:
    values = [value for param in ALL for value in param.values[1].values.values()]
    assert len(CASES) >= 13
    assert len(values) > 7000
    assert {param.values[1].method for param in ALL} == RECORDED


@pytest.mark.parametrize(("case", "check"), ALL)
def test_numbers_are_those_of_the_reference(case: str, check: Check) -> None:
    batch = BATCHES[case]
    credit = compute(batch, check.method, **check.settings)
    tolerance = LOOSE if check.loose else STRICT
    for key, wanted in check.values.items():
        name, node = key.split(":")
        number = next(i for i, forest in enumerate(batch) if forest.id == name)
        found = numbers_at(credit, check, int(batch.offset[number]) + batch[number].row(node))
        expected = np.array(wanted, dtype=np.float64)
        np.testing.assert_allclose(found, expected, atol=tolerance, rtol=1e-5, err_msg=key)


def numbers_at(credit: Credit, check: Check, row: int) -> np.ndarray:
    """What was computed for one row: a number, or those of its tokens."""
    if check.table == "tokens":
        assert credit.tokens is not None
        return credit.tokens.value[credit.tokens.start[row] : credit.tokens.start[row + 1]]
    return getattr(credit, check.table)[check.column][row]
