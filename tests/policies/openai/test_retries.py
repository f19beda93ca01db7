"""A server that asks to wait: whoever looks on is told, and the wait can be broken off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai_stub import Connect, LetterTask, Reply, Stub

from treecore.policies.base import Policy
from treecore.policies.openai.policy import ServerPolicy
from treecore.policies.openai.retries import Waits, message_of
from treecore.protocols import Message, Prompt
from treecore.rollouts import Progress, rollout, rollout_to_file

pytest.importorskip("openai", reason="the package openai is not installed")

LATER = Reply(429, {"error": {"message": "slow down"}}, {"Retry-After": "290"})
SAID = "next try in 290 s (the server answers 429: slow down)"
CHAT = Prompt("p", "", "hello", "c", messages=(Message("user", "hello"),))


def run(policy: Policy, **more: Any) -> list[Any]:
    return rollout(task=LetterTask(), model=policy, sampler="chains", m=2, **{"prompts": 1, **more})


def again(connect: Connect) -> ServerPolicy:
    """A policy that really waits."""
    policy = connect()
    policy.connection.waits = Waits(policy.connection.url)
    return policy


def test_a_wait_is_told_and_broken_off(connect: Connect, stub: Stub) -> None:
    policy, seen = again(connect), list[Progress]()
    stub.always = LATER
    assert run(policy, on_progress=seen.append, should_stop=lambda: any(one.waiting for one in seen)) == []
    assert seen[-1].waiting.startswith(("1 request waits", "2 requests wait"))
    assert "next try in 29" in seen[-1].waiting
    assert "the server answers 429: slow down" in seen[-1].waiting
    assert seen[-1].done == 0


def test_nothing_is_told_while_nothing_waits(connect: Connect, stub: Stub) -> None:
    seen = list[Progress]()
    run(connect(), on_progress=seen.append)
    assert {one.waiting for one in seen} == {""}


def test_the_question_whether_it_answers_chats_can_be_broken_off(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    policy = again(connect)
    stub.endpoints, stub.always = ("/v1/completions", "/v1/chat/completions"), LATER

    def waits() -> bool:
        return bool(message_of(policy.connection.url))

    assert run(policy, prompts=[CHAT], should_stop=waits) == []
    options: dict[str, Any] = {"task": LetterTask(), "model": policy, "sampler": "chains", "prompts": [CHAT]}
    file = tmp_path / "run.forest.jsonl"
    assert rollout_to_file(file, **options, should_stop=waits).forests == 0
    stub.always = None
    assert rollout_to_file(file, **options, should_stop=lambda: False).forests == 1


def test_the_first_question_tells_of_its_wait(stub: Stub) -> None:
    stub.script, told = [LATER], list[str]()

    async def sleep(seconds: float) -> None:
        told.append(message_of(f"{stub.url}/v1"))

    ServerPolicy.connect(stub.url, "toy", sleep=sleep).close()
    assert told == [f"1 request waits for the server, {SAID}"]


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C is heard, also where the tests were started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("good", [0, 3])
def test_an_interrupt_ends_the_wait_of_the_command(stub: Stub, tmp_path: Path, heard: None, good: int) -> None:
    stub.fails_after, stub.failure = good, LATER
    words = ["rollout", "--server", stub.url, "--model", "toy", "--sampler", "chains", "-o", "run.forest.jsonl"]
    process = subprocess.Popen(
        [sys.executable, "-m", "treecore", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    overdue = threading.Timer(60, process.kill)
    overdue.start()
    assert process.stderr is not None
    with process:
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    overdue.cancel()
    assert line.startswith(f"server {stub.url}/v1: the server answers 429: slow down; waiting 29")
    assert rest.startswith("treecore: stopped")
    assert process.returncode == 128 + signal.SIGINT
