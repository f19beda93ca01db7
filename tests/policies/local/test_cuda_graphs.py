"""Decoding in fixed shapes: few of them, and graphs that are dropped when the memory moves."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from toy import ToyTask, deep_policy, toy_model, toy_tokenizer

from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.policies.local.bucketed_cache import BucketedCache
from treecore.policies.local.cuda_graphs import CapturedGraph, CUDAGraphRunner
from treecore.policies.local.kv_cache import KVSpec
from treecore.policies.local.policy import TransformersPolicy
from treecore.rollouts import rollout

NUMBER = KVSpec(heads=1, dim=1, dtype=torch.float32)
RUN: dict[str, Any] = {"task": ToyTask(), "prompts": 5, "m": 3, "n": 3, "l": 2, "seed": 4}


def static_policy(**settings: Any) -> TransformersPolicy:
    return TransformersPolicy(toy_model(), toy_tokenizer(), name="m", static=True, **settings)


def test_steps_come_in_few_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, int]] = []
    step = CUDAGraphRunner.__call__

    def watched(steps: CUDAGraphRunner, fed: torch.Tensor, length: int) -> torch.Tensor:
        shapes.append((fed.shape[1], length))
        return step(steps, fed, length)

    monkeypatch.setattr(CUDAGraphRunner, "__call__", watched)
    policy = static_policy(max_sequences=16)
    shapes.clear()
    rollout(model=policy, **RUN)
    assert len(shapes) > 40
    assert {rows for rows, _ in shapes} <= {1, 2, 3, 4, 6, 8, 12, 16}
    assert {length for _, length in shapes} <= {64, 96}


def test_sessions_one_after_the_other_share_memory_and_graphs() -> None:
    policy, fresh = static_policy(max_sequences=16), static_policy(max_sequences=16)
    first = rollout(model=policy, **RUN)
    (steps,) = policy._idle
    place = steps.cache.layers[0].keys.data_ptr()
    other = rollout(model=policy, **{**RUN, "seed": 5, "m": 1})
    second = rollout(model=policy, **RUN)
    assert policy._idle == [steps]
    assert steps.cache.layers[0].keys.data_ptr() == place
    for one, again in zip(
        [*first, *other], [*second, *rollout(model=fresh, **{**RUN, "seed": 5, "m": 1})], strict=True
    ):
        assert one.text == again.text
        assert one.tokens.id.tolist() == again.tokens.id.tolist()
        np.testing.assert_array_equal(one.tokens.logprob, again.tokens.logprob)


def test_sessions_at_the_same_time_share_nothing() -> None:
    policy = static_policy(max_sequences=4)
    law: dict[str, Any] = {"temperature": 1, "top_p": 1, "stop": (), "max_step_tokens": 4}
    one, other = policy.session(**law), policy.session(**law)
    assert one.runner.cache is not other.runner.cache
    kept = one.runner.graphs
    del one
    assert policy._idle == [kept]
    del other
    assert policy._idle == [kept]
    assert deep_policy().session(**law).runner.graphs is None


def test_a_store_whose_batch_was_reduced_is_not_kept_and_idle_ones_are_given_up() -> None:
    policy = static_policy(max_sequences=4)
    law: dict[str, Any] = {"temperature": 1, "top_p": 1, "stop": (), "max_step_tokens": 4}
    session, other = policy.session(**law), policy.session(**law)
    del other
    session.grow(session.open("a b"), np.random.default_rng(0))
    session.advance()
    assert len(policy._idle) == 1
    session._reduce_batch()
    assert policy._idle == []
    del session
    assert policy._idle == []


def test_the_bundled_model_writes_the_same() -> None:
    run = {"task": "multihop", "sampler": "random_expansion", "m": 1, "n": 2, "l": 2, "prompts": 2, "seed": 5}
    plain = rollout(model=load_policy("tiny", device="cpu"), **run)
    static = rollout(model=load_policy("tiny", device="cpu", static=True), **run)
    assert [one.text for one in static] == [one.text for one in plain]


def test_where_it_saves_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    deep_policy()
    assert caplog.messages == []
    static_policy()
    assert caplog.messages == ["static steps save time on CUDA only; on cpu they save none"]


class FakeGraph:
    """What stands for a graph where there is no CUDA: runs the step again on the captured tensors."""

    def __init__(self) -> None:
        self.run: Any = None

    def pool(self) -> str:
        return "pool"

    def replay(self) -> None:
        self.run()


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Pools that graphs are captured in, with CUDA's own parts replaced."""
    pools: list[str | None] = []

    @contextmanager
    def graph(made: FakeGraph, pool: str | None) -> Any:
        pools.append(pool)
        yield

    @contextmanager
    def stream(beside: Any) -> Any:
        yield

    waiting = SimpleNamespace(wait_stream=lambda other: None)
    fakes = {"Stream": lambda device: waiting, "current_stream": lambda device: waiting, "stream": stream}
    for name, fake in {**fakes, "CUDAGraph": FakeGraph, "graph": graph}.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    return pools


def steps_on_cuda(step: Any) -> tuple[CUDAGraphRunner, BucketedCache]:
    cache = BucketedCache(specs=((NUMBER, NUMBER),) * 2, max_rows=6, max_tokens=64)
    cache.device = SimpleNamespace(type="cuda")
    steps = CUDAGraphRunner(cache, step)
    capture = steps._capture

    def remembered(fed: torch.Tensor, length: int) -> CapturedGraph:
        made = capture(fed, length)
        made.graph.run = lambda: made.logits.copy_(step(made.fed, length))
        return made

    steps._capture = remembered  # type: ignore[method-assign]
    return steps, cache


def test_each_shape_is_captured_once_until_the_memory_moves(captured: list[str | None]) -> None:
    steps, cache = steps_on_cuda(lambda fed, length: fed.sum(0).float()[:, None] + length)
    first = steps(torch.tensor([[1, 2], [3, 4]]), 64)
    second = steps(torch.tensor([[5, 6], [7, 8]]), 64)
    assert (first.tolist(), second.tolist()) == ([[68.0], [70.0]], [[76.0], [78.0]])
    assert captured == [None]
    assert steps(torch.tensor([[1], [1]]), 64).tolist() == [[66.0]]
    assert steps(torch.tensor([[1], [1]]), 96).tolist() == [[98.0]]
    assert captured == [None, "pool", "pool"]
    cache.release_memory()
    steps(torch.tensor([[1], [1]]), 96)
    assert captured[3:] == [None]


def test_what_cannot_be_captured_is_said(captured: list[str | None]) -> None:
    def synchronises(fed: torch.Tensor, length: int) -> torch.Tensor:
        raise RuntimeError("operation not permitted when stream is capturing")

    steps, _ = steps_on_cuda(synchronises)
    with pytest.raises(PolicyError, match=r"cannot be captured .*not permitted.*; leave static out"):
        steps(torch.tensor([[1], [1]]), 64)

    def full(fed: torch.Tensor, length: int) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    steps, _ = steps_on_cuda(full)
    with pytest.raises(torch.OutOfMemoryError):
        steps(torch.tensor([[1], [1]]), 64)


def test_static_and_growing_stores_write_the_same() -> None:
    static, growing = (
        rollout(model=policy, **RUN) for policy in (static_policy(max_sequences=16), deep_policy(max_sequences=16))
    )
    for one, other in zip(static, growing, strict=True):
        assert one.text == other.text
        assert one.tokens.id.tolist() == other.tokens.id.tolist()
        np.testing.assert_allclose(one.tokens.logprob, other.tokens.logprob, atol=1e-4)
