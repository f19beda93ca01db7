"""Fixed shapes on memory that stays: few of them, no move without notice, and graphs that are dropped when it moves."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from toy import ToyTask, toy_model, toy_policy, toy_tokenizer

from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.policies.local.cuda_graphs import Captured, StaticCache, StaticSteps, bucket
from treecore.policies.local.kv_cache import Kind
from treecore.policies.local.policy import TransformersPolicy
from treecore.rollouts import rollout

CPU = torch.device("cpu")
NUMBER = Kind(heads=1, dim=1, dtype=torch.float32)
RUN: dict[str, Any] = {"task": ToyTask(), "prompts": 5, "m": 3, "n": 3, "l": 2, "seed": 4}


def static_policy(**settings: Any) -> TransformersPolicy:
    return TransformersPolicy(toy_model(), toy_tokenizer(), name="m", static=True, **settings)


def test_buckets_waste_a_third_at_most() -> None:
    assert [bucket(n) for n in (1, 2, 3, 4, 5, 7, 9, 13, 17, 64, 65)] == [1, 2, 3, 4, 6, 8, 12, 16, 24, 64, 96]
    assert [bucket(n, least=64) for n in (1, 64, 65, 97, 129)] == [64, 64, 96, 128, 192]
    assert all(n <= bucket(n) and 2 * bucket(n) <= 3 * n for n in range(2, 2000))


def test_steps_come_in_few_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, int]] = []
    step = StaticSteps.__call__

    def watched(steps: StaticSteps, fed: torch.Tensor, length: int) -> torch.Tensor:
        shapes.append((fed.shape[1], length))
        return step(steps, fed, length)

    monkeypatch.setattr(StaticSteps, "__call__", watched)
    policy = static_policy(slots=16)
    shapes.clear()
    rollout(model=policy, **RUN)
    assert len(shapes) > 40
    assert {rows for rows, _ in shapes} <= {1, 2, 3, 4, 6, 8, 12, 16}
    assert {length for _, length in shapes} <= {64, 96}


def test_sessions_one_after_the_other_share_memory_and_graphs() -> None:
    policy, fresh = static_policy(slots=16), static_policy(slots=16)
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
    policy = static_policy(slots=4)
    law: dict[str, Any] = {"temperature": 1, "top_p": 1, "stop": (), "max_step_tokens": 4}
    one, other = policy.session(**law), policy.session(**law)
    assert one.runner.cache is not other.runner.cache
    kept = one.runner.steps
    del one
    assert policy._idle == [kept]
    del other
    assert policy._idle == [kept]
    assert toy_policy().session(**law).runner.steps is None


def test_what_had_to_retreat_is_not_kept_and_gives_up_what_is() -> None:
    policy = static_policy(slots=4)
    law: dict[str, Any] = {"temperature": 1, "top_p": 1, "stop": (), "max_step_tokens": 4}
    session, other = policy.session(**law), policy.session(**law)
    del other
    session.grow(session.open("a b"), np.random.default_rng(0))
    session.advance()
    assert len(policy._idle) == 1
    session._retreat()
    assert policy._idle == []
    del session
    assert policy._idle == []


def test_the_bundled_model_writes_the_same() -> None:
    run = {"task": "multihop", "sampler": "random_expansion", "m": 2, "n": 2, "l": 2, "prompts": 2, "seed": 5}
    plain = rollout(model=load_policy("tiny", device="cpu"), **run)
    static = rollout(model=load_policy("tiny", device="cpu", static=True), **run)
    assert [one.text for one in static] == [one.text for one in plain]


def test_where_it_saves_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    toy_policy()
    assert caplog.messages == []
    static_policy()
    assert caplog.messages == ["static steps save time on CUDA only; on cpu they save none"]


def store(tokens: int) -> StaticCache:
    return StaticCache(kinds=((NUMBER, NUMBER),) * 2, slots=6, tokens=tokens, device=CPU)


def put(cache: StaticCache, values: list[float]) -> None:
    """Feed a number into each of the first rows."""
    cache.step_shape(len(values), max(cache.lengths) + 1)
    cache.single(torch.tensor(cache.lengths[: len(values)]), cache.length)
    states = torch.tensor(values, dtype=torch.float32)[:, None, None, None]
    for layer in range(2):
        cache.update(states, -states, layer)
    cache.commit(range(len(values)), [1] * len(values))


def held(cache: StaticCache, row: int) -> list[float]:
    return cache.read(row, 0, cache.lengths[row]).parts[0][2, 0, :, 0].tolist()


def test_rows_get_longer_and_shorter_on_the_same_memory() -> None:
    cache = store(tokens=400)
    for number in range(70):
        put(cache, [number, 100 + number])
        if number == 0:
            assert (cache.rows, cache.length) == (6, 64)
            place = cache.stores[NUMBER].data_ptr()
    assert (cache.rows, cache.length) == (4, 96)
    assert held(cache, 0) == list(range(70))
    assert held(cache, 1) == list(range(100, 170))
    cache.lengths[1] = 10
    cache.lengths[0] = 5
    put(cache, [7, 8, 9])
    assert held(cache, 1) == [*range(100, 110), 8]
    assert cache.length == 96
    assert (cache.stores[NUMBER].data_ptr(), cache.version) == (place, 0)


def test_rows_that_became_much_too_long_are_shortened() -> None:
    cache = store(tokens=400)
    for number in range(130):
        put(cache, [number])
    assert (cache.rows, cache.length) == (2, 192)
    cache.lengths[0] = 12
    put(cache, [5])
    assert (cache.rows, cache.length) == (6, 64)
    assert held(cache, 0) == [*range(12), 5]


def test_memory_moves_for_a_row_that_is_longer_than_the_bound_and_after_a_retreat() -> None:
    cache = store(tokens=64)
    for number in range(64):
        put(cache, [number])
    assert cache.version == 0
    put(cache, [64])
    assert (cache.version, cache.capacity) == (1, 96)
    assert held(cache, 0) == list(range(65))
    cache.retreat()
    assert (cache.version, cache.capacity, cache.tokens) == (2, 32, 32)


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


def steps_on_cuda(step: Any) -> tuple[StaticSteps, StaticCache]:
    cache = store(tokens=64)
    cache.device = SimpleNamespace(type="cuda")
    steps = StaticSteps(cache, step)
    capture = steps._capture

    def remembered(fed: torch.Tensor, length: int) -> Captured:
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
    cache.retreat()
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
    static, growing = (rollout(model=policy, **RUN) for policy in (static_policy(slots=16), toy_policy(slots=16)))
    for one, other in zip(static, growing, strict=True):
        assert one.text == other.text
        assert one.tokens.id.tolist() == other.tokens.id.tolist()
        np.testing.assert_allclose(one.tokens.logprob, other.tokens.logprob, atol=1e-4)
