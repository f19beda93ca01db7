"""Runs that worker processes of this computer share: the forests that one process gives, whatever happens to them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recomputed import assert_same_samples
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import MethodError, PolicyError
from treecore.policies import load_policy
from treecore.rollouts import Progress, rollout, rollout_to_file
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.local import engine as local_engine
from treecore.rollouts.local.capacity import cores, memory, processes
from treecore.rollouts.local.pool import LocalPool, NotPicklable, pool_of, sendable
from treecore.rollouts.local.worker import BeginRun, EndRun, LocalWorker, SendSnapshot, WorkerNews
from treecore.rollouts.prepare import prepare

PROMPTS = 24
RUN: dict[str, Any] = {"task": "multihop", "sampler": "random_expansion", "m": 1, "n": 1, "l": 1, "seed": 3}


@pytest.fixture(scope="module")
def policy() -> Any:
    return load_policy("tiny", device="cpu")


@pytest.fixture(scope="module")
def here(policy: Any) -> list[Forest]:
    """What one process gives."""
    return rollout(model=policy, prompts=PROMPTS, workers=1, **RUN)


@pytest.fixture
def pool(policy: Any) -> LocalPool:
    """A worker that has the model."""
    found = pool_of(policy)
    found.start(policy, 2)
    found.wait_until_ready()
    assert len(found.workers) == 1
    return found


@pytest.fixture
def alone(policy: Any) -> LocalPool:
    """No worker."""
    found = pool_of(policy)
    found.close()
    return found


def test_small_jobs_start_no_worker(policy: Any, alone: LocalPool) -> None:
    rollout(model=policy, prompts=PROMPTS, **RUN)
    assert alone.workers == []


def test_one_process_alone_is_nobodys_help(policy: Any, alone: LocalPool) -> None:
    rollout(model=policy, prompts=2, workers=1, **RUN)
    assert alone.workers == []


def test_the_same_as_one_process_gives(policy: Any, here: list[Forest], pool: LocalPool) -> None:
    before, seen = pool.workers[0].cpu, list[Progress]()
    assert_same_samples(rollout(model=policy, prompts=PROMPTS, workers=2, on_progress=seen.append, **RUN), here)
    assert pool.workers[0].cpu > before
    assert [one.forests for one in seen] == sorted(one.forests for one in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].forests) == (2 * PROMPTS, 2 * PROMPTS, PROMPTS)
    assert {one.total for one in seen} == {2 * PROMPTS}
    assert seen[-1].tokens == sum(int(forest.n_model_tokens.sum()) for forest in here)
    assert {wave for one in seen for wave in one.waves} == {forest.id for forest in here}


def test_a_stopped_run_goes_on(policy: Any, here: list[Forest], pool: LocalPool, tmp_path: Path) -> None:
    path, seen = tmp_path / "run.forest.jsonl", list[int]()
    run: dict[str, Any] = {"model": policy, "prompts": PROMPTS, "workers": 2, **RUN}
    part = rollout_to_file(
        path, on_progress=lambda progress: seen.append(progress.forests), should_stop=lambda: any(seen), **run
    )
    assert 1 <= part.forests < PROMPTS
    assert not pool.workers[0].prompts
    assert rollout_to_file(path, resume=True, **run).forests == PROMPTS
    assert_same_samples(tc.read(path), here)
    assert rollout_to_file(path, resume=True, **{**run, "workers": 1}).tokens_per_second == 0


def test_what_grows_in_a_worker_can_be_looked_at(policy: Any, pool: LocalPool) -> None:
    looks = list[Forest]()

    def watch(progress: Progress) -> None:
        own = pool.workers[0].prompts
        looks.extend(forest for forest in progress.snapshot() if forest.id in own)

    rollout(model=policy, prompts=PROMPTS, workers=2, on_progress=watch, **RUN)
    assert any((forest.status == Status.OPEN).any() for forest in looks)


def test_long_jobs_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_engine, "MIN_TRAJECTORIES_FOR_WORKERS", 12)
    monkeypatch.setattr(local_engine, "processes", lambda: 3)
    small = toy_policy(max_sequences=2)
    run: dict[str, Any] = {"task": ToyTask(), "model": small, "sampler": "chains", "m": 2}
    rollout(**run, prompts=5)
    assert pool_of(small).workers == []
    found = rollout(**run, prompts=6)
    assert len(pool_of(small).workers) == 2
    assert [one.text for one in found] == [one.text for one in rollout(**run, prompts=6, workers=1)]
    assert len(rollout(**run, prompts=3, workers=2)) == 3
    assert len(pool_of(small).workers) == 1


def test_the_same_command_gives_every_bit_again(policy: Any, pool: LocalPool) -> None:
    run: dict[str, Any] = {"model": policy, "prompts": PROMPTS, "workers": 2, **RUN}
    for one, other in zip(rollout(**run), rollout(**run), strict=True):
        for column in ("id", "logprob", "entropy", "confidence"):
            np.testing.assert_array_equal(getattr(one.tokens, column), getattr(other.tokens, column))


class Elsewhere(ToyTask):
    """As if it were of a module that other processes do not have."""


Elsewhere.__module__, Elsewhere.__qualname__ = "nowhere", "Elsewhere"


@pytest.mark.parametrize("where", ["here only", "not there"])
def test_a_task_that_cannot_be_sent_is_sampled_here(
    policy: Any, pool: LocalPool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    task = Elsewhere()
    if where == "not there":
        module = type(sys)("nowhere")
        monkeypatch.setattr(module, "Elsewhere", Elsewhere, raising=False)
        monkeypatch.setitem(sys.modules, "nowhere", module)
    run: dict[str, Any] = {"model": policy, "sampler": "chains", "m": 2, "prompts": 4}
    forests = rollout(task=task, workers=2, **run)
    assert [forest.text for forest in forests] == [one.text for one in rollout(task=task, workers=1, **run)]
    assert "one process samples alone: the task cannot be sent to another process" in caplog.text
    assert len(pool.workers) == 1


def test_a_worker_that_is_killed_costs_nothing(
    policy: Any, here: list[Forest], pool: LocalPool, caplog: pytest.LogCaptureFixture
) -> None:
    worker, busy = pool.workers[0], list[int]()

    def watch(progress: Progress) -> None:
        if worker.prompts and not busy:
            busy.append(len(worker.prompts))
            worker.process.kill()

    assert_same_samples(rollout(model=policy, prompts=PROMPTS, workers=2, on_progress=watch, **RUN), here)
    assert busy
    assert worker not in pool.workers
    assert "a worker process was lost (exit code -9); its prompts are sampled here" in caplog.text


def test_models_that_use_the_machine_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    large = toy_policy()
    monkeypatch.setattr(large, "one_core", False)
    with pytest.raises(PolicyError, match="several workers are for small models on a CPU"):
        rollout(task=ToyTask(), model=large, workers=2)
    assert len(rollout(task=ToyTask(), model=large, workers=1)) == 1


def test_a_worker_shares_the_memory_for_keys_and_values(policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = list[Any]()
    monkeypatch.setattr("treecore.rollouts.local.pool.LocalWorkerHandle", lambda data: data)
    monkeypatch.setattr("treecore.rollouts.local.pool.sendable", lambda thing, what: sent.append(thing))
    monkeypatch.setattr(policy, "kv_cache_limit", 3 * policy.kv_cache_tokens - 3)
    LocalPool().start(policy, 3)
    assert sent[0].kv_cache_tokens == policy.kv_cache_tokens - 1
    assert sent[0].model is policy.model


def test_a_worker_may_fill_its_batch_where_memory_allows_it(policy: Any) -> None:
    assert policy.kv_cache_limit > 2 * policy.kv_cache_tokens
    assert policy.worker_copy(2).kv_cache_tokens == policy.kv_cache_tokens


@pytest.fixture
def thread() -> Iterator[Any]:
    """A worker in a thread, and the near end of its connection."""
    near, far = Pipe()

    def serve() -> None:
        with pytest.raises((EOFError, OSError)):
            LocalWorker(far, toy_policy()).serve()
        far.close()

    running = threading.Thread(target=serve)
    running.start()
    yield near
    near.close()
    running.join(10)
    assert not running.is_alive()


def asked(n: int) -> bytes:
    settings = {"m": 2}
    config = RolloutConfig(task=ToyTask(), sampler="chains", sampler_settings=settings, prompts=n, model="", seed=1)
    return sendable(prepare(config), "the task")


def until_over(near: Any, forests: int) -> list[WorkerNews]:
    news = list[WorkerNews]()
    while sum(len(one.forests) for one in news) < forests and not (news and news[-1].error):
        assert near.poll(30)
        news.append(near.recv())
    return news


def test_a_worker_takes_one_run_after_another(thread: Any) -> None:
    thread.send(EndRun())
    for run in (1, 2):
        thread.send(BeginRun(run, asked(2)))
        thread.send(SendSnapshot())
        news = until_over(thread, 2)
        assert {one.run for one in news} == {run}
        assert (news[-1].done, news[-1].total) == (4, 4)
        assert any(one.growing is not None for one in news)
    thread.send(EndRun())


def test_what_fails_in_a_worker_is_told(thread: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any) -> Any:
        raise MethodError("the sampler broke", where="prompt 'a'", todo="mend it")

    monkeypatch.setattr("treecore.rollouts.rollout_scheduler.RolloutScheduler.turn", gone)
    thread.send(BeginRun(1, asked(1)))
    error = until_over(thread, 1)[-1].error
    assert isinstance(error, MethodError)
    assert str(error) == "prompt 'a': the sampler broke; mend it"
    thread.send(BeginRun(2, b"no pickle"))
    last = until_over(thread, 1)[-1]
    assert last.unable
    assert last.run == 2


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom treecore.policies import load_policy\n"
        "from treecore.rollouts.local.pool import pool_of\npolicy = load_policy('tiny', device='cpu')\n"
        "pool = pool_of(policy)\npool.start(policy, 2)\npool.wait_until_ready()\n"
        "print(pool.workers[0].process.pid, flush=True)\ninput()\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        worker = os.pidfd_open(int(process.stdout.readline()))
        process.stdin.write(b"\n")
    assert process.returncode == -signal.SIGKILL
    ended = select.poll()
    ended.register(worker, select.POLLIN)
    assert ended.poll(30_000)
    os.close(worker)


def test_an_interrupt_of_the_terminal_reaches_no_worker(pool: LocalPool) -> None:
    assert os.getpgid(pool.workers[0].process.pid) != os.getpgid(0)


def test_a_pool_ends_with_its_policy() -> None:
    small = load_policy("tiny", device="cpu")
    pool = pool_of(small)
    pool.start(small, 2)
    process = pool.workers[0].process
    del small
    assert process.returncode is not None
    assert pool.workers == []


def test_how_many_processes_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = cores(tmp_path)
    assert bound == len(os.sched_getaffinity(0))
    for written, expected in (
        ("max 100000", bound),
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("6400000 100000", bound),
    ):
        (tmp_path / "cpu.max").write_text(written)
        assert cores(tmp_path) == expected
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:    4194304 kB\nMemFree: 9 kB\n")
    assert memory(tmp_path, machine=told) == 4 << 30
    (tmp_path / "memory.max").write_text("max\n")
    assert memory(tmp_path, machine=told) == 4 << 30
    (tmp_path / "memory.max").write_text("3000\n")
    assert memory(tmp_path, machine=told) == memory(tmp_path, machine=tmp_path / "none") == 3000
    monkeypatch.setattr("treecore.rollouts.local.capacity.cores", lambda: 16)
    monkeypatch.setattr("treecore.rollouts.local.capacity.memory", lambda: 9 << 30)
    assert processes() == 4
    monkeypatch.setattr("treecore.rollouts.local.capacity.sys.platform", "win32")
    assert processes() == 1


def test_a_system_that_connects_no_processes_has_no_workers(policy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.rollouts.local.pool.sys.platform", "win32")
    with pytest.raises(OSError, match="gives no connection to another process"):
        LocalPool().start(policy, 2)


def test_what_cannot_be_copied() -> None:
    with pytest.raises(NotPicklable, match=r"the task cannot be sent to another process \(.*lambda"):
        sendable(lambda: 0, "the task")
