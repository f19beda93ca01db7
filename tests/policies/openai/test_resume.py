"""A file of chats that a server with both endpoints answers: the same run goes on, another is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai_stub import Connect, Stub

from treecore.errors import FormatError, MethodError
from treecore.formats import read
from treecore.rollouts import Summary, rollout_to_file

pytest.importorskip("openai", reason="the package openai is not installed")

BOTH = ("/v1/completions", "/v1/chat/completions")


@pytest.fixture
def both(stub: Stub) -> Stub:
    stub.endpoints, stub.write = BOTH, lambda body: "It is \\boxed{2}."
    return stub


class Runs:
    """The same command again and again, each time as a new process would: with a connection of its own."""

    def __init__(self, connect: Connect, folder: Path) -> None:
        self.connect, self.out, self.questions = connect, folder / "run.forest.jsonl", folder / "q.jsonl"
        rows = [{"prompt": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(5)]
        self.questions.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def __call__(self, prompts: int, **options: Any) -> Summary:
        return rollout_to_file(
            self.out,
            model=self.connect(),
            task=str(self.questions),
            task_options={"verifier": "number"},
            prompts=prompts,
            m=2,
            n=0,
            **options,
        )

    @property
    def ids(self) -> list[str]:
        return [forest.id for forest in read(self.out)]


@pytest.fixture
def runs(connect: Connect, both: Stub, tmp_path: Path) -> Runs:
    return Runs(connect, tmp_path)


def answered(stub: Stub) -> list[dict[str, Any]]:
    """Requests that were no probes."""
    return [body for body in stub.seen if "What is" in str(body.get("messages", ""))]


def test_a_finished_run_has_nothing_to_do(runs: Runs, both: Stub) -> None:
    runs(2)
    before = runs.out.read_bytes()
    assert {forest.policy["endpoint"] for forest in read(runs.out)} == {"chat"}
    runs(2, resume=True)
    assert not answered(both)
    assert runs.out.read_bytes() == before


def test_more_prompts_than_before(runs: Runs, both: Stub) -> None:
    runs(2)
    before = runs.out.read_bytes()
    assert runs(4, resume=True).forests == 4
    assert len(answered(both)) == 4
    assert runs.out.read_bytes().startswith(before)
    assert len(set(runs.ids)) == 4


def test_a_run_that_was_broken_off(runs: Runs, both: Stub) -> None:
    runs(4)
    ids, lines = runs.ids, runs.out.read_bytes().splitlines(keepends=True)
    runs.out.write_bytes(lines[0] + lines[2] + lines[1][:50])
    assert runs(4, resume=True).forests == 4
    assert len(answered(both)) == 4
    assert runs.ids == ids


def test_a_finished_run_is_told_as_such(runs: Runs) -> None:
    runs(2)
    with pytest.raises(FormatError, match="this run is finished and there already: 2 finished forests"):
        runs(2)


def test_what_a_probe_shows_by_chance_is_not_compared(runs: Runs, both: Stub) -> None:
    runs(2)
    both.top = 0
    assert runs(3, resume=True).forests == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [({"endpoints": BOTH[:1]}, "endpoint='chat', not 'completions'"), ({"refuses": {"top_k"}}, "sent=")],
)
def test_a_server_that_is_asked_otherwise_is_another_run(
    runs: Runs, both: Stub, change: dict[str, Any], message: str
) -> None:
    runs(2)
    before = runs.out.read_bytes()
    for name, value in change.items():
        setattr(both, name, value)
    with pytest.raises(MethodError, match=f"sampled with {message}"):
        runs(3, resume=True)
    assert runs.out.read_bytes() == before
