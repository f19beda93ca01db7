"""Memory that runs out, wherever it does: fewer branches at once, the same texts, or one clear error."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numpy as np
import pytest
import torch
from toy import WORDS, ToyTask, deep_policy, toy_model, toy_tokenizer

from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies.local import session as session_module
from treecore.policies.local.kv_cache import KVCache, KVCacheLayer
from treecore.policies.local.memory import out_of_memory
from treecore.policies.local.policy import TransformersPolicy
from treecore.rollouts import rollout

CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: not enough memory: 9 bytes.")


def limited(function: Any, fails: Callable[..., bool], error: Exception = CUDA) -> Any:
    """The function, raising where `fails` says so; `limited.failed` counts."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if fails(*args, **kwargs):
            call.failed += 1  # type: ignore[attr-defined]
            raise error
        return function(*args, **kwargs)

    call.failed = 0  # type: ignore[attr-defined]
    return call


def with_room_for(rows: int, *, tokens: int = 10**9, error: Exception = CUDA, **config: Any) -> TransformersPolicy:
    """A policy whose model takes batches of so many rows, and of so many tokens, and no more."""
    policy = deep_policy(max_sequences=12, **config)

    def too_large(*args: Any, input_ids: torch.Tensor, **kwargs: Any) -> bool:
        return len(input_ids) > rows or input_ids.numel() > tokens

    policy.model.forward = limited(policy.model.forward, too_large, error)
    return policy


def sampled(policy: TransformersPolicy, sampler: str = "random_expansion") -> list[Forest]:
    settings = {"m": 3, "n": 2, "l": 1} if sampler == "random_expansion" else {}
    return rollout(task=ToyTask(), model=policy, sampler=sampler, prompts=2, seed=3, **settings)


def content(forests: list[Forest]) -> list[Any]:
    return [
        (forest.tokens.id.tolist(), list(forest.text), forest.parent.tolist())
        for forest in forests
        if forest.tokens is not None
    ]


@cache
def unhindered(sampler: str = "random_expansion") -> list[Any]:
    """What is sampled where memory is enough."""
    return content(sampled(deep_policy(max_sequences=12), sampler))


