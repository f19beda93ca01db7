"""Numbers of an equation and the nodes they come from."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.linked import linked
from treecore.analysis.stages import frames
from treecore.bundled import samples
from treecore.errors import MethodError
from treecore.formats import read
from treecore.methods import METHODS, compute
from treecore.methods.registry import Credit


def credit_of(name: str, sample: str) -> Credit:
    try:
        return compute(read(samples()[sample].path), name).of(0)
    except MethodError:
        pytest.skip("not on this sample")


@pytest.mark.parametrize("sample", ["by_hand", "mcts"])
@pytest.mark.parametrize("name", list(METHODS))
def test_every_number_of_the_film_names_nodes_that_are_there(name: str, sample: str) -> None:
    credit = credit_of(name, sample)
    forest = credit.forests[0]
    for shot in frames(credit)[:-1]:
        if shot.example is None:
            continue
        for term in linked(credit, shot.example.line):
            reference = METHODS[name].symbols[term.symbol]
            assert term.symbol in shot.example.line.formula
            assert np.all((term.rows >= 0) & (term.rows < len(forest)))
            assert list(term.rows) == sorted(set(term.rows.tolist()))
            assert reference.startswith("param:") <= (len(term.rows) == 0)
            if not reference.startswith(("param:", "parent:")) and term.number != r"\varnothing":
                assert len(term.rows), (term.symbol, reference)


def test_a_sum_over_leaves_comes_from_these_leaves() -> None:
    credit = credit_of("sibling", "early_fork")
    forest, backed_up = credit.forests[0], [shot for shot in frames(credit) if shot.stage == "Back up values"]
    assert backed_up
    for shot in backed_up:
        assert shot.example is not None
        line = shot.example.line
        total = next(term.rows for term in linked(credit, line) if "sum" in term.symbol)
        assert set(credit.shape.leaves_under(line.row).tolist()) == set(total.tolist())
        assert line.result == pytest.approx(float(forest.reward[total].mean()))


def test_a_deviation_of_the_group_comes_from_all_its_ends() -> None:
    credit = credit_of("grpo", "by_hand")
    shot = next(shot for shot in frames(credit) if shot.stage == "Normalise over the prompt")
    assert shot.example is not None
    found = {METHODS["grpo"].symbols[term.symbol]: term.rows for term in linked(credit, shot.example.line)}
    assert found["group_std"].tolist() == found["group_mean"].tolist() == sorted(credit.forests[0].leaves.tolist())
    assert found["reward"].tolist() == [shot.example.line.row]
