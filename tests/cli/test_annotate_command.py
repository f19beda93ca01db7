"""The annotate command on the bundled model: values in, credit out."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import treecore as tc
from treecore.bundled import samples
from treecore.core.forest import Forest


def test_from_rollout_to_values_to_credit(run, tmp_path: Path) -> None:
    source, target = tmp_path / "run.forest.jsonl", tmp_path / "values.forest.jsonl"
    sampled = run("rollout", "--sampler", "chains", "--set", "m=2", "--prompts", 2, "--seed", 5, "-o", source)
    assert sampled.exit_code == 0, sampled.stderr
    done = run("annotate", source, "--kind", "monte_carlo", "--set", "k=3", "-o", target, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["forests"] == 2
    assert done.stderr == ""
    credit = run("credit", target, "--method", "vineppo", "--json")
    document = json.loads(credit.stdout)
    for told, forest in zip(document["forests"], tc.read(target), strict=True):
        prompt = forest.columns["mc_value"][forest.topology.roots[0]]
        for leaf in forest.leaves.tolist():
            path = forest.topology.path(leaf)
            total = sum(told["nodes"][str(forest.node_id[row])]["credit"] for row in path[1:])
            assert total == pytest.approx(forest.reward[leaf] - prompt)
        assert np.isnan(forest.columns["mc_value"][forest.leaves]).all()


def test_what_is_wrong_is_said_in_one_line(run, minimal: Path, tmp_path: Path) -> None:
    target = tmp_path / "o.forest.jsonl"
    unknown = run("annotate", minimal, "--kind", "monte_carlo", "-o", target)
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "which task" in unknown.stderr
    assert unknown.stderr.count("\n") == 1
    assert "no annotation 'judge'" in run("annotate", minimal, "--kind", "judge", "-o", target).stderr
    assert run("annotate", minimal, "--kind", "monte_carlo", "-o", minimal).exit_code == 2
    assert not target.exists()


ROWS = [{"question": "make 25 from 3 7 4", "target": 25}, {"question": "make 6 from 1 2 3", "target": 6}]
FIELDS = ("--task-set", "prompt_field=question", "--task-set", "answer_field=target")


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def quiz(run, tmp_path: Path) -> Path:
    """A file of questions, and forests of it beside."""
    path = written(tmp_path / "quiz.jsonl", ROWS)
    done = run(
        "rollout", "--task", path, *FIELDS, "--verifier", "number", "--max-tokens", 6, "--sampler", "chains",
        "--set", "m=2", "--prompts", 2, "-o", tmp_path / "run.forest.jsonl",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    return path


def annotated(run, quiz: Path, *more: object):
    source, target = quiz.with_name("run.forest.jsonl"), quiz.with_name("values.forest.jsonl")
    return run("annotate", source, "--kind", "monte_carlo", "--set", "k=1", "-o", target, *more)


def test_fields_of_another_name_are_recorded(run, quiz: Path) -> None:
    unnamed = annotated(run, quiz)
    assert unnamed.exit_code == 1
    assert "name the task with --task, by its file quiz.jsonl" in unnamed.stderr
    done = annotated(run, quiz, "--task", quiz)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "mc_value" in tc.read(quiz.with_name("values.forest.jsonl"))[0].columns


def test_a_file_that_changed_is_noted(run, quiz: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(quiz, [*ROWS, {"question": "make 7 from 1 2 4", "target": 7}])
    done = annotated(run, quiz, "--task", quiz)
    assert done.exit_code == 0, done.stderr
    (note,) = caplog.messages
    assert note == (
        "treecore: note: quiz.jsonl has other rows now than quiz.jsonl had when the forests were sampled; the "
        "questions of the forests are among them"
    )


def test_a_file_that_lacks_the_question_is_refused(run, quiz: Path) -> None:
    written(quiz, ROWS[:1])
    done = annotated(run, quiz, "--task", quiz)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    source = quiz.with_name("run.forest.jsonl")
    assert f"{source}, forest 'quiz-2' ('make 6 from 1 2 3'): quiz.jsonl has other rows now" in done.stderr
    assert "and not this question; give the file that it was sampled from" in done.stderr


def test_sums_with_a_calculator_are_gone_on_with(run, tmp_path: Path) -> None:
    source = tmp_path / "run.forest.jsonl"
    sampled = run("rollout", "--task", "calculator", "--max-tokens", 4, "--sampler", "chains", "-o", source)
    assert sampled.exit_code == 0, sampled.stderr
    done = run("annotate", source, "--kind", "monte_carlo", "--set", "k=1", "-o", tmp_path / "v.forest.jsonl")
    assert done.exit_code == 0, done.stderr


def test_the_numbers_of_the_model_are_those_that_were_recorded(run, tmp_path: Path) -> None:
    source, target = tmp_path / "run.forest.jsonl", tmp_path / "values.forest.jsonl"
    sampled = run("rollout", "--sampler", "chains", "--dtype", "bfloat16", "-o", source)
    assert sampled.exit_code == 0, sampled.stderr
    work = ("annotate", source, "--kind", "monte_carlo", "--set", "k=1", "-o", target)
    done = run(*work, "--batch-tokens", 4000, "--static")
    assert done.exit_code == 0, done.stderr
    assert tc.read(target)[0].provenance["annotations"][-1]["policy"]["dtype"] == "bfloat16"
    assert run(*work, "--dtype", "float12").exit_code == 2


def test_a_node_that_is_not_there_is_told_with_file_and_prompt(run, tmp_path: Path) -> None:
    source = tmp_path / "run.forest.jsonl"
    assert run("rollout", "--sampler", "chains", "-o", source).exit_code == 0
    prompt = tc.read(source)[0].prompt
    done = run("annotate", source, "--kind", "monte_carlo", "--node", 999, "-o", tmp_path / "o.forest.jsonl")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"treecore: {source}, forest ")
    assert f"('{prompt[:59]}" in done.stderr
    assert "there is no node '999'" in done.stderr


JUDGE = """
every, calls = 0, 0

