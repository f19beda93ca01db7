"""The last frame of the film: the weight on every token, as it is exported to train on."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.stages import frames
from treecore.bundled import samples
from treecore.core.topology import FloatArray
from treecore.errors import MethodError
from treecore.exports.trajectories import Signals, trajectories
from treecore.formats import read
from treecore.methods import METHODS, compute
from treecore.methods.registry import Credit


def exported(credit: Credit) -> FloatArray:
    """What the tokens of each step get in all rows to train on together; of methods that judge steps, in each. `[N]`"""
    forest, signals = credit.forests[0], Signals(credit)
    total, n = np.zeros(len(forest)), np.zeros(len(forest))
    for trajectory in trajectories(forest):
        given = signals.of_tokens(trajectory)[trajectory.is_model]
        assert forest.tokens is not None
        node = forest.tokens.node[trajectory.tokens[trajectory.is_model]]
        for step in np.unique(node):
            (weight,) = set(np.nan_to_num(given[node == step]).tolist())
            total[step] += weight
            n[step] += 1
    return total if "gradient_weight" in credit.nodes else total / np.maximum(n, 1)


@pytest.mark.parametrize("sample", ["early_fork", "mcts"])
@pytest.mark.parametrize("name", list(METHODS))
def test_the_weight_of_the_last_frame_is_that_of_the_rows_to_train_on(name: str, sample: str) -> None:
    try:
        credit = compute(read(samples()[sample].path), name).of(0)
    except MethodError:
        pytest.skip("not on this sample")
    if credit.tokens is not None:
        pytest.skip("weights differ inside a step")
    last, weight, words = frames(credit)[-1], exported(credit), credit.ends.words
    assert last.example is not None
    assert last.example.line.result == pytest.approx(weight[last.example.line.row])
    assert last.badges
    for row, said in last.badges.items():
        n = int(credit.forests[0].n_model_tokens[row])
        near = {words(float(weight[row]) + error) for error in (-1e-9, 0.0, 1e-9)}
        assert said in {f"{n} × {text}" for text in near}
