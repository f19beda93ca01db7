from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from treecore.errors import TaskError
from treecore.tasks.verifiers.mathematics import verifier as verify_math
from treecore.tasks.verifiers.mathematics import worker as math_worker
from treecore.tasks.verifiers.registry import get_check

CHECK = get_check("math")
FOLDER = Path(__file__).parent
FIELD = json.loads((FOLDER / "math_answers.json").read_text())
PAIRS = json.loads((FOLDER / "math_pairs.json").read_text())


@pytest.mark.parametrize("case", FIELD, ids=lambda case: f"{case['answer']}|{case['output']}")
def test_answers_from_the_field(case: dict[str, Any]) -> None:
    answers = case["answer"] if isinstance(case["answer"], list) else [case["answer"]]
    assert CHECK.score("", answers, case["output"]) == case["expected"]


@pytest.mark.parametrize("kind", ["same", "different"])
def test_pairs_both_ways(kind: str) -> None:
    """Each pair of `math_pairs.json` in a box, either as the expected answer."""
    wrong = [
        (gold, said)
        for pair in PAIRS[kind]
        for gold, said in (pair, pair[::-1])
        if CHECK.score("", [gold], rf"\boxed{{{said}}}") != (kind == "same")
    ]
    assert wrong == []


def test_what_models_write() -> None:
    wrong = [(gold, said) for gold, said, reward in PAIRS["said"] if CHECK.score("", [gold], said) != reward]
    assert wrong == []


def test_every_answer_is_its_own() -> None:
    wrong = [one for pair in PAIRS["same"] for one in pair if CHECK.score("", [one], rf"\boxed{{{one}}}") != 1]
    assert wrong == []


@pytest.mark.parametrize(
    ("gold", "said", "reward"),
    [
        ("2516_8", "2516", 1),
        ("2516_8", "1358", 0),
        ("2516_8", "1358_{10}", 1),
        ("1358", "2516_8", 1),
        ("2516", "2516_8", 0),
        ("7/2", "m = 7/2", 1),
        ("m = 7/2", "7/2", 1),
    ],
)
def test_digits_without_a_base_are_in_that_of_the_expected_answer(gold: str, said: str, reward: float) -> None:
    assert CHECK.score("", [gold], rf"\boxed{{{said}}}") == reward


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
        ("5", "<answer>5</answer>", 1),
        ("5", "\\boxed{5} so <answer>7</answer>", 0),
        ("5", "\\boxed{7} so <answer> 5 </answer>", 1),
        ("5", "\\boxed{5}, or 7", 1),
        ("1/2", "<answer>1/2</answer>", 1),
        ("1/2", "<answer> \\frac12 </answer> 3", 1),
        ("x+1", "x+1", 1),
        ("x+1", "<answer>1+x</answer>", 1),
        ("2", "2x", 0),
        ("5", "<answer>5 apples</answer>", 1),
        ("5", "<answer>the answer is 5.</answer>", 1),
        ("\\text{Evelyn}", "<answer>\\text{Evelyn}</answer>", 1),
        ("Evelyn", "<answer> Evelyn </answer>", 1),
        ("sqrt(2)", "\\sqrt{2}", 1),
        ("1 1/2", "\\boxed{1.5}", 1),
        ("1.5", "<answer>1 1/2</answer>", 1),
        ("1.5", "so it is 1 1/2.", 1),
        ("11/2", "\\boxed{1 1/2}", 0),
        ("1e5", "\\boxed{100000}", 1),
        ("100000", "<answer>1e5</answer>", 1),
        ("1000", "\\boxed{1 000}", 1),
        ("1 000", "\\boxed{1000}", 1),
        ("3/2", "\\boxed{1\\frac12}", 1),
        ("300000", "$3 \\times 10^5$", 1),
        ("1/3", "\\boxed{0.3333333}", 1),
        ("50%", "\\boxed{0.5}", 1),
        ("2", "\\boxed{2a}", 0),
        ("2", "\\boxed{2e}", 0),
        ("2", "2 pi", 0),
        ("(1,234)", "\\boxed{1234}", 0),
        ("east", "\\boxed{East}", 1),
        ("east", "\\boxed{seat}", 0),
        ("east", "It is $\\text{east}$.", 1),
        ("east", "<answer>so \\boxed{\\text{ east}}</answer>", 1),
        ("\\text{blue}", "<answer>lube</answer>", 0),
        ("\\text{no  solution}", "<answer>No solution.</answer>", 1),
        ("xy", "\\boxed{yx}", 1),
        ("pi", "\\boxed{pi}", 1),
    ],
)
def test_scores(answer: str, output: str, reward: float) -> None:
    assert CHECK.score("", [answer], output) == reward


@pytest.mark.parametrize(
    "answer", ["5", "1/2", "x+1", "\\frac{1}{2}", "$x^2$", "\\text{even}", "Evelyn", "(1,2)", "east", "1 1/2"]
)
def test_rows_are_accepted_in_a_box_and_in_tags(answer: str) -> None:
    assert CHECK.trial("", [answer]).refusal == ""
    assert [CHECK.score("", [answer], one) for one in CHECK.verifier.outputs_for(answer)] == [1, 1]


def test_an_error_of_the_process_is_no_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = {"error": "it took too much memory"}
    monkeypatch.setattr(verify_math.WORKER_OF_ALL, "ask", lambda request, *, seconds: reply)
    with pytest.raises(TaskError, match="the math verifier could not compare '5x': it took too much memory"):
        CHECK.score("", ["5y"], "<answer>5x</answer>")


def test_too_little_memory_is_an_error_and_what_is_nested_too_deep_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(error: type[BaseException]) -> object:
        def correct(*arguments: object, **settings: object) -> bool:
            raise error

        return correct

    request = json.dumps({"answers": ["1"], "output": "1"})
    monkeypatch.setattr(math_worker, "correct", raises(MemoryError))
    assert math_worker.reply(request) == {"error": "it took too much memory"}
    monkeypatch.setattr(math_worker, "correct", raises(RecursionError))
    assert math_worker.reply(request) == {"correct": False}


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
def test_deep_brackets_are_wrong(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_math, "SECONDS", 1.0)
    assert CHECK.score("", ["3"], output) == 0


@pytest.mark.parametrize("piece", ["1", "1 ", "(", r"\text{a} ", "ab", r"\frac{", r"\boxed{1 or "])
@pytest.mark.parametrize("form", ["{}", "The answer is {}", "${}$"])
def test_long_outputs_are_read_in_time_that_grows_with_their_length(piece: str, form: str) -> None:
    """Each took 10 to 50 seconds where a pattern was tried at every place."""
    assert CHECK.score("", ["3"], form.format(piece * (verify_math.MAX_CHARS // len(piece)))) == 0


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
    done = subprocess.run(verify_math.COMMAND, input="nonsense\n", capture_output=True, text=True, check=True)
    ready, reply = map(json.loads, done.stdout.splitlines())
    assert ready == {"ready": True}
    assert "JSONDecodeError" in reply["error"]
