"""What lint says about valid batches, kind by kind."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from treecore.analysis.lint import claim_differs, lint
from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.forest import Forest, TokenTable
from treecore.methods import compute

NAN = np.nan
GOOD: dict[str, Any] = {
    "parent": [-1, 0, 0, -1, 3, 3],
    "reward": [NAN, 1.0, 0.0, NAN, 0.0, 1.0],
    "id": "good",
}


def found(*forests: Forest) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.places for finding in lint(Forests(forests))}


def test_a_good_batch_has_no_findings() -> None:
    assert lint(Forests(Forest(**GOOD))) == []


CASES: list[tuple[dict[str, Any], dict[str, tuple[str, ...]]]] = [
    ({"reward": [NAN, 1.0, 1.0, NAN, 1.0, 1.0]}, {"zero-variance-group": ("forest good",)}),
    ({"reward": [NAN, 1.0, 1.0, NAN, 0.0, 1.0]}, {"zero-variance-tree": ("forest good, tree 1",)}),
    (
        {"reward": [NAN, 1.0, 0.0, NAN, 0.0, NAN]},
        {"singleton-tree": ("forest good, tree 2",), "unscored-leaf": ("forest good, node 5",)},
    ),
    ({"parent": [-1, 0], "reward": [NAN, 1.0]}, {"singleton-group": ("forest good",)}),
    ({"parent": [-1, 0, -1, 2], "reward": [NAN, 1.0, NAN, 0.0]}, {}),
    ({"status": [-1, Status.TRUNCATED, 1, -1, 1, 1]}, {"truncated-leaf": ("forest good, node 1",)}),
    ({"status": [-1, Status.FAILED, 1, -1, 1, 1]}, {"failed-leaf": ("forest good, node 1",)}),
    ({"text": ["said", "a", "b", "", "", ""]}, {"root-with-text": ("forest good, node 0",)}),
    (
        {"tokens": TokenTable(start=[0, 0, 1, 1, 1, 1, 1], id=[5]), "n_model_tokens": [0, 2, 0, 0, 0, 0]},
        {"token-count": ("forest good, node 1",)},
    ),
    ({"claimed": {"sibling": [NAN, 0.5, -0.5, NAN, NAN, 0.5]}}, {}),
    ({"claimed": {"sibling": [NAN, 0.5, 0.5, NAN, NAN, NAN]}}, {"claimed-credit": ("forest good, node 2",)}),
    ({"claimed": {"sibling": [1.0, NAN, NAN, NAN, NAN, NAN]}}, {"claimed-credit": ("forest good, node 0",)}),
    ({"claimed": {"mine": [1.0] * 6}}, {"claimed-credit": ()}),
    ({"parent": [-1, 0, -1, 2], "text": ["a", "b", "a", "c"], "reward": [NAN, 1.0, NAN, 0.0]}, {}),
    ({"text": ["a", "b", "c", "d", "e", "f"]}, {}),
]


@pytest.mark.parametrize(("changes", "wanted"), CASES)
def test_each_kind_names_its_places(changes: dict[str, Any], wanted: dict[str, tuple[str, ...]]) -> None:
    assert found(Forest(**(GOOD | changes))) == wanted


def test_places_are_those_of_the_batch() -> None:
    bad = Forest(**(GOOD | {"id": "", "node_id": list("abcdef"), "status": [-1, 1, 1, -1, Status.TRUNCATED, 1]}))
    assert found(Forest(**GOOD), bad) == {"truncated-leaf": ("forest 1, node e",)}
    assert found(Forest(**GOOD), Forest(**GOOD)) == {"repeated-id": ("forest good",)}


FLAT: dict[str, Any] = {"parent": [-1, -1], "text": ["a", "b"], "reward": [1.0, 0.0], "id": "flat"}


def test_a_root_with_words_is_told_of_only_where_roots_are_of_two_kinds() -> None:
    branching = Forest(**(GOOD | {"text": list("abcdef")}))
    assert found(Forest(**FLAT), Forest(**GOOD)) == {}
    assert found(Forest(**FLAT), branching) == {}
    both = found(Forest(**(GOOD | {"id": "empty"})), branching)
    assert both == {"root-with-text": ("forest good, node 0", "forest good, node 3")}


def test_an_answer_that_never_came_is_no_empty_prompt() -> None:
    answers = {"parent": [-1, -1], "text": ["a", ""], "reward": [1.0, NAN], "status": [1, 3]}
    assert "root-with-text" not in found(Forest(**answers))


CALL = {"name": "search", "arguments": {"q": "x"}}


@pytest.mark.parametrize(
    "beside", [{"node_extra": {0: {"tool_calls": [CALL]}}}, {"observation": ["found", "", "", ""]}]
)
def test_a_root_without_words_is_a_step_where_it_calls_or_hears_something(beside: dict[str, Any]) -> None:
    roots = {"parent": [-1, 0, -1, 2], "text": ["", "a", "b", "c"], "reward": [NAN, 1.0, NAN, 0.0], "id": "two"}
    assert "root-with-text" not in found(Forest(**(roots | beside)))
    assert found(Forest(**roots))["root-with-text"] == ("forest two, node 2",)


def test_a_claim_without_a_method_is_told_calmly() -> None:
    (finding,) = lint(Forests(Forest(**(FLAT | {"claimed": {"advantage": [0.3, 0.7]}}))))
    assert finding.kind == "claimed-credit"
    assert finding.found.startswith("the file does not say which method made its `advantage`: ")
    assert "treecore audit FILE" in finding.todo


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    words = [finding.found for changes, _ in CASES for finding in lint(Forests(Forest(**(GOOD | changes))))]
    assert "1 tree has equal rewards on all trajectories" in words
    assert "1 tree has one scored trajectory" in words
    assert "1 of 4 leaves has no reward" in words
    assert not any(re.search(r"(?<!of )\b1 (?!of|has|was)[a-z]+s\b", one) for one in words)


def test_claims_that_cannot_be_recomputed_say_why() -> None:
    forest = Forest(parent=[-1, 0], claimed={"grpo": [NAN, 1.0]})
    (finding,) = [finding for finding in lint(Forests(forest)) if finding.kind == "claimed-credit"]
    assert "cannot be checked" in finding.found
    assert "no leaf has a reward" in finding.found


def test_rounding_is_no_difference() -> None:
    credit = compute(Forest(**GOOD), "grpo").credit
    batch = Forests(Forest(**(GOOD | {"claimed": {"grpo": np.round(credit, 5)}})))
    assert not claim_differs(batch, "grpo", credit).any()
    assert claim_differs(batch, "grpo", credit + 0.01)[1]


def test_a_finding_is_one_line_with_a_few_places() -> None:
    parent = np.zeros(20, dtype=np.int64)
    parent[0] = -1
    (finding,) = lint(Forests(Forest(parent=parent, id="q")))
    assert str(finding).startswith("unscored-leaf: 19 of 19 leaves have no reward (forest q, node 1; ")
    assert "and 14 more" in str(finding)
    assert finding.as_json()["places"][0] == "forest q, node 1"
    assert len(finding.as_json()["places"]) == 19


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["3*4", "=12"], False),
        (["3*4", "=12", "<|im_end|>"], False),
        (["3*4", "=13"], True),
        (["3*4"], True),
        (["\u0120" + "3*4", "=12"], True),
    ],
)
def test_token_texts_that_do_not_join_up(texts: list[str], found: bool) -> None:
    forest = Forest(
        parent=np.array([-1, 0]),
        text=["", "3*4=12"],
        reward=np.array([np.nan, 1.0]),
        tokens=TokenTable(start=np.array([0, 0, len(texts)]), text=texts),
    )
    assert ("token-text" in {finding.kind for finding in lint(Forests(forest))}) == found


@pytest.mark.parametrize(
    ("name", "value", "kind"), [("logprob", 5.0, "impossible-logprob"), ("entropy", -3.0, "impossible-entropy")]
)
def test_token_numbers_that_cannot_be(name: str, value: float, kind: str) -> None:
    def kinds(number: float) -> set[str]:
        tokens = TokenTable(start=np.array([0, 0, 1]), **{name: np.array([number])})
        forest = Forest(parent=np.array([-1, 0]), reward=np.array([NAN, 1.0]), tokens=tokens)
        return {finding.kind for finding in lint(Forests(forest))}

    assert kind in kinds(value)
    assert kind not in kinds(0.0)
