"""How many roots a file has says how it was written: methods over states and over trajectories give equal numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from families import KINDS, OF_A_KIND, annotated, computed, is_complete
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from treecore.core.batch import Forests
from treecore.core.columns import NODE_COLUMNS
from treecore.core.forest import Forest
from treecore.methods import METHODS, Credit, compute
from treecore.methods.bootstrap import taken
from treecore.methods.registry import SIGNALS

SHAPELESS = [name for name, method in METHODS.items() if method.over != "trees"]
STATES = [name for name, method in METHODS.items() if method.over == "states"]
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "treerl": [
        {"mode": mode, "norm": norm} for mode in ("advantage_only", "mix_allancestor") for norm in ("step", "token")
    ],
    "sibling": [{"below_single": "stop"}],
    "spo_tree": [{"normalize": "std"}],
    "treepo": [{"whiten": False, "estimator": "average_drop_zero_std"}],
    "gigpo": [{"mode": "mean_std_norm"}],
    "stepwiser": [{"scheme": "rel_ratio"}],
    "srl": [{"align_by": "monotone", "signal": "advantage"}, {"align_by": "prefix"}],
    "deepsearch": [{"norm": "std"}],
    "vineppo": [{"values": "tree"}],
    "spo_chain": [{"values": "tree"}],
    "omegaprm": [{"values": "monte_carlo"}],
}
"""Settings beside the defaults that take another way to the prompt."""
BY_ROW = "is_best"
"""A column in which the order of rows decides between equals."""


def one_root(rng: np.random.Generator, kind: str) -> Forest:
    """One tree below an empty root that carries nothing; first steps say something, so that they can be roots."""
    forest = annotated(rng, **{**KINDS[kind], "n_trees": 1})
    empty = {name: np.where(forest.parent < 0, np.nan, values) for name, values in forest.columns.items()}
    said = [text or ("so" if above == 0 else "") for text, above in zip(forest.text, forest.parent, strict=True)]
    texts = {"text": ("", *said[1:]), "observation": ("", *forest.observation[1:])}
    return forest.with_columns(columns=empty, node_id=tuple(f"s{row}" for row in range(len(forest))), **texts)


def rewritten(forest: Forest, keeps_root: np.ndarray) -> Forest:
    """The same rollouts with a tree for each first step: below an empty root of its own, or without one.

    Args:
        keeps_root: for each first step, whether an empty root stands above it.
    """
    topology = forest.topology
    rows: list[int] = []
    parent: list[int] = []
    for first, rooted in zip(topology.children(0).tolist(), keeps_root.tolist(), strict=True):
        place = {-1: -1}
        if rooted:
            place[0] = len(rows)
            rows.append(0)
            parent.append(-1)
        low, high = topology.position[first], topology.position[first] + topology.size[first]
        for row in np.sort(topology.order[low:high]).tolist():
            place[row] = len(rows)
            rows.append(row)
            parent.append(place.get(int(forest.parent[row]), -1))
    fields: dict[str, Any] = {}
    for column in NODE_COLUMNS:
        values = getattr(forest, column.name)
        fields[column.name] = tuple(values[row] for row in rows) if column.kind == "text" else values[rows]
    assert forest.tokens is not None
    return replace(
        forest,
        parent=np.array(parent),
        node_id=tuple(f"{forest.node_id[row]}" if row else f"root {place}" for place, row in enumerate(rows)),
        tokens=taken(forest.tokens, np.array(rows)),
        columns={name: values[rows] for name, values in forest.columns.items()},
        **fields,
    )


def told(credit: Credit) -> dict[str, np.ndarray]:
    """All columns of steps and trajectories, in order of the steps' ids; tokens too."""
    forest = credit.forests[0]
    rows = sorted(np.flatnonzero(~forest.is_prompt).tolist(), key=lambda row: int(str(forest.node_id[row])[1:]))
    found = {f"nodes {name}": values[rows] for name, values in credit.nodes.items()}
    found |= {f"leaves {name}": values[rows] for name, values in credit.leaves.items() if name != BY_ROW}
    if credit.tokens is not None:
        start, value = credit.tokens
        found["tokens"] = np.concatenate([np.empty(0), *(value[start[row] : start[row + 1]] for row in rows)])
    return found


@cache
def forms_of(kind: str, number: int) -> list[Forest]:
    """One root, a root for each first step, first steps as roots, and some of both; none where something is lacking."""
    rng = np.random.default_rng([number, *kind.encode()])
    forest = one_root(rng, kind)
    firsts = len(forest.topology.children(0))
    keeps = np.ones(firsts, bool), np.zeros(firsts, bool), rng.random(firsts) < 0.5
    return [forest, *(rewritten(forest, one) for one in keeps)] if is_complete(forest) else []


