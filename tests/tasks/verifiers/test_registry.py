from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.errors import MethodError, TaskError
from treecore.tasks import get_task
from treecore.tasks.verifiers import VERIFIERS, get_check
from treecore.tasks.verifiers import text as verify_text

NAMES = ("exact", "contains", "number", "choice", "f1", "regex", "math")


def score(verifier: str, answer: str | list[str], output: str) -> float:
    return get_check(verifier).score("question", [answer] if isinstance(answer, str) else answer, output)


def test_the_list_of_verifiers() -> None:
    known = VERIFIERS
    assert set(known) == set(NAMES)
    for name, verifier in known.items():
        document = verifier.as_json()
        assert document["name"] == name
        assert document["title"]
        assert document["summary"]
        assert all(param["meaning"] for param in document["parameters"])


@pytest.mark.parametrize(
    ("verifier", "answer", "output", "reward"),
    [
        ("exact", "Paris", " Paris\n", 1),
        ("exact", "Paris", "paris", 0),
        ("exact ignore_case=yes", "Paris", "paris", 1),
        ("exact", "Paris", "It is Paris", 0),
        ("exact", "Paris", "so <answer> Paris </answer> .", 1),
        ("exact", "Paris", "<answer>Rome</answer> no, <answer>Paris", 1),
        ("exact", "Paris", "<answer>Rome</answer> <ANSWER> Paris </Answer> .", 1),
        ("exact", "{1}", "it is \\boxed{{1}}.", 1),
        ("exact", "Paris", "<think> Rome? <answer> Rome </answer> </think> Paris", 1),
        ("exact", ["Rome", "Paris"], "Paris", 1),
        ("contains", "4", "It is 14", 0),
        ("contains", "4", "It is 14, no, 4.", 1),
        ("contains whole_words=false", "4", "It is 14", 1),
        ("contains", "New York", "in new\nyork city", 1),
        ("contains ignore_case=false", "Paris", "paris", 0),
        ("contains", "Paris", "<think> Paris </think> Rome", 0),
        ("contains", "-4", "x -4", 1),
        ("contains", "4", "It is 4.5", 0),
        ("contains", "5", "It is 4.5", 0),
        ("contains", "4", "It is 4,000", 0),
        ("contains", "400", "It is 1,400", 0),
        ("contains", "4", "It is -4", 0),
        ("contains", "4", "It is 5-4", 1),
        ("contains", "4", "1,2,4.", 1),
        ("contains", "4.5", "It is 4.5.", 1),
        ("contains", "4.5", "It is 14.5", 0),
        ("contains", "日本", "これは日本です", 1),
        ("contains", "4", "第4章", 1),
        ("contains", "서울", "서울입니다", 1),
        ("contains", "cafe", "cafe\u0301", 0),
        ("contains", "caf\u00e9", "cafe\u0301", 1),
        ("contains", "क", "का", 0),
        ("exact", "caf\u00e9", "cafe\u0301", 1),
        ("exact ignore_case=yes", "CAF\u00c9", "cafe\u0301", 1),
        ("number", "1/2", "\\frac12", 1),
        ("number", "12", "\\frac12", 0),
        ("number", "1.5", "1 1/2", 1),
        ("number", "300000", "3\\times 10^5", 1),
        ("number", "1000", "1\u2009000", 1),
        ("number", ["2\\pi", "6"], "2", 0),
        ("number", "72", "so 48+24 = 72 clips", 1),
        ("number", "48/2 = 24\n#### 72", "72", 1),
        ("number", "0.5", "1/2", 1),
        ("number", "1,000", "$1000.00", 1),
        ("number", "3", "4", 0),
        ("number", "12", "- 12", 1),
        ("number", "-12", "- 12", 0),
        ("number", "-12", "-12", 1),
        ("number", "12", "1. Add them.\n* 12", 1),
        ("number", "-12", "<answer>- 12</answer>", 1),
        ("number", "-12", "\\boxed{- 12}", 1),
        ("number", "12", "12 m2", 1),
        ("number", "2", "12 m2", 0),
        ("number", "12", "an area of 12 cm2.", 1),
        ("number", "5", "12 m, then 5", 1),
        ("number", "3", "three", 0),
        ("number", "1/3", "0.333", 0),
        ("number tolerance=0.01", "1/3", "0.333", 1),
        ("number tolerance=0.01", "-100", "-99", 1),
        ("number tolerance=0.01", "100", "98", 0),
        ("number", "4", "<answer> 4 </answer> of 5", 1),
        ("number", "7", "9**9**9 = 7", 1),
        ("choice", "B", "B", 1),
        ("choice", "B", "b", 1),
        ("choice", "(B)", "B. because of C", 1),
        ("choice", "B", "A dog is big. The answer is (B).", 1),
        ("choice", "B", "The answer is A. No, the answer is B", 1),
        ("choice", "B", "**Answer:** B", 1),
        ("choice", "B", "I think it is B", 1),
        ("choice", "B", "I think so", 0),
        ("choice", "B", "A", 0),
        ("choice", "B", "\\boxed{\\text{B}}", 1),
        ("choice", "D", "Answer: $D$", 1),
        ("choice", "B", "The answer is (b).", 1),
        ("choice", "B", "I pick (b)", 1),
        ("choice", "B", "f(b) is large", 0),
        ("choice", "A", "the answer is a mess", 0),
        ("f1", "the red house", "A red house!", 1),
        ("f1", "red house", "house blue", 0.5),
        ("f1", "yes", "yes indeed", 0),
        ("regex", "^\\s*4[0-9]$", " 42", 1),
        ("regex", "cat", "CAT", 0),
        ("regex ignore_case=1", "cat", "CAT", 1),
    ],
)
def test_scores(verifier: str, answer: str | list[str], output: str, reward: float) -> None:
    assert score(verifier, answer, output) == reward