def judge(prompt, answer, output):
    global calls
    calls += answer not in output
    if every and calls % every == 0 and answer not in output:
        raise SystemExit("no judge")
    return 0.5
"""


@pytest.mark.parametrize(("every", "code"), [(1, 1), (2, 0)])
def test_a_verifier_that_fails_is_told_with_file_and_prompt(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int, code: int
) -> None:
    (tmp_path / "failing_judge.py").write_text(JUDGE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "failing_judge", raising=False)
    quiz = written(tmp_path / "quiz.jsonl", [{"prompt": "make 25 from 3 7 4", "answer": "never"}])
    sampled = run(
        "rollout", "--task", quiz, "--verifier", "failing_judge:judge", "--max-tokens", 6, "--sampler", "chains",
        "-o", "run.forest.jsonl",
    )  # fmt: skip
    assert sampled.exit_code == 0, sampled.stderr
    monkeypatch.setattr(sys.modules["failing_judge"], "every", every)
    words = (
        "annotate", "run.forest.jsonl", "--kind", "monte_carlo", "--set", "k=4", "--task", "quiz.jsonl",
        "-o", "o.forest.jsonl",
    )  # fmt: skip
    refused = run(*words)
    assert refused.exit_code == 1
    assert "it names code of this machine, 'failing_judge:judge', which would run" in refused.stderr
    assert "--trust" in refused.stderr
    done = run(*words, "--trust")
    assert done.exit_code == code
    assert "continuations failed, the first: run.forest.jsonl, forest 'quiz-1' ('make 25 from 3 7 4'): " in done.stderr
    assert "verifier 'failing_judge:judge' failed with SystemExit: no judge" in done.stderr


def sample() -> Forest:
    found: Forest = tc.read(samples()["early_fork"].path)[0]
    return found


def test_tokens_that_the_model_does_not_know_are_told(run, tmp_path: Path) -> None:
    forest = sample()
    assert forest.tokens is not None
    assert forest.tokens.id is not None
    forged = forest.with_columns(tokens=replace(forest.tokens, id=np.full_like(forest.tokens.id, 10**9)))
    tc.write(forged, tmp_path / "theirs.forest.json")
    done = run("annotate", tmp_path / "theirs.forest.json", "--kind", "monte_carlo", "-o", tmp_path / "o.forest.jsonl")
    assert done.exit_code == 1
    assert "it has a token 1000000000, where the model knows those below" in done.stderr


def test_a_task_that_a_strangers_file_names_does_not_run(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sprung_trap.py").write_text("raise SystemExit('sprung')\n")
    monkeypatch.chdir(tmp_path)
    forest = sample().with_columns(task="sprung_trap:task")
    tc.write(forest, tmp_path / "theirs.forest.json")
    done = run("annotate", "theirs.forest.json", "--kind", "monte_carlo", "-o", "o.forest.jsonl")
    assert done.exit_code == 1
    assert "it names code of this machine, 'sprung_trap:task'" in done.stderr
    assert "sprung_trap" not in sys.modules
