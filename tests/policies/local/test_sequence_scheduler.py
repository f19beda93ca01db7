"""A bound on the tokens of a batch: it holds at every pass, one branch always runs, and no text depends on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from recomputed import recomputed
from toy import ToyTask, deep_policy, toy_model, toy_tokenizer

from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies.local import memory
from treecore.policies.local.model_checks import PROBE_TOKENS
from treecore.policies.local.model_runner import ModelRunner
from treecore.policies.local.policy import TransformersPolicy
from treecore.policies.local.sequence_scheduler import SequenceScheduler
from treecore.rollouts import rollout

Pass = tuple[int, int, int, int]
ROWS = 6


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Pass]:
    """Live rows and the longest of them, and the rows and length of the store, after each pass of a session."""
    seen: list[Pass] = []
    feed = ModelRunner.feed

    def watched(runner: ModelRunner, rows: Any, tokens: Any) -> torch.Tensor:
        logits = feed(runner, rows, tokens)
        cache = runner.cache
        if cache.max_tokens != PROBE_TOKENS:
            seen.append((sum(n > 0 for n in cache.lengths), max(cache.lengths), cache.rows, cache.length))
        return logits

    monkeypatch.setattr(ModelRunner, "feed", watched)
    return seen


@pytest.fixture
def sent_back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tokens that each branch had when it was preempted."""
    seen: list[int] = []
    preempt = SequenceScheduler.preempt

    def watched(scheduler: SequenceScheduler, branch: Any) -> None:
        seen.append(len(branch.tail_ids))
        preempt(scheduler, branch)

    monkeypatch.setattr(SequenceScheduler, "preempt", watched)
    return seen


def sampled(batch_tokens: int | None, *, sampler: str = "random_expansion", **config: Any) -> list[Forest]:
    policy = TransformersPolicy(
        toy_model(length=128),
        toy_tokenizer(),
        name="m",
        max_sequences=ROWS,
        batch_tokens=batch_tokens,
        **config,
    )
    settings = {"m": 3, "n": 2, "l": 1} if sampler == "random_expansion" else {}
    return rollout(task=ToyTask(), model=policy, sampler=sampler, prompts=2, seed=3, **settings)


def content(forests: list[Forest]) -> list[Any]:
    return [
        (forest.tokens.id.tolist(), list(forest.text), forest.parent.tolist(), forest.provenance["tokens_computed"])
        for forest in forests
        if forest.tokens is not None
    ]


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("sampler", ["random_expansion", "wander"])
@pytest.mark.parametrize("bound", [1, 100, 260, 400])
def test_the_bound_holds_and_changes_nothing(
    bound: int,
    sampler: str,
    static: bool,
    passes: list[Pass],
    sent_back: list[int],
    wanderer: str,
) -> None:
    free = content(sampled(None, sampler=sampler))
    assert sent_back == []
    assert max(rows for rows, *_ in passes) == ROWS
    passes.clear()
    assert content(sampled(bound, sampler=sampler, static=static)) == free
    together = [one for one in passes if one[0] > 1]
    assert all(rows * longest <= bound and all_rows * length <= bound for rows, longest, all_rows, length in together)
    assert bool(together) == (bound > 130)


def test_branches_that_grow_beyond_the_bound_wait_and_go_on(
    monkeypatch: pytest.MonkeyPatch, sent_back: list[int]
) -> None:
    monkeypatch.setattr("treecore.policies.local.sequence_scheduler.HEADROOM", 2)
    free = content(sampled(None))
    bounded = sampled(60)
    assert content(bounded) == free
    assert len(sent_back) > 3
    assert max(sent_back) > 2
    policy = deep_policy(length=128)
    for forest in bounded:
        for leaf in forest.leaves:
            plain, _, at = recomputed(policy, forest, int(leaf))
            own = forest.tokens.part[at] > 0
            np.testing.assert_allclose(forest.tokens.logprob[at][own], plain[own], atol=1e-4)


def test_prompts_longer_than_the_bound_go_through_one_by_one(passes: list[Pass]) -> None:
    policy = TransformersPolicy(toy_model(), toy_tokenizer(), name="m", max_sequences=8, batch_tokens=8)
    forest = rollout(task=ToyTask(), model=policy, question="a b c d e f a b c d e f a", m=3, n=0)[0]
    assert len(forest.leaves) == 3
    assert {rows for rows, *_ in passes} == {1}


@pytest.mark.parametrize("bound", [0, -5])
def test_a_bound_that_is_none(bound: int) -> None:
    with pytest.raises(PolicyError, match=f"batch_tokens={bound} is below 1; give more, or leave it out"):
        sampled(bound)


def test_the_bound_comes_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    token = 2 * 2 * 32 * 4
    monkeypatch.setattr(memory, "CPU_STORE_BYTES", 100 * token)
    assert deep_policy(max_sequences=8).kv_cache_tokens == 100
    assert deep_policy("llama_gqa", max_sequences=8).kv_cache_tokens == 200
    monkeypatch.setattr(memory, "CPU_STORE_BYTES", token // 2)
    assert deep_policy(max_sequences=8).kv_cache_tokens == 1
    monkeypatch.setattr(memory, "CPU_STORE_BYTES", 1 << 40)
    assert deep_policy(max_sequences=8).kv_cache_tokens == 8 * 96


def test_an_accelerator_gives_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 5000))
    assert memory.store_bytes(torch.device("cuda")) == 400
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 3000)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 1000)
    assert memory.store_bytes(torch.device("mps")) == 800