@pytest.mark.parametrize("name", [name for name in NAMES if name != "regex"])
def test_the_answer_itself_is_accepted(name: str) -> None:
    check = get_check(name)
    answers = ["B"] if name == "choice" else ["12"]
    assert check.trial("question", answers).refusal == ""
    assert check.score("question", answers, str(check.gold_output(answers))) == 1


@given(st.text(max_size=40).filter(str.strip))
def test_any_answer_is_accepted_as_itself(answer: str) -> None:
    if "</think>" not in answer and "<answer>" not in answer and "\\boxed{" not in answer:
        assert get_check("exact").trial("", [answer]).refusal == ""
        assert get_check("contains").trial("", [answer]).refusal == ""


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        ("number", "many", "the answer 'many' is not one clear number; write one number"),
        ("number", "2\\pi", "is not one clear number"),
        ("number", "3 or 4", "is not one clear number"),
        ("choice", "seven", "the answer 'seven' is no letter"),
        ("f1", "the", "verifier 'f1' gives 0, not 1, to the row's own answer 'the'"),
        ("regex", "(a", "'(a' is not a regular expression"),
    ],
)
def test_answers_that_cannot_be_right(name: str, answer: str, message: str) -> None:
    assert message in get_check(name).trial("question", [answer]).refusal


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a", "is not a regular expression \\(missing \\)"),
        ("(?R)", "calls itself; write it without recursion"),
        ("(?P<n>a(?&n)?)", "calls itself"),
        ("(a{1000}){1000}", "repeats too often"),
        ("a{4000000000}", "repeats too often"),
        ("(((a{99}){99}){99}){0,99}", "repeats too often"),
        ("a" * 2001, "a pattern of 2,001 characters"),
        ("(" * 900 + ")" * 900, "is not a regular expression"),
    ],
)
def test_patterns_that_are_refused(pattern: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        score("regex", pattern, "aaa")


@pytest.mark.parametrize("pattern", ["(x+x+)+y", "(a|aa)+$", "^(.*?,){30}z"])
def test_a_pattern_that_takes_for_ever_is_stopped(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_text, "PATTERN_SECONDS", 0.05)
    found: list[TaskError] = []

    def search() -> None:
        try:
            score("regex", pattern, "x" * 5000 + "a" * 5000 + "!" + "x," * 2000)
        except TaskError as error:
            found.append(error)

    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert "took more than 0.05 second" in str(found[0])


@pytest.mark.parametrize("name", ["exact", "contains", "number", "choice", "f1"])
@pytest.mark.parametrize(
    "output",
    [
        "9**9**9**9",
        "1e999999999",
        "9" * 20_000,
        "(" * 20_000,
        "\\boxed{" * 5_000,
        "<answer>" * 5_000,
        "answer is " * 5_000,
        "A " * 10_000,
        "\x00\ud800",
    ],
)
def test_hostile_outputs_are_wrong_and_nothing_more(name: str, output: str) -> None:
    answer = "B" if name == "choice" else "3"
    assert score(name, answer, output) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chess", "no verifier is called 'chess'; choose one of exact, contains, number, choice, f1, regex, math, or"),
        ("", "no verifier is called ''"),
        ("number tolerance", "verifier 'number': 'tolerance' is not K=V"),
        ("nothing_here.at_all:f", "there is no module 'nothing_here'"),
        ("os.path:nothing", "module 'os.path' has no 'nothing'"),
        ("os:sep", "'sep' is str, which cannot be called"),
    ],
)
def test_unknown_verifiers(text: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        get_check(text)


def test_settings_that_do_not_fit() -> None:
    with pytest.raises(MethodError, match="verifier 'number' has no parameter 'x'; its parameters are: tolerance"):
        get_check("number x=1")
    with pytest.raises(MethodError, match="tolerance='2' is not a number from 0 to 1"):
        get_check("number tolerance=2")


OWN = """
def length(prompt, answer, output):
    return len(output) / 10

def same(prompt, answer, output):
    return output in answer

def broken(prompt, answer, output):
    return 1 / 0

def endless(prompt, answer, output):
    return float("inf")

def huge(prompt, answer, output):
    return -1e300

def undefined(prompt, answer, output):
    return float("nan")

def nothing(prompt, answer, output):
    pass

def text(prompt, answer, output):
    return "1"

def few(answer):
    return 1

def leaving(prompt, answer, output):
    raise SystemExit(3)

def interrupted(prompt, answer, output):
    raise KeyboardInterrupt

def strict(prompt, answer, output):
    return output == f"Final: {answer}"
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_verifiers.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_verifiers", raising=False)


@pytest.mark.usefixtures("own")
def test_a_verifier_of_ones_own() -> None:
    assert score("own_verifiers:length", "x", "12345") == 0.5
    assert score("own_verifiers:same", ["ab", "c"], "c") == 1
    assert get_check("own_verifiers:same").trial("", ["ab"]).refusal == ""
    with pytest.raises(TaskError, match="verifier 'own_verifiers:broken' failed with ZeroDivisionError"):
        score("own_verifiers:broken", "x", "")
    with pytest.raises(TaskError, match="verifier 'own_verifiers:endless' gave inf; give a finite number"):
        score("own_verifiers:endless", "x", "")


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken", "failed with ZeroDivisionError: division by zero"),
        ("endless", "gave inf; give a finite number"),
        ("huge", r"gave -1e\+300; give a number between -1e\+100 and 1e\+100"),
        ("undefined", "gave nan; give a finite number"),
        ("nothing", "gave None; give a finite number"),
        ("text", "gave '1'; give a finite number"),
        ("few", "failed with TypeError: few\\(\\) takes 1 positional argument but 3 were given"),
        ("leaving", "failed with SystemExit: 3"),
    ],
)
def test_a_verifier_of_ones_own_that_fails_is_refused_before_anything_is_sampled(
    name: str, message: str, tmp_path: Path
) -> None:
    quiz = tmp_path / "quiz.jsonl"
    quiz.write_text('{"prompt": "q", "answer": "a"}\n')
    with pytest.raises(TaskError, match=f"quiz.jsonl, line 1: verifier 'own_verifiers:{name}' {message}"):
        get_task(str(quiz), verifier=f"own_verifiers:{name}").prompts(1, seed=0)


@pytest.mark.usefixtures("own")
def test_ctrl_c_passes_through_a_verifier() -> None:
    with pytest.raises(KeyboardInterrupt):
        score("own_verifiers:interrupted", "x", "")


@pytest.mark.usefixtures("own")
def test_a_verifier_of_ones_own_that_rejects_its_answers_is_noted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    quiz = tmp_path / "quiz.jsonl"
    quiz.write_text('{"prompt": "q", "answer": "a"}\n{"prompt": "r", "answer": ["b", "c"]}\n')
    task = get_task(str(quiz), verifier="own_verifiers:strict", shuffle=False)
    assert len(task.prompts(2, seed=0)) == 2
    task.ask("q")
    (note,) = caplog.messages
    assert "verifier 'own_verifiers:strict' gives nothing for the expected answers of 2 of 2 rows" in note
    assert note.endswith("quiz.jsonl, line 1")
    caplog.clear()
    get_task(str(quiz), verifier="own_verifiers:length").prompts(2, seed=0)
    assert not caplog.messages


def test_a_module_that_ends_the_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ending_verifiers.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TaskError, match="importing 'ending_verifiers' failed with SystemExit: 3"):
        get_check("ending_verifiers:f")
