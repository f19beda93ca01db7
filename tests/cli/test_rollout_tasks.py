"""Options of the rollout command for tasks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from treecore.formats import read


@pytest.fixture
def quiz(tmp_path: Path) -> Path:
    path = tmp_path / "quiz.jsonl"
    path.write_text('{"prompt": "make 25 from 3 7 4", "answer": 25}\n{"prompt": "make 6 from 1 2 3", "answer": 6}\n')
    return path


def test_a_file_with_all_options(run, quiz: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.forest.jsonl"
    result = run(
        "rollout", "--task", quiz, "--verifier", "number tolerance=0.1", "--system", "be brief", "--no-chat",
        "--steps", "tokens:4", "--stop", "</answer>", "--stop", "\nmake", "--max-tokens", 12, "--max-steps", 9,
        "--max-step-tokens", 3, "--sampler", "chains", "--prompts", 2, "-o", out, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["forests"] == 2
    settings = read(out)[0].extra["task_settings"]
    assert (settings.pop("file_name"), len(settings.pop("rows_sha256"))) == ("quiz.jsonl", 64)
    assert settings == {
        "verifier": "number tolerance=0.1", "system": "be brief", "chat": "off", "steps": "tokens:4",
        "stop": "</answer>\n\\nmake", "max_tokens": 12, "max_steps": 9, "max_step_tokens": 3, "tool": "none",
        "shuffle": True, "prompt_field": "prompt", "answer_field": "answer",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--task", "countdown", "--verifier", "f1"),
            "task 'countdown' has no parameter 'verifier'; its parameters are",
        ),
        (("--task", "nope"), "no task is called 'nope'; choose one of"),
        (("--task", "none.jsonl"), "none.jsonl: there is no such file; check the path"),
        (("--task", "calculator", "--task-set", "shuffle=false"), "task 'calculator' has no parameter 'shuffle'"),
        (("--task", "calculator", "--steps", "bits"), "steps='bits' is no way to cut steps"),
        (("--task", "calculator", "--chat"), "the model has no chat template that can be used here"),
    ],
)
def test_errors_are_one_line(run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("rollout", *arguments, "--sampler", "chains", "-o", tmp_path / "o.forest.jsonl")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_any_option_of_the_task_can_be_set(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "q.jsonl").write_text(
        '{"question": "make 25 from 3 7 4", "target": 25}\n{"question": "make 6 from 1 2 3", "target": 6}\n'
    )
    (tmp_path / "shouting.py").write_text("def shout(call):\n    return call.upper()\n")
    monkeypatch.chdir(tmp_path)
    chosen = ("shuffle=false", "prompt_field=question", "answer_field=target", "tool=shouting:shout", "max_steps=2")
    result = run(
        "rollout", "--task", "q.jsonl", "--verifier", "number", "--max-tokens", 6, "--sampler", "chains",
        *(argument for pair in chosen for argument in ("--task-set", pair)), "--seed", 9, "-o", "o.forest.jsonl",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    forest = read("o.forest.jsonl")[0]
    assert (forest.id, forest.prompt, forest.reference) == ("q-1", "make 25 from 3 7 4", "25")
    settings = forest.extra["task_settings"]
    assert (settings["tool"], settings["shuffle"], settings["max_steps"]) == ("shouting:shout", False, 2)
    resumed = run(
        "rollout", "--task", "q.jsonl", "--task-set", "shuffle=false", "--verifier", "number", "--sampler", "chains",
        "-o", "o.forest.jsonl",
    )  # fmt: skip
    assert resumed.exit_code == 1
    assert "the row has no 'prompt'" in resumed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task-set", "shuffle"), "'shuffle' is not K=V"),
        (("--task-set", "max_steps=2", "--max-steps", "3"), "'max_steps' is given twice"),
        (("--stop", ""), "an empty text ends nothing"),
        (("--stop", "END", "--stop", ""), "an empty text ends nothing"),
    ],
)
def test_wrong_usage_of_task_options(run, quiz: Path, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("rollout", "--task", quiz, *arguments, "--sampler", "chains", "-o", tmp_path / "o.forest.jsonl")
    assert result.exit_code == 2
    assert arguments[0] in result.stderr
    assert message in result.stderr


def test_a_scheme_and_an_option_together(run, tmp_path: Path) -> None:
    result = run(
        "rollout", "--task", "countdown", "--reward-scheme", "tree_grpo", "--sampler", "chains", "--max-steps", 3,
        "-o", tmp_path / "o.forest.jsonl",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "task 'countdown' has no parameter 'max_steps'; its parameters are: reward_scheme" in result.stderr
