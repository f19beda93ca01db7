"""Random expansion: whom it may continue, how often, and how many leaves that gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treecore.samplers import SAMPLERS, Expand, Growing
from treecore.samplers.random_expansion import candidates, random_expansion

CASES = json.loads((Path(__file__).parent / "data" / "tree_grpo_expand.json").read_text())


class Chained:
    """A growth in which every trajectory has `steps` new steps."""

    def __init__(self, *, seed: int = 0, steps: int = 3) -> None:
        self.parent: list[int] = []
        self.random = np.random.default_rng(seed)
        self.steps = steps
        self.waves: list[list[Expand]] = []

    def write(self, request: Expand) -> int:
        if request.node is None:
            self.parent.append(-1)
        at = len(self.parent) - 1 if request.node is None else request.node
        for _ in range(self.steps):
            self.parent.append(at)
            at = len(self.parent) - 1
        return at

    def serve(self, growing: Growing) -> int:
        """Run a sampler to its end; returns the number of leaves."""
        leaves, wave = 0, next(growing)
        while True:
            self.waves.append(wave)
            rows = [self.write(request) for request in wave]
            leaves += len(rows)
            try:
                wave = growing.send(rows)
            except StopIteration:
                return leaves


@pytest.mark.parametrize("case", CASES)
def test_candidates_are_those_of_the_reference_in_its_order(case: dict[str, Any]) -> None:
    nodes = sorted(case["input"]["nodes"], key=lambda node: node["id"])
    row = {node["id"]: place for place, node in enumerate(nodes)}
    parent = [-1 if node["parent"] is None else row[node["parent"]] for node in nodes]
    roots = [place for place, above in enumerate(parent) if above < 0]
    assert len(roots) == len(case["expected"]["expand"])
    for root, expected in zip(roots, case["expected"]["expand"], strict=True):
        found = candidates(parent, root)
        assert [nodes[place]["id"] for place in found] == expected["candidates_in_order"]
        assert 1 / len(found) == pytest.approx(expected["probability_each"])


def test_a_tree_of_one_step_can_only_be_continued_at_its_root() -> None:
    assert candidates([-1, 0, 0, -1, 3], 0) == [0]
    assert candidates([-1], 0) == [0]


@pytest.mark.parametrize(("m", "n", "l"), [(1, 0, 0), (2, 2, 1), (3, 1, 4), (2, 3, 2), (2, 0, 3), (2, 3, 0)])
def test_leaves_are_m_times_one_plus_n_l(m: int, n: int, l: int) -> None:  # noqa: E741
    growth = Chained()
    leaves = growth.serve(random_expansion(growth, m=m, n=n, l=l))
    assert leaves == m * (1 + n * l) == SAMPLERS["random_expansion"].trajectories({"m": m, "n": n, "l": l})
    assert growth.waves[0] == [Expand()] * m
    assert [len(wave) for wave in growth.waves[1:]] == [m * n] * (l if n else 0)


def test_a_round_goes_tree_by_tree_and_stays_in_each() -> None:
    growth = Chained()
    growth.serve(random_expansion(growth, m=2, n=4, l=1))
    first, second = growth.waves[1][:4], growth.waves[1][4:]
    assert {request.node for request in first} <= {0, 1, 2}
    assert {request.node for request in second} <= {4, 5, 6}


def test_draws_are_uniform_and_with_replacement() -> None:
    growth = Chained(seed=5, steps=5)
    growth.serve(random_expansion(growth, m=1, n=64, l=1))
    for _ in range(60):
        again = Chained(steps=5)
        again.random = growth.random
        again.serve(random_expansion(again, m=1, n=64, l=1))
        growth.waves += again.waves
    drawn = [request.node for wave in growth.waves for request in wave if request.node is not None]
    counts = np.bincount(drawn, minlength=5)
    expected = len(drawn) / 5
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert len(counts) == 5
    assert chi_square < 13.28, "above the 1 % bound of 4 degrees of freedom"
