from __future__ import annotations

import math

import numpy as np
import pytest

from treecore.core.forest import Forest
from treecore.methods import compute
from treecore.methods.explain import exact_fraction, explain, number, sum_of

NAN = math.nan


@pytest.fixture
def forest() -> Forest:
    """Two trees: one with leaves 1, 0, 0 (the first two share a step), one with a single leaf 1."""
    return Forest(parent=[-1, 0, 1, 1, 0, -1, 5, 6], reward=[NAN, NAN, 1, 0, 0, NAN, NAN, 1])


def test_every_line_ends_in_the_credit(forest: Forest) -> None:
    for method in ("tree_grpo", "grpo", "sibling"):
        credit = compute(forest, method).of(0)
        for node in range(len(forest)):
            lines = explain(credit, node).lines
            assert lines[-1].column == "credit"
            assert lines[-1].result == pytest.approx(credit.credit[node], nan_ok=True)


def test_numbers_replace_every_symbol(forest: Forest) -> None:
    lines = explain(compute(forest, "tree_grpo").of(0), 1).lines
    assert lines[0].numbers == r"A_i^{\mathrm{intra}} = \frac{1 - 0.333}{0.577 + 10^{-6}}"
    assert lines[1].numbers == r"A_i^{\mathrm{inter}} = \frac{1 - 0.5}{0.577 + 10^{-6}}"
    assert lines[2].numbers == "A_i = 1.155 + 0.866"
    assert lines[3].numbers == r"C(s) = \frac{1}{2} (2.021 - 1.443)"


def test_negative_numbers_after_an_operator_are_bracketed(forest: Forest) -> None:
    lines = explain(compute(forest, "tree_grpo").of(0), 4).lines
    assert lines[2].numbers == "A_i = -0.577 + (-0.866)"


def test_sibling_values_are_exact_fractions(forest: Forest) -> None:
    explanation = explain(compute(forest, "sibling").of(0), 1)
    assert [line.exact for line in explanation.lines] == ["1/2", ""]
    assert explanation.lines[1].numbers == r"C(s) = 0.5 - \frac{1}{3} (0.5 + 0 + 1)"
    assert explanation.n_leaves == 2


def test_every_empty_root_is_the_prompt_to_a_method_over_states(forest: Forest) -> None:
    paper = compute(forest, "treerl_paper").of(0)
    first, other = (explain(paper, row) for row in (0, 5))
    assert first.n_leaves == other.n_leaves == 4
    assert first.lines[0].numbers == other.lines[0].numbers == r"V(s) = \frac{1}{4} (1 + 0 + 0 + 1)"
    assert explain(compute(forest, "tree_diff").of(0), 5).n_leaves == 1
    step = explain(compute(forest, "rest_mcts").of(0), 6)
    assert step.lines[1].numbers == "C(s) = 0.5 - 0"


def test_the_trajectory_can_be_chosen(forest: Forest) -> None:
    credit = compute(forest, "grpo").of(0)
    assert explain(credit, 1, leaf=3).lines[0].result == pytest.approx(credit.leaves["advantage"][3])


def test_silence_says_why(forest: Forest) -> None:
    assert "no sibling" in explain(compute(forest, "sibling").of(0), 7).silence
    assert "nothing was chosen" in explain(compute(forest, "sibling").of(0), 5).silence
    open_end = Forest(parent=[-1, 0, 0], reward=[NAN, 1, NAN])
    assert "an outcome yet" in explain(compute(open_end, "grpo").of(0), 2).silence
    equal = Forest(parent=[-1, 0, 0], reward=[NAN, 1, 1])
    assert "ended alike" in explain(compute(equal, "grpo").of(0), 1).silence
    agree = Forest(parent=[-1, 0, 0, -1, 3], reward=[NAN, 0, 0, NAN, 1])
    assert "All siblings have the same credit" in explain(compute(agree, "tree_grpo").of(0), 1).silence
    assert explain(compute(forest, "tree_grpo").of(0), 2).silence == ""


