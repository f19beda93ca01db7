"""A sampler that starts, pauses and goes on wherever it can, for tests of forks; a server and connections to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from openai_stub import Connect, Stub

from treecore.policies.base import FORKS
from treecore.policies.openai.policy import ServerPolicy
from treecore.registry.citation import Citation
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


@pytest.fixture
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def stub(no_account: None) -> Iterator[Stub]:
    with Stub() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def connect(stub: Stub, waits: list[float]) -> Iterator[Connect]:
    """Connects to the stub; waits are written down and not waited."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with ExitStack() as stack:

        def make(model: str = "toy", *, url: str = "", **options: Any) -> ServerPolicy:
            policy = ServerPolicy.connect(url or stub.url, model, sleep=sleep, **options)
            stack.callback(policy.close)
            stub.seen.clear()
            waits.clear()
            return policy

        yield make
