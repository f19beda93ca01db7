"""A sampler that starts, pauses and goes on wherever it can, for tests of forks."""

from __future__ import annotations

from typing import Any

import pytest

from treecore.credit.registry import Citation
from treecore.policies.base import FORKS
from treecore.samplers import SAMPLERS, Expand, Growing, Growth, sampler


def wander(growth: Growth) -> Growing:
    """Starts, pauses and goes on wherever it can."""
    rows = yield [Expand(tokens=4), Expand(steps=1), Expand()]
    rows = yield [Expand(row, tokens=3, steps=1) for row in rows if growth.nodes[row].open]
    for number in range(4):
        wave = []
        for row, node in enumerate(growth.nodes):
            own = len(node.own.ids)
            if own and growth.random.random() < 0.4:
                at = int(growth.random.integers(own))
                wave.append(Expand(row, at=at, tokens=5 if number % 2 else None, note={"round": number}))
            if node.open and growth.random.random() < 0.2:
                wave.append(Expand(row, steps=1))
        yield wave[:16]


@pytest.fixture
def wanderer() -> Any:
    citation = Citation("me", 2020, "t", "i")
    sampler(title="Wander", family="tree", citation=citation, size=lambda: 1, needs={FORKS})(wander)
    yield "wander"
    SAMPLERS.pop("wander")
