"""Forks of a batch, and what they are said to say."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest

from treecore.analysis.differences import KINDS
from treecore.analysis.fork_sentences import MIN_FORKS, explained, sentences
from treecore.analysis.forks import Forks, forks_of, grain
from treecore.core.forest import Forest
from treecore.methods import compute

NAN = float("nan")


def made(share: list[float], contrast: list[float], kind: list[int]) -> Forks:
    k = np.arange(len(share))
    return Forks(k, k, k + 1, np.array(share), np.array(contrast), k, np.array(kind))


def test_every_fork_has_its_place_kind_and_contrast() -> None:
    forest = Forest(
        parent=[-1, 0, 0, 2, 2],
        reward=[NAN, 0, NAN, 1, 0],
        n_model_tokens=[0, 4, 2, 2, 2],
        task="multihop",
        text=["", "<answer> a </answer>", "<search> b boss </search>", "<answer> c </answer>", "<answer> d </answer>"],
    )
    found = forks_of(compute([forest, forest], "sibling"))
    assert found.node.tolist() == [0, 2, 5, 7]
    assert found.forest.tolist() == [0, 0, 1, 1]
    assert found.tree.tolist() == [1, 1, 1, 1]
    assert found.depth.tolist() == [0, 1, 0, 1]
    assert [KINDS[kind].name for kind in found.kind] == ["plan", "report", "plan", "report"]
    assert found.share == pytest.approx([1, 0.5, 1, 0.5])
    assert found.contrast == pytest.approx([0.5, 1, 0.5, 1])
    assert not found.silent.any()
    longer = forest.with_columns(n_model_tokens=np.array([0, 4, 2, 6, 6]))
    shares = {unit: forks_of(compute(longer, "sibling"), unit).share[1] for unit in ("tokens", "steps")}
    assert shares == {"tokens": 0.75, "steps": 0.5}


def test_forks_are_those_of_the_method_on_any_forest() -> None:
    forest = random_forest(np.random.default_rng(2), 60, n_trees=3)
    for method in ("grpo", "spo_tree"):
        credit = compute(forest, method)
        assert sorted(forks_of(credit).node.tolist()) == sorted(credit.shape.forks.tolist())


def test_no_forks_and_few_forks_draw_no_conclusion() -> None:
    assert sentences(made([], [], []))[0][0] == "No forks."
    (few,) = sentences(made([0.5] * (MIN_FORKS - 1), [1.0] * (MIN_FORKS - 1), [0] * (MIN_FORKS - 1)))
    assert few == ("Too few forks.", f"{MIN_FORKS - 1} are shown; fewer than {MIN_FORKS} allow no conclusion.")


def test_place_is_told_from_kind() -> None:
    by_kind = made([0.9, 0.2] * 10, [1.0, 3.0] * 10, [0, 2] * 10)
    headings = [heading for heading, _ in sentences(by_kind)]
    assert headings[0] == "What it decides: by its place."
    assert headings[1] == "How much it matters: by what differs."
    mixed = made([0.9, 0.1] * 10, [3.0, 1.0] * 10, [0, 0, 2, 2] * 5)
    headings = [heading for heading, _ in sentences(mixed)]
    assert headings[0] == "What it decides: hardly by its place."
    assert headings[1] == "How much it matters: by its place."


def test_silent_forks_are_counted() -> None:
    found = made([0.5] * 20, [0.0] * 15 + [1.0] * 5, [3] * 12 + [0] * 8)
    heading, said = sentences(found)[2]
    assert heading == "Most forks decide nothing."
    assert said.startswith("At 12 of 20 forks only wording differs, and 100")
    assert sentences(made([0.5] * 20, [0.0] * 20, [0] * 20))[1][0] == "How much it matters: not at all here."


def test_variance_between_groups() -> None:
    assert explained(np.array([1.0, 1, 3, 3]), group=np.array([0, 0, 1, 1])) == pytest.approx(1)
    assert explained(np.array([1.0, 3, 1, 3]), group=np.array([0, 0, 1, 1])) == pytest.approx(0)
    assert explained(np.ones(4), group=np.array([0, 0, 1, 1])) == 0


def test_grain_of_a_sampler() -> None:
    found = grain("x", [1.0, 0.5, 0.0])
    assert (found.forks, found.middle, sum(found.histogram)) == (3, 0.5, 3)
    assert (found.histogram[0], found.histogram[-1]) == (1, 1)
    assert np.isnan(grain("x", []).middle)