def test_numbers_as_latex() -> None:
    assert [number(x) for x in (1.0, -0.25, 1e-6, 2e-5, -1e-12, NAN)] == [
        "1",
        "-0.25",
        "10^{-6}",
        r"2 \cdot 10^{-5}",
        "0",
        r"\text{n/a}",
    ]
    assert sum_of([1, -0.5, 0], 3) == "(1 - 0.5 + 0)"
    assert sum_of(list(range(9)), 3) == r"(0 + 1 + 2 + 3 + \cdots + 8)"


def test_fractions_only_where_exact() -> None:
    assert exact_fraction(2 / 3) == "2/3"
    assert exact_fraction(np.sqrt(2)) == ""
    assert exact_fraction(3.0) == ""


def test_numbers_that_are_close_keep_the_digits_that_tell_them_apart() -> None:
    close = Forest(parent=[-1, 0, 0, 0], reward=[NAN, 0.5, 0.502, 0.51])
    line = explain(compute(close, "dr_grpo").of(0), 1).lines[0]
    assert line.numbers == r"A_i = 0.5 - 0.504"
    tight = Forest(parent=[-1, 0, 0], reward=[NAN, 0.5, 0.5004])
    line = explain(compute(tight, "dr_grpo").of(0), 1).lines[0]
    assert line.numbers == r"A_i = 0.5 - 0.5002"


def test_what_cannot_be_worked_shows_its_result_alone() -> None:
    leaf = explain(compute(Forest(parent=[-1, 0, 0], reward=[NAN, 1, 0]), "spo_tree").of(0), 1)
    assert leaf.lines[0].numbers == "V(s) = 1"


def test_a_lone_trajectory_is_told_by_what_convention_it_is_judged() -> None:
    lone = explain(compute(Forest(parent=[-1, 0], reward=[NAN, 1]), "tree_grpo").of(0), 1)
    assert "measured against mean 0" in lone.convention
    pair = explain(compute(Forest(parent=[-1, 0, 0], reward=[NAN, 1, 0]), "tree_grpo").of(0), 1)
    assert pair.convention == ""
    assert "single scored leaf" in explain(compute(Forest(parent=[-1, 0], reward=[NAN, 1]), "treerl").of(0), 1).silence


def test_siblings_that_fared_differently_are_not_called_alike() -> None:
    forest = Forest(parent=[-1, 0, 0, 2, 2], reward=[NAN, 1, NAN, 1, 0])
    assert "though they fared differently" in explain(compute(forest, "math_shepherd").of(0), 1).silence


def test_evidence_is_what_the_credit_rests_on() -> None:
    forest = Forest(
        parent=[-1, 0, 1],
        reward=[NAN, NAN, 1],
        text=["", "a", "b"],
        columns={"mc_value": np.array([0.5, 0.75, NAN]), "mc_count": np.array([8.0, 64.0, NAN])},
    )
    assert explain(compute(forest, "vineppo").of(0), 1).evidence_is == "64 continuations from here"
    assert explain(compute(forest, "vineppo", values="tree").of(0), 1).evidence_is == "1 leaf beneath"
    assert explain(compute(forest, "srl").of(0), 1).evidence is None


@pytest.mark.parametrize(
    ("rewards", "said"),
    [
        ([1, 0, 1], "3 leaves beneath"),
        ([1, 0, NAN], "2 of 3 leaves beneath have an outcome"),
        ([1, NAN, NAN], "1 of 3 leaves beneath has an outcome"),
    ],
)
def test_leaves_without_an_outcome_are_told(rewards: list[float], said: str) -> None:
    forest = Forest(parent=[-1, 0, 1, 1, 1, 0], reward=[NAN, NAN, *rewards, 0])
    assert explain(compute(forest, "grpo").of(0), 1).evidence_is == said
