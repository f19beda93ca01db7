"""What the rollout command hands over and prints. Sampling itself has its own tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from treecore.sampling import Summary

SUMMARY = Summary(
    forests=1, trajectories=2, distinct_trajectories=2, tokens_generated=3, tokens_computed=4, tokens_in_forest=5,
    computed_ratio=1.0, tokens_saved_by_sharing=6, mean_reward=float("nan"), seconds=0.5, tokens_per_second=6.0,
)  # fmt: skip


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    made: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "treecore.sampling.rollout_to_file", lambda path, **options: made.append((path, options)) or SUMMARY
    )
    return made


def test_all_options_arrive(run, calls, tmp_path: Path) -> None:
    result = run(
        "rollout", "--task", "countdown", "--model", "m", "--sampler", "random_expansion", "--set", "m=3",
        "--prompts", 2, "--seed", 7, "--temperature", 0.5,
        "--reward-scheme", "exact", "-o", tmp_path / "o.jsonl", "--resume", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    ((path, options),) = calls
    assert path == str(tmp_path / "o.jsonl")
    wanted = {"task": "countdown", "model": "m", "sampler": "random_expansion", "prompts": 2, "seed": 7, "resume": True}
    assert {name: options[name] for name in wanted} == wanted
    assert (options["temperature"], options["reward_scheme"], options["question"]) == (0.5, "exact", None)
    assert options["m"] == 3
    assert options["on_progress"] is None
    document = json.loads(result.stdout)
    assert document["tokens_saved_by_sharing"] == 6
    assert document["mean_reward"] is None


def test_the_summary_in_words(run, calls, tmp_path: Path) -> None:
    result = run("rollout", "--sampler", "chains", "--question", "why", "-o", tmp_path / "o.jsonl")
    assert calls[0][1]["question"] == "why"
    assert "distinct trajectories: 2\n" in result.stdout
    assert "mean reward: not assigned\n" in result.stdout


def test_a_setting_of_the_run_is_no_setting_of_the_sampler(run, calls, tmp_path: Path) -> None:
    result = run("rollout", "--sampler", "chains", "--set", "seed=3", "-o", tmp_path / "o.jsonl")
    assert result.exit_code == 1
    assert "sampler 'chains' has no parameter 'seed'" in result.stderr
    assert calls == []


def test_how_the_model_is_loaded_arrives(run, calls, tmp_path: Path) -> None:
    result = run(
        "rollout", "--sampler", "chains", "--device", "cpu", "--dtype", "bfloat16", "--batch-tokens", 4096, "--static",
        "--engine", "ray", "--workers", 2, "--ray-address", "auto", "-o", tmp_path / "o.jsonl",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    options = calls[0][1]
    assert (options["device"], options["dtype"], options["batch_tokens"]) == ("cpu", "bfloat16", 4096)
    assert (options["static"], options["engine"]) == (True, "ray")
    assert (options["workers"], options["ray_address"]) == (2, "auto")


@pytest.mark.parametrize(
    "words",
    [
        ("--device", "cpu"), ("--dtype", "float16"), ("--batch-tokens", "9"), ("--static",), ("--engine", "ray"),
    ],
)  # fmt: skip
def test_a_server_loads_its_own_model(run, calls, tmp_path: Path, words: tuple[str, ...]) -> None:
    server = ("--server", "http://localhost:1/v1", "--model", "m")
    result = run("rollout", "--sampler", "chains", *server, *words, "-o", tmp_path / "o.jsonl")
    assert result.exit_code == 2
    assert f"{words[0]} with --server: leave it to the server" in result.stderr
    assert calls == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workers", "2"), "--workers needs --engine ray"),
        (("--ray-address", "auto"), "--ray-address needs --engine ray"),
        (("--timeout", "2"), "--timeout needs --server"),
        (("--dtype", "int8"), "'int8' is not one of 'float32', 'bfloat16', 'float16'"),
        (("--batch-tokens", "0"), "0 is not in the range x>=1"),
    ],
)
def test_options_that_do_not_fit(run, calls, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    result = run("rollout", "--sampler", "chains", *words, "-o", tmp_path / "o.jsonl")
    assert result.exit_code == 2
    assert said in result.stderr
    assert calls == []