@pytest.mark.parametrize("error", [CUDA, CPU])
@pytest.mark.parametrize(("sampler", "rows"), [("random_expansion", 1), ("wander", 2), ("wander", 5)])
def test_a_pass_that_does_not_fit_is_made_smaller(
    rows: int,
    sampler: str,
    error: Exception,
    wanderer: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    free = unhindered(sampler)
    policy = with_room_for(rows, error=error)
    with caplog.at_level(logging.WARNING, logger="treecore"):
        assert content(sampled(policy, sampler)) == free
    assert policy.model.forward.failed == len(caplog.records) > 0
    said = "out of memory with a batch of (.*), going on with (.*)"
    told = [re.fullmatch(said, record.getMessage()) for record in caplog.records]
    batches = [(int(one[1]), int(one[2])) for one in told if one is not None]
    assert all(before > rows and after == before // 2 for before, after in batches)


def test_what_was_computed_is_kept() -> None:
    def computed(policy: TransformersPolicy) -> list[int]:
        return [forest.provenance["tokens_computed"] for forest in sampled(policy)]

    assert computed(with_room_for(3)) == computed(deep_policy(max_sequences=12))


def test_the_session_tells_how_far_it_went_down() -> None:
    def notes(policy: TransformersPolicy) -> Any:
        session = policy.session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
        root = session.open("a b c")
        for i in range(12):
            session.grow(root, np.random.default_rng(i))
        while session.free < 1:
            for branch in session.advance():
                session.end(branch)
        return session.notes

    assert notes(deep_policy(max_sequences=12)) == {}
    assert notes(with_room_for(4)) == {"branches_after_out_of_memory": 3}


def test_a_prompt_goes_through_in_smaller_pieces() -> None:
    question = " ".join("abcdef"[i % 6] for i in range(60))
    run: dict[str, Any] = {"task": ToyTask(), "question": question, "m": 3, "n": 0}
    policy = with_room_for(8, tokens=20)
    assert content(rollout(model=policy, **run)) == content(rollout(model=deep_policy(max_sequences=12), **run))
    assert policy.model.forward.failed == 2


def test_one_branch_that_does_not_fit_is_one_clear_line() -> None:
    with pytest.raises(PolicyError, match=r"^memory is used up by one branch alone; use a smaller model, a shorter"):
        sampled(with_room_for(0))


@pytest.mark.parametrize("static", [False, True])
def test_a_store_that_cannot_grow(static: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    free = unhindered()
    policy = TransformersPolicy(
        toy_model(), toy_tokenizer(), name="m", max_sequences=12, batch_tokens=400, static=static
    )
    store = type(policy.runner().cache)
    reallocated = limited(store.reallocated, lambda own, kind, shape, kept: shape[0] * shape[3] > 300)
    monkeypatch.setattr(store, "reallocated", reallocated)
    assert content(sampled(policy)) == free
    assert reallocated.failed > 0


@pytest.mark.parametrize("share", [1, 3])
def test_what_cannot_be_kept_is_computed_again(share: int, monkeypatch: pytest.MonkeyPatch, wanderer: str) -> None:
    free = unhindered(wanderer)
    policy = with_room_for(5)
    calls = iter(range(10**6))
    read = limited(KVCache.read, lambda *args, **kwargs: next(calls) % share == 0)
    monkeypatch.setattr(KVCache, "read", read)
    assert content(sampled(policy, wanderer)) == free
    assert read.failed > 10


def test_logits_that_cannot_be_kept_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    free = unhindered()
    lost: list[torch.Tensor] = []
    monkeypatch.setattr(
        "treecore.policies.local.sequence_scheduler.SequenceScheduler.copy_logits",
        lambda self, logits: lost.append(logits),
    )
    assert content(sampled(deep_policy(max_sequences=12))) == free
    assert len(lost) > 10


@pytest.mark.parametrize("sampler", ["random_expansion", "wander"])
def test_draws_are_made_in_halves(sampler: str, monkeypatch: pytest.MonkeyPatch, wanderer: str) -> None:
    free = unhindered(sampler)
    draw = limited(session_module.draw, lambda logits, *args, **kwargs: len(logits) > 2)
    monkeypatch.setattr(session_module, "draw", draw)
    assert content(sampled(deep_policy(max_sequences=12), sampler)) == free
    assert draw.failed > 10
    monkeypatch.setattr(session_module, "draw", limited(draw, lambda *args, **kwargs: True))
    with pytest.raises(PolicyError, match="memory is used up by one branch alone"):
        sampled(deep_policy(max_sequences=12), sampler)


@pytest.mark.parametrize("most", [1, 100])
def test_so_are_draws_from_many_logits(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    free = unhindered()
    batches: list[int] = []

    def draw(logits: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        batches.append(len(logits))
        return real(logits, *args, **kwargs)

    real = session_module.draw
    monkeypatch.setattr(session_module, "draw", draw)
    monkeypatch.setattr(session_module, "MAX_DRAWN", most)
    assert content(sampled(deep_policy(max_sequences=12))) == free
    assert max(batches) == max(1, most // len(WORDS))


def test_a_trajectory_that_is_too_long_to_read_again_is_refused() -> None:
    with pytest.raises(PolicyError, match="memory is used up by one trajectory alone; use a smaller model"):
        with_room_for(1, tokens=3).measure("a b", [1, 2, 1])
    with pytest.raises(RuntimeError, match="shape mismatch"):
        with_room_for(0, error=RuntimeError("shape mismatch")).measure("a b", [1, 2, 1])


def test_other_errors_are_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = RuntimeError("shape mismatch")
    with pytest.raises(RuntimeError, match="shape mismatch"):
        sampled(with_room_for(3, error=wrong))
    monkeypatch.setattr(session_module, "draw", limited(session_module.draw, lambda *args, **kwargs: True, wrong))
    with pytest.raises(RuntimeError, match="shape mismatch"):
        sampled(deep_policy(max_sequences=12))


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (CUDA, True),
        (torch.cuda.OutOfMemoryError("x"), True),
        (CPU, True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (MemoryError(), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_signs_of_it(error: Exception, is_it: bool) -> None:
    assert out_of_memory(error) is is_it


def test_the_allocator_of_this_machine_is_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)
    assert out_of_memory(caught.value)


@torch.inference_mode()
def test_layers_give_their_memory_back() -> None:
    policy = deep_policy(max_sequences=4)
    runner = policy.runner()
    runner.feed([0, 1], [[6, 7], [8]])
    layer: KVCacheLayer = runner.cache.layers[0]
    assert layer.keys.numel() > 0
    assert runner.cache.stores
    segment = runner.cache.read(0, 0, 2)
    runner.release_memory()
    assert layer.keys.numel() == 0
    assert not runner.cache.stores
    assert runner.cache.lengths == [0] * 4
    runner.cache.load(2, [segment])
    assert torch.equal(runner.cache.read(2, 0, 2).parts[0], segment.parts[0])
