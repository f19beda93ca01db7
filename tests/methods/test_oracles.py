"""Every method at its default settings against its slow, obvious version; Tree-GRPO and siblings in all variants."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches, computed
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import ADVANTAGE, CREDIT, has_oracle, outcome, prefixes, slow_credit, trees
from oracles.nodes import StateWalk, Walk

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS, compute
from treecore.methods.laws import Worked

OWN_VALUE = {"spo_tree"}
"""Methods whose value is not the mean reward of the leaves beneath."""


BUNDLED = sorted(name for name, one in METHODS.items() if one.is_bundled)


WORKED = [(name, worked) for name, method in METHODS.items() for worked in method.laws.worked]


@pytest.mark.parametrize("method", BUNDLED)
def test_a_bundled_method_has_an_oracle_or_an_example_worked_out_by_hand(method: str) -> None:
    """Those of plug-ins have theirs, if any, in their own tests."""
    todo = f"give {method} laws=Laws(worked=(Worked(...),)), or an oracle in tests/oracles"
    assert has_oracle(method) or METHODS[method].laws.worked, todo


def test_every_oracle_is_that_of_a_method() -> None:
    assert sorted({*ADVANTAGE, *CREDIT} - {*BUNDLED}) == []


@pytest.mark.parametrize(("method", "worked"), WORKED, ids=[f"{name} {worked.settings}" for name, worked in WORKED])
def test_examples_come_out_as_worked_out_by_hand(method: str, worked: Worked) -> None:
    forest = Forest(parent=worked.parent, reward=worked.reward, n_model_tokens=[int(p >= 0) for p in worked.parent])
    np.testing.assert_allclose(compute(forest, method, **worked.settings).credit, worked.credit, atol=1e-9)


@pytest.mark.parametrize("method", [name for name in BUNDLED if has_oracle(name)])
@given(batch=batches())
@settings(max_examples=25)
def test_a_method_is_its_oracle(method: str, batch: Forests) -> None:
    found, wanted = computed(batch, method).nodes, slow_credit(Walk(batch), method)
    assert {"credit", "value", "n_leaves"} <= set(wanted)
    for name, values in wanted.items():
        if not (name == "value" and method in OWN_VALUE):
            atol = 1e-3 if name == "stderr" else 1e-7
            np.testing.assert_allclose(found[name], values, atol=atol, err_msg=name)


@given(batch=batches(), ddof=st.integers(0, 1))
@settings(max_examples=25)
def test_grpo_divides_by_either_deviation(batch: Forests, ddof: int) -> None:
    found, wanted = compute(batch, "grpo", ddof=ddof).leaves["advantage"], outcome.grpo(Walk(batch), ddof)
    np.testing.assert_allclose(found[sorted(wanted)], [wanted[row] for row in sorted(wanted)], atol=1e-7)


@pytest.mark.parametrize("variant", ["sum", "intra", "inter", "two_norm"])
@given(batch=batches(), ddof=st.integers(0, 1))
@settings(max_examples=25)
def test_tree_grpo_compares_inside_trees_and_across_them(variant: str, batch: Forests, ddof: int) -> None:
    found = compute(batch, "tree_grpo", variant=variant, ddof=ddof).leaves["advantage"]
    wanted = outcome.tree_grpo(Walk(batch), variant, ddof)
    np.testing.assert_allclose(found[sorted(wanted)], [wanted[row] for row in sorted(wanted)], atol=1e-7)


@pytest.mark.parametrize("below_single", ["continue", "stop"])
@given(batch=batches())
@settings(max_examples=25)
def test_siblings_are_compared_where_there_are_two(below_single: str, batch: Forests) -> None:
    wanted = trees.sibling(StateWalk(batch), below_single)
    np.testing.assert_allclose(compute(batch, "sibling", below_single=below_single).seen.credit, wanted, atol=1e-9)


@pytest.mark.parametrize("values", ["leaf_mean", "child_mean", "child_softmax"])
@pytest.mark.parametrize("advantage", ["node_value", "diff_parent", "diff_global", "diff_localglobal"])
@given(batch=batches(), normalize=st.booleans())
@settings(max_examples=10)
def test_at2po_in_all_settings(values: str, advantage: str, batch: Forests, normalize: bool) -> None:
    found = compute(batch, "at2po", values=values, advantage=advantage, normalize=normalize).seen.nodes
    wanted = prefixes.at2po(StateWalk(batch), values, advantage, normalize=normalize)
    for name in ("credit", "node_value"):
        steps = ~np.isnan(found["credit"])
        np.testing.assert_allclose(found[name][steps], np.array(wanted[name])[steps], atol=1e-7, err_msg=name)