@st.composite
def written(draw: st.DrawFn) -> list[Forest]:
    """A forest in all forms."""
    forms = forms_of(draw(st.sampled_from(sorted(set(KINDS) - {"single node"}))), draw(st.integers(0, OF_A_KIND - 1)))
    assume(forms)
    return forms


@pytest.mark.parametrize("method", SHAPELESS)
@given(forms=written())
@settings(max_examples=15, deadline=None)
def test_steps_have_the_same_numbers_however_the_prompt_is_written(method: str, forms: list[Forest]) -> None:
    for params in [{}, *SETTINGS.get(method, [])]:
        wanted = told(computed(Forests(forms[0]), method, **params))
        for form in forms[1:]:
            found = told(computed(Forests(form), method, **params))
            assert found.keys() == wanted.keys()
            for name, values in wanted.items():
                np.testing.assert_allclose(found[name], values, atol=1e-7, err_msg=f"{name} {params}")


@pytest.mark.parametrize("method", STATES)
@given(forms=written())
@settings(max_examples=10, deadline=None)
def test_every_empty_root_has_the_row_of_the_prompt(method: str, forms: list[Forest]) -> None:
    wanted = computed(Forests(forms[0]), method).nodes
    for form in (forms[1], forms[3]):
        nodes = computed(Forests(form), method).nodes
        for row in form.prompts.tolist():
            assert all(np.isnan(nodes[name][row]) for name in SIGNALS if name in nodes)
            for name, values in nodes.items():
                np.testing.assert_allclose(values[row], wanted[name][0], atol=1e-7, err_msg=name)


def test_methods_over_trees_keep_them_apart() -> None:
    one = Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 0])
    each = Forest(parent=[-1, 0, -1, 2], reward=[np.nan, 1, np.nan, 0])
    bare = Forest(parent=[-1, -1], reward=[1, 0], text=["a", "b"])
    for method in (name for name, method in METHODS.items() if method.over == "trees"):
        together, apart, steps = (compute(form, method).credit for form in (one, each, bare))
        assert together[1] != pytest.approx(apart[1])
        assert steps == pytest.approx(apart[[1, 3]])


def test_the_forest_worked_by_hand() -> None:
    forest = Forest(parent=[-1, 0, -1, 2, 2], reward=[np.nan, 1, np.nan, 0, 0], n_model_tokens=[0, 1, 0, 1, 1])
    third = {"value": 1 / 3, "n_leaves": 3}
    for method, params, wanted in (
        ("treerl_paper", {}, {"global": 2 / 3, "local": 2 / 3, "credit": 4 / 3}),
        ("treerl", {"weight": "none"}, {"state_value": 1, "credit": 2}),
        ("sibling", {}, {"credit": 2 / 3}),
        ("spo_tree", {}, {"credit": 2 / 3}),
        ("treepo", {"whiten": False}, {"credit": 2 / 3}),
        ("gigpo", {}, {"credit": 4 / 3}),
    ):
        nodes = compute(forest, method, **params).nodes
        assert {name: nodes[name][1] for name in wanted} == pytest.approx(wanted), method
        for row in (0, 2):
            assert np.isnan(nodes["credit"][row])
            assert {name: nodes[name][row] for name in third} == pytest.approx(third), method


def test_estimates_at_several_empty_roots_are_pooled_by_their_counts() -> None:
    columns = {"mc_value": np.array([0.25, 0.5, 1.0, 0.5]), "mc_count": np.array([6.0, 1, 2, 1])}
    forest = Forest(parent=[-1, 0, -1, 2], reward=[np.nan, 1, np.nan, 0], columns=columns)
    nodes = compute(forest, "vineppo").nodes
    assert nodes["before"][[1, 3]] == pytest.approx([3.5 / 8, 3.5 / 8])
    one = forest.with_columns(columns={"mc_value": np.array([0.25, np.nan, np.nan, np.nan])})
    assert compute(one, "vineppo").nodes["before"][[1, 3]] == pytest.approx([0.25, 0.25])
    other = forest.with_columns(columns={"mc_value": np.array([np.nan, np.nan, 0.75, np.nan])})
    assert compute(other, "vineppo").nodes["before"][[1, 3]] == pytest.approx([0.75, 0.75])


def test_an_empty_root_with_a_reward_is_a_trajectory() -> None:
    forest = Forest(parent=[-1, -1, 1, 1], reward=[1, np.nan, 0, 0])
    assert forest.prompts.tolist() == [1]
    assert compute(forest, "sibling").credit == pytest.approx([2 / 3, np.nan, -1 / 3, -1 / 3], nan_ok=True)


def test_every_method_says_what_it_is_over() -> None:
    assert {method.over for method in METHODS.values()} == {"states", "trees", "trajectories"}
    assert {name for name, method in METHODS.items() if method.over == "trees"} == {"tree_grpo", "tree_diff"}
    assert METHODS["sibling"].as_json()["over"] == "states"
