from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from treecore.errors import TaskError
from treecore.tasks import verify_math
from treecore.tasks.verifiers import get_check

CHECK = get_check("math")


@pytest.mark.parametrize(
    ("answer", "output", "reward"),
    [
        ("1/2", "so \\boxed{0.5}", 1),
        ("\\frac{1}{2}", "The answer is $1/2$.", 1),
        ("$x^2+1$", "\\boxed{1+x^2}", 1),
        ("\\{1,2\\}", "$\\{2,1\\}$", 1),
        ("12", "The answer is 13.", 0),
        ("12", "<think> 12 </think> \\boxed{13}", 0),
        ("12", "", 0),
        ("1", "__import__('os').system('true')", 0),
    ],
)
def test_scores(answer: str, output: str, reward: float) -> None:
    assert CHECK.score("", [answer], output) == reward


def test_several_answers_and_other_threads() -> None:
    earned: list[float] = []
    threads = [
        threading.Thread(target=lambda: earned.append(CHECK.score("", ["7", "2x"], "\\boxed{x+x}"))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert earned == [1, 1, 1]


@pytest.mark.parametrize("output", ["9**9**9**9", "\\boxed{9^{9^{9^9}}}", "\\boxed{100000000!}"])
def test_what_takes_too_long_is_wrong_and_the_next_is_judged(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_math, "SECONDS", 0.3)
    assert CHECK.score("", ["3"], output) == 0
    monkeypatch.undo()
    assert CHECK.score("", ["3"], "\\boxed{3}") == 1


@pytest.mark.parametrize("output", ["(" * 5000, "\\boxed{" + "{" * 3000, "$\\sqrt{" * 500])
def test_deep_brackets_are_wrong(output: str) -> None:
    assert CHECK.score("", ["3"], output) == 0


def test_a_process_that_dies_is_an_error_and_is_replaced() -> None:
    worker = verify_math.Worker()
    request = {"answers": ["3"], "output": "3"}
    assert worker.ask(request, seconds=60) == {"correct": True}
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()
    assert worker.ask(request, seconds=60) == {"correct": True}
    worker.stop()


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_math, "find_spec", lambda name: None)
    with pytest.raises(TaskError, match=r"needs the math-verify library; pip install 'treecore\[math\]'"):
        CHECK.score("", ["3"], "3")


def test_the_process_answers_nonsense_with_an_error() -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(verify_math.WORKER)], input="nonsense\n", capture_output=True, text=True, check=True
    )
    ready, reply = map(json.loads, done.stdout.splitlines())
    assert ready == {"ready": True}
    assert "JSONDecodeError" in reply["error"]
