"""What methods measure against, read from their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.references import AGAINST, OUTCOMES, Reach, measured, reach_of, terms_of
from treecore.core.forest import Forest
from treecore.methods import METHODS, compute, get_method

NAN = float("nan")
TWO_TREES = Forest(parent=[-1, 0, 0, -1, 3, 3], reward=[NAN, 1, 0, NAN, 1, 1])


REACHES = {
    Reach.GROUP: ("grpo", "rloo", "opo", "reinforce_pp"),
    Reach.BOTH: ("tree_grpo", "treerl", "treepo", "gigpo"),
    Reach.FORK: ("spo_tree", "sibling", "vineppo"),
    Reach.ITSELF: ("deepconf", "math_shepherd"),
}


@pytest.mark.parametrize(("method", "reach"), [(one, reach) for reach, some in REACHES.items() for one in some])
def test_how_far_a_method_looks_is_read_from_its_formula(method: str, reach: Reach) -> None:
    known = get_method(method)
    assert reach_of(known, known.defaults) == reach


def test_parameters_change_what_is_compared() -> None:
    tree_grpo = get_method("tree_grpo")
    assert reach_of(tree_grpo, tree_grpo.defaults | {"variant": "inter"}) == Reach.GROUP
    assert {term.against for term in terms_of(tree_grpo, tree_grpo.defaults | {"variant": "intra"})} == {"tree"}


def test_what_is_measured_stands_before_what_it_is_measured_against() -> None:
    max_rl, treepo = get_method("max_rl"), get_method("treepo")
    assert [tuple(term) for term in terms_of(max_rl, max_rl.defaults)] == [("group", "reward", "prompt_mean")]
    own = {term.reference: term.own for term in terms_of(treepo, treepo.defaults)}
    assert own == {"baseline": "reward", "batch_mean": ""}  # the batch's mean is taken from a difference


@pytest.mark.parametrize("method", METHODS)
def test_all_that_a_formula_subtracts_is_known(method: str) -> None:
    """A mean, a state before or a baseline in a formula is one of those that can be told in words."""
    known = get_method(method)
    words = ("_mean", "parent", "before", "baseline", "root_value", "siblings:", "second")
    shown = {known.symbols[symbol] for symbol in known.symbols if symbol in known.formula()}
    listed = {term.reference for term in terms_of(known, known.defaults)}
    named = {name for name in shown if name.endswith(words[0]) or name.startswith(words[1:]) or name in words[1:]}
    told = AGAINST.keys() | known.against.keys()
    assert {name for name in named & told if name not in listed} <= {"baseline"}
    assert named - told - {"parent_std", "before_std", "action_mean"} == set()


def test_numbers_are_those_of_the_methods_columns() -> None:
    group, tree = measured(compute(TWO_TREES, "tree_grpo"), get_method("tree_grpo"))
    assert (group.against, tree.against) == ("group", "tree")
    assert group.reference == pytest.approx(np.full(6, 0.75))
    assert tree.reference == pytest.approx([0.5, 0.5, 0.5, 1, 1, 1])
    assert group.better.tolist() == [-1, 1, -1, 1, 1, 1]
    assert tree.better.tolist() == [0, 1, -1, 0, 0, 0]
    (before,) = measured(compute(TWO_TREES, "spo_tree"), get_method("spo_tree"))
    assert before.against == "before"
    assert before.better.tolist()[1:3] == [1, -1]


def test_what_is_no_outcome_has_no_number() -> None:
    (batch,) = measured(
        compute(TWO_TREES.with_columns(n_model_tokens=[0, 2, 2, 0, 2, 2]), "reinforce_pp"), get_method("reinforce_pp")
    )
    assert np.isnan(batch.reference).all()
    assert batch.better.tolist()[1:3] == [1, -1]
    assert "return" not in OUTCOMES
