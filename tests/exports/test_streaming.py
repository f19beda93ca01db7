"""Exports are made row by row, so that a small file whose rows are large takes little memory, and can be broken off."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import treecore as tc
from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.errors import MethodError
from treecore.exports import EXPORTS
from treecore.exports.registry import made_of

STEPS = 300


@pytest.fixture(scope="module")
def quadratic() -> Forests:
    """One long path that all trajectories share: its file is small, its rows hold every step once a trajectory."""
    parent = [*range(-1, STEPS - 1), *([STEPS - 1] * STEPS)]
    n = len(parent)
    tokens = TokenTable(start=np.arange(n + 1), id=np.arange(n), logprob=np.zeros(n))
    reward = np.where(np.arange(n) < STEPS, np.nan, np.arange(n) % 7 / 7)
    return Forests(Forest(parent=parent, text=[f"{row} " for row in range(n)], reward=reward, tokens=tokens))


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("training", ".jsonl"), ("training", ".parquet"), ("pairs", ".jsonl"), ("stepwise", ".jsonl"), ("steps", ".csv")],
)
def test_rows_never_stand_side_by_side(
    quadratic: Forests, kind: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("treecore.exports.tables.WEIGHT", 10_000)
    credit = tc.credit(quadratic, "tree_grpo")
    heard: list[float] = []
    tracemalloc.start()
    try:
        made = made_of(EXPORTS[kind], quadratic, credit, ending, {})
        made.heard = heard.append
        size = sum(map(len, made.chunks))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made.size > 0
    assert size > 0
    assert peak < 6_000_000
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_graph_that_would_take_too_much_memory_is_refused() -> None:
    forest = Forest(parent=np.full(100_001, -1), text=[""] * 100_001)
    with pytest.raises(MethodError, match="at most 100,000 steps, here are 100,001; export steps"):
        made_of(EXPORTS["graphml"], Forests(forest), None, ".graphml", {})
