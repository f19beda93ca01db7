"""What the rollout command hands over and prints. Sampling itself has its own tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from treecore.cli.rollout import rollout
from treecore.policies.local.policy import DEFAULT_DTYPES, pick_dtype
from treecore.rollouts import RolloutConfig, Summary

SUMMARY = Summary(
    forests=1, trajectories=2, distinct_trajectories=2, tokens_generated=3, tokens_computed=4, tokens_in_forest=5,
    computed_ratio=1.0, tokens_saved_by_sharing=6, mean_reward=float("nan"), seconds=0.5, tokens_per_second=6.0,
)  # fmt: skip


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    made: list[tuple[str, dict[str, Any]]] = []

    def record(path: str, config: RolloutConfig, **options: Any) -> Summary:
        made.append((path, {**vars(config.load), **vars(config), **options}))
        return SUMMARY

    monkeypatch.setattr("treecore.rollouts.rollout_to_file", record)
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
    assert options["sampler_settings"]["m"] == 3
    assert options["on_progress"] is None
    document = json.loads(result.stdout)
    assert document["tokens_saved_by_sharing"] == 6
    assert document["mean_reward"] is None


def test_the_summary_in_words(run, calls, tmp_path: Path) -> None:
    result = run("rollout", "--sampler", "chains", "--question", "why", "-o", tmp_path / "o.jsonl")
    assert calls[0][1]["question"] == "why"
    assert "distinct trajectories: 2\n" in result.stdout
    assert "mean reward: not assigned\n" in result.stdout


def test_numbers_are_rounded_for_people(run, calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = replace(SUMMARY, computed_ratio=1.0379874213836478, mean_reward=2 / 3)
    monkeypatch.setattr("treecore.rollouts.rollout_to_file", lambda path, config, **options: summary)
    words = ("rollout", "--sampler", "chains", "-o", tmp_path / "o.jsonl")
    shown = run(*words).stdout
    assert "computed ratio: 1.038\n" in shown
    assert "mean reward: 0.6667\n" in shown
    assert "failed" not in shown
    assert json.loads(run(*words, "--json").stdout)["mean_reward"] == 2 / 3


@pytest.mark.parametrize(("failed", "code", "said"), [(1, 0, "treecore: warning: 1 of 2"), (2, 1, "treecore: 2 of 2")])
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_failures_are_told(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failed: int, code: int, said: str, words: tuple[str, ...]
) -> None:
    summary = replace(SUMMARY, failed=failed, first_failure="the verifier of task 't' failed\x1b[2J with ValueError: x")
    monkeypatch.setattr("treecore.rollouts.rollout_to_file", lambda path, config, **options: summary)
    result = run("rollout", "--sampler", "chains", *words, "-o", tmp_path / "o.jsonl")
    assert result.exit_code == code
    reason = "the verifier of task 't' failed [2J with ValueError: x"
    assert result.stderr == f"{said} trajectories failed, the first: {reason}\n"
    assert json.loads(result.stdout)["failed"] == failed if words else f"\nfailed: {failed}\n" in result.stdout


def test_what_tasks_and_verifiers_print_is_kept_out_of_the_document(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loud_verifiers.py").write_text(
        "def loud(question, answers, output):\n    print('noise')\n    return 1\n"
    )
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "answer": "b"}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    words = ("--task", "rows.jsonl", "--verifier", "loud_verifiers:loud", "--max-tokens", 4, "--sampler", "chains")
    result = run("rollout", *words, "-o", "o.forest.jsonl", "--json")
    assert json.loads(result.stdout)["mean_reward"] == 1
    assert "noise" in result.stderr


def test_a_real_run_whose_verifier_fails(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "judges.py").write_text("def broken(prompt, answer, output):\n    raise KeyError('x')\n")
    rows = tmp_path / "q.jsonl"
    rows.write_text('{"prompt": "one", "answer": "1"}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / "o.forest.jsonl"
    result = run(
        "rollout", "--task", rows, "--verifier", "judges:broken", "--max-tokens", 4, "--sampler", "chains",
        "--device", "cpu", "-o", out,
    )  # fmt: skip
    assert result.exit_code == 1
    assert "judges:broken" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_holds_something_is_not_replaced(run, tmp_path: Path) -> None:
    out = tmp_path / "o.forest.jsonl"
    words = ("rollout", "--device", "cpu", "--sampler", "chains", "--set", "m=1", "-o", out)
    assert run(*words, "--seed", 1).exit_code == 0
    data = out.read_bytes()
    refused = run(*words, "--seed", 3)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"treecore: {out}: 1 finished forest of another run: seed=1, not 3; "
        "give another name, or replace the file with --overwrite\n"
    )
    assert out.read_bytes() == data
    assert run(*words, "--seed", 3, "--overwrite").exit_code == 0
    assert out.read_bytes() != data


@pytest.mark.parametrize("name", ["x", "x.txt", "x.json", "x.forest.jsonl.gz"])
def test_names_that_are_no_file_of_lines(run, calls, tmp_path: Path, name: str) -> None:
    result = run("rollout", "--sampler", "chains", "--server", "http://127.0.0.1:1", "--model", "m", "-o", name)
    assert result.exit_code == 1
    assert "name it .forest.jsonl" in result.stderr
    assert calls == []


def test_the_dtype_that_is_taken_if_left_out() -> None:
    (option,) = [param for param in rollout.params if param.name == "dtype"]
    assert "float32 on a CPU, and elsewhere bfloat16, or float16 where the device does not compute" in option.help
    assert pick_dtype(None, torch.device("cpu")) is torch.float32
    assert {kind: first for kind, (first, _) in DEFAULT_DTYPES.items()} == dict.fromkeys(
        ("cuda", "mps"), torch.bfloat16
    )


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
        (("--workers", "0"), "0 is not in the range x>=1"),
        (("--ray-address", "auto"), "--ray-address needs --engine ray"),
        (("--timeout", "2"), "--timeout needs --server"),
        (("--dtype", "int8"), "'int8' is not one of 'float32', 'bfloat16', 'float16'"),
        (("--batch-tokens", "0"), "0 is not in the range x>=1"),
        (("--seed", str(2**63)), "is not in the range 0<=x<=9223372036854775807"),
    ],
)
def test_options_that_do_not_fit(run, calls, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    result = run("rollout", "--sampler", "chains", *words, "-o", tmp_path / "o.jsonl")
    assert result.exit_code == 2
    assert said in result.stderr
    assert calls == []
