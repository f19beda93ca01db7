"""`treecore rollout --server`: the command line in front of a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openai_stub import Reply, Stub

from treecore.cli import main

pytest.importorskip("openai", reason="the package openai is not installed")

KEY = "sk-secret-1234"
ANSWERS = ("<search> paul boss </search>", "<answer> iris </answer>", "<answer> milo </answer>")
Run = Callable[..., Result]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run.forest.jsonl"


@pytest.fixture
def run(out: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    command = ["rollout", "--sampler", "random_expansion", "--set", "m=2", "-o", str(out), "--json"]
    return lambda *arguments: CliRunner().invoke(main, [*command, *map(str, arguments)])


def test_a_rollout_through_a_server(run: Run, out: Path) -> None:
    with Stub(write=lambda body: ANSWERS[body.get("seed", 0) % 3]) as stub:
        result = run("--server", stub.url, "--model", "toy", "--prompts", 2, "--concurrency", 2, "--timeout", 30)
        assert result.exit_code == 0, result.stderr
        assert stub.headers["authorization"] == f"Bearer {KEY}"
        resumed = run("--server", stub.url, "--model", "toy", "--prompts", 3, "--resume")
    assert json.loads(result.stdout)["forests"] == 2
    assert json.loads(resumed.stdout)["forests"] == 3
    text = out.read_text()
    assert len(text.splitlines()) == 3
    assert KEY not in text + result.output + resumed.output


def test_a_run_that_the_server_leaves_is_finished_with_failed_steps(run: Run, out: Path) -> None:
    with Stub(write=lambda body: ANSWERS[1]) as stub:
        probes = 2
        stub.fails_after = probes + 3
        stub.failure = Reply(400, {"error": {"message": f"out of memory {KEY}"}})
        result = run("--server", stub.url, "--model", "toy")
    assert result.exit_code == 0, result.stderr
    nodes = json.loads(out.read_text())["nodes"]
    failed = [node for node in nodes if node.get("status") == "failed"]
    assert failed
    assert {node["error"] for node in failed} == {"the server answers 400: out of memory [key]"}
    assert any(node.get("status") == "terminated" for node in nodes)


def test_numbers_that_the_server_does_not_tell_are_null(run: Run, out: Path) -> None:
    with Stub(write=lambda body: ANSWERS[1], usage=False) as stub:
        asked = ("--server", stub.url, "--model", "toy")
        told = json.loads(run(*asked, "--prompts", 1).stdout)
        assert told["tokens_generated"] > 0
        assert [told[name] for name in ("tokens_computed", "computed_ratio", "tokens_saved_by_sharing")] == [None] * 3
        forest = json.loads(out.read_text())
        forest["provenance"] |= {"tokens_generated": "x"}
        out.write_text(json.dumps(forest) + "\n")
        resumed = run(*asked, "--prompts", 2, "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert json.loads(resumed.stdout)["tokens_generated"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--concurrency", 2), "--concurrency needs --server"),
        (("--timeout", 2), "--timeout needs --server"),
        (("--server", "http://127.0.0.1:1"), "--server needs --model"),
        (("--server", "http://127.0.0.1:1", "--model", "m", "--timeout", 0), "--timeout"),
    ],
)
def test_options_that_do_not_fit(run: Run, out: Path, arguments: tuple[object, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not out.exists()


def test_a_server_that_refuses_is_one_line(run: Run, out: Path) -> None:
    with Stub(always=Reply(401, {"error": {"message": f"Incorrect API key {KEY}"}})) as stub:
        result = run("--server", stub.url, "--model", "toy")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "refuses the key" in result.stderr
    assert KEY not in result.output
    assert not out.exists()
