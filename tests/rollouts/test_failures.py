"""Trajectories that fail: told, counted, stopped when the model is gone, and sampled again by a run that goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from openai_stub import Reply, Stub
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.core.builder import ForestBuilder
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies import Policy, load_policy
from treecore.protocols import Prompt, Step
from treecore.rollouts import rollout, rollout_to_file
from treecore.rollouts.failures import MAX_IN_A_ROW, FailureStreak, by_model, model_failed, model_gone

GONE = Reply(403, {"error": {"message": "closed"}})
TOO_LONG = Reply(400, {"error": {"message": "maximum context length is 8 tokens"}})
RUN: dict[str, Any] = {"task": ToyTask(), "sampler": "chains", "m": 2, "prompts": 8}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    pytest.importorskip("openai", reason="the package openai is not installed")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Stub(write=lambda body: "a!") as made:
        yield made


def served(stub: Stub) -> Policy:
    return load_policy("toy", server=stub.url, concurrency=1)


def failed(*reasons: str | None, by: str | None = "policy") -> Forest:
    """A forest with a leaf for each reason; None is a good one."""
    builder = ForestBuilder(provenance={"tokens_generated": 0})
    root = builder.root()
    for reason in reasons:
        extra = {} if reason is None else {"error": reason} | ({"failed_by": by} if by else {})
        builder.add(root, status=Status.TERMINATED if reason is None else Status.FAILED, extra=extra)
    return builder.build()


def test_a_server_that_dies_ends_the_run_and_a_later_one_repairs_it(stub: Stub, tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    policy = served(stub)
    stub.fails_after, stub.failure = len(stub.seen) + 5, GONE
    said = r"every trajectory of 3 forests in a row failed, the last: the server answers 403: closed; continue with "
    with pytest.raises(PolicyError, match=said):
        rollout_to_file(path, model=policy, **RUN)
    forests = tc.read(path)
    assert [model_failed(forest) for forest in forests] == [False, False, True, True, True, True]
    assert [model_gone(forest) for forest in forests] == [False, False, False, True, True, True]
    good = path.read_bytes().splitlines(keepends=True)[:2]
    stub.fails_after, before = None, len(stub.seen)
    summary = rollout_to_file(path, model=policy, resume=True, **RUN)
    assert (summary.forests, summary.trajectories, summary.failed, summary.mean_reward) == (8, 16, 0, 1.0)
    assert [forest.id for forest in tc.read(path)] == [f"toy-{number}" for number in range(8)]
    assert path.read_bytes().startswith(b"".join(good))
    assert len(stub.seen) - before == 6 * 2


def test_prompts_that_a_server_refuses_do_not_end_the_run(stub: Stub, tmp_path: Path) -> None:
    policy = served(stub)
    stub.fails_after, stub.failure = len(stub.seen) + 4, TOO_LONG
    summary = rollout_to_file(tmp_path / "run.forest.jsonl", model=policy, **RUN)
    assert (summary.forests, summary.trajectories, summary.failed) == (8, 16, 12)
    assert summary.first_failure == "the server answers 400: maximum context length is 8 tokens"
    assert summary.as_json()["tokens_in_forest"] is None
    assert summary.as_json()["computed_ratio"] is None


def test_a_server_run_of_failures_alone_claims_no_numbers(stub: Stub) -> None:
    policy = served(stub)
    stub.always = TOO_LONG
    (forest,) = rollout(model=policy, **{**RUN, "prompts": 1})
    assert "tokens_in_forest" not in forest.provenance
    assert "tokens_saved_by_sharing" not in forest.provenance


def test_what_was_never_tried_comes_before_what_failed(stub: Stub, tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    policy = served(stub)
    stub.always = GONE
    with pytest.raises(PolicyError):
        rollout_to_file(path, model=policy, **RUN)
    tried = [forest.id for forest in tc.read(path)]
    stub.always, seen = None, len(stub.seen)
    rollout_to_file(path, model=policy, resume=True, **RUN)
    order = list(dict.fromkeys(str(body["prompt"]) for body in stub.seen[seen:]))
    texts = {forest.id: forest.extra["input"] for forest in tc.read(path)}
    assert order[-len(tried) :] == [texts[name] for name in tried]


class Strict(ToyTask):
    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        raise ValueError("not today")


def test_forests_that_the_task_failed_are_not_sampled_again(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    run = {**RUN, "task": Strict(), "model": toy_policy()}
    summary = rollout_to_file(path, **run)
    assert (summary.failed, summary.trajectories) == (16, 16)
    assert summary.first_failure == "the verifier of task 'toy' failed with ValueError: not today"
    nodes = [node for line in path.read_bytes().splitlines() for node in json.loads(line)["nodes"]]
    assert {node["failed_by"] for node in nodes if node.get("status") == "failed"} == {"task"}
    data = path.read_bytes()
    assert rollout_to_file(path, resume=True, **run).tokens_per_second == 0
    assert path.read_bytes() == data


def test_a_prompt_without_room_says_so() -> None:
    (forest,) = rollout(**{**RUN, "model": toy_policy(), "prompts": [Prompt("long", "a " * 200, "long", "a")]})
    assert {forest.node_extra[int(leaf)]["failed_by"] for leaf in forest.leaves} == {"prompt"}
    assert not model_failed(forest)


@pytest.mark.parametrize(
    ("reason", "model"),
    [
        ("the connection failed: refused", True),
        ("no answer within 2 seconds", True),
        ("the verifier of task 'x' failed with ValueError: no", False),
        ("verifier 'own:judge' failed with KeyError: 'x'", False),
        ("task 'x' failed with ValueError: no", False),
        ("the prompt has 900 tokens, the model's context 512; shorten the prompt", False),
    ],
)
def test_older_files_are_told_by_their_reasons(reason: str, model: bool) -> None:
    assert by_model({"error": reason}) is model
    assert model_failed(failed(None, reason, by=None)) is model
    assert not by_model({"error": reason, "failed_by": "task"})
    assert not by_model({})


def test_patience_ends_with_whole_forests_in_a_row() -> None:
    streak = FailureStreak("run.forest.jsonl")
    for forest in (failed("x"), failed("x"), failed("x", None), failed("x"), failed("x")):
        streak.look(forest)
    assert streak.in_a_row == MAX_IN_A_ROW - 1
    with pytest.raises(PolicyError, match=re.escape("run.forest.jsonl: the run is stopped, for every")):
        streak.look(failed("x", "y"))
