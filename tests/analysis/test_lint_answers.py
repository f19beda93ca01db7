"""Checks of what trajectories say and what a trainer claims of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from treecore.analysis.lint import lint
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.formats import read


def kinds(*forests: Forest) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.places for finding in lint(Forests(forests))}


def test_duplicates_are_named() -> None:
    forest = Forest(parent=[-1, 0, 0, 0], text=["", "a", "b", "a"], reward=[np.nan, 1.0, 0.0, 0.0], id="q")
    assert kinds(forest)["duplicate-trajectory"] == ("forest q, node 3",)
    assert "duplicate-trajectory" not in kinds(forest.with_columns(text=["", "a", "b", "c"]))
    called = {row: {"function_call": {"name": f"tool {row}"}} for row in (1, 3)}
    assert "duplicate-trajectory" not in kinds(forest.with_columns(node_extra=called))


def test_rollouts_of_different_prompts_in_one_group() -> None:
    rows = [{"input": text, "output": "x", "score": 1.0, "step": 1, "uid": f"s_{n}_0"} for n, text in enumerate("ab")]
    forests = read("\n".join(map(json.dumps, rows)).encode())
    assert kinds(*forests)["mixed-prompts"] == ("forest step 1 · prompt 1",)
    same = read("\n".join(json.dumps({**row, "input": "a"}) for row in rows).encode())
    assert "mixed-prompts" not in kinds(*same)


@pytest.mark.parametrize(
    ("answer", "reward", "found"),
    [
        ("<answer> Paris </answer>", 0.0, True),
        ("It is \\boxed{paris}", 0.0, True),
        ("It is the capital.\n#### Paris", 0.0, True),
        ("So the answer is **Paris**.", 0.0, True),
        ("The answer is Paris. Wait, no, the answer is Rome.", 0.0, False),
        ("<answer> Rome </answer> The answer is Paris.", 0.0, False),
        ("Paris is in France.", 0.0, False),
        ("<answer> Paris </answer>", 1.0, False),
        ("<answer> Rome </answer>", 0.0, False),
        ("<answer> Paris </answer>", np.nan, False),
    ],
)
def test_right_answers_that_earned_nothing(answer: str, reward: float, found: bool) -> None:
    forest = Forest(parent=[-1, -1], text=[answer, "no"], reward=[reward, 0.0], reference="Paris")
    assert ("right-but-unrewarded" in kinds(forest)) is found


@pytest.mark.parametrize(("claims", "found"), [([0.5, -0.5], False), ([0.5, 0.5], True), ([0.5, np.nan], False)])
def test_claims_that_do_not_cancel(claims: list[float], found: bool) -> None:
    forest = Forest(parent=[-1, -1], text=["a", "b"], reward=[1.0, 0.0], claimed={"rloo": np.array(claims)})
    assert ("claimed-sum" in kinds(forest)) is found
