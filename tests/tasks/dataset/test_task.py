from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from treecore.core.columns import Status
from treecore.errors import FormatError, MethodError, TaskError
from treecore.formats import read
from treecore.policies import load_policy
from treecore.protocols import Message, Part, Step, StepRule, Task, Turn
from treecore.rollouts import rollout, rollout_to_file
from treecore.tasks import get_task, task_params
from treecore.tasks.calculator.task import sums
from treecore.tasks.check import check_task
from treecore.tasks.tools import MAX_RESULT

ROWS = [
    {"id": "puzzle", "prompt": "make 25 from 3 7 4", "answer": 25, "level": 2},
    {"prompt": "make 14 from 2 3 9", "answer": "14"},
    {"prompt": "make 6 from 1 2 3", "answer": ["6", "six"]},
]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return written(tmp_path, ROWS)


def written(folder: Path, rows: list[dict[str, Any]]) -> str:
    path = folder / "quiz.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_file_is_a_task(path: str) -> None:
    task = get_task(path, verifier="number")
    assert isinstance(task, Task)
    assert (task.name, task.title, task.stop) == ("quiz", "Questions of quiz", ("\n",))
    drawn = task.prompts(3, seed=0)
    assert {prompt.id for prompt in drawn} == {"puzzle", "quiz-2", "quiz-3"}
    assert drawn == task.prompts(3, seed=0)
    assert len({tuple(one.id for one in task.prompts(3, seed=seed)) for seed in range(8)}) > 1
    puzzle = task.ask(" make 25  from 3 7 4")
    assert (puzzle.id, puzzle.reference, puzzle.data) == ("puzzle", "25", {"level": 2})
    assert task.ask("quiz-3").reference == "6"
    assert task.reward(puzzle, [Step("3*7 = 21\n"), Step("so 2"), Step("5")]) == 1
    assert task.reward(puzzle, [Step("24")]) == 0
    assert task.gold(puzzle) == [Step("25")]
    assert [one.id for one in get_task(path, shuffle=False).prompts(2, seed=9)] == ["puzzle", "quiz-2"]


def test_settings_say_which_file_was_read_and_how(tmp_path: Path) -> None:
    rows = [{"q": "a?", "t": "b"}, {"q": "c?", "t": "d"}]
    fields = {"prompt_field": "q", "answer_field": "t"}
    first = get_task(written(tmp_path, rows), **fields).settings
    assert {name: first[name] for name in fields} == fields
    assert first["file_name"] == "quiz.jsonl"
    assert str(tmp_path) not in json.dumps(first)
    (tmp_path / "sub").mkdir()
    moved = get_task(written(tmp_path / "sub", rows), **fields).settings
    assert moved == first
    changed = get_task(written(tmp_path, [rows[0], {"q": "c?", "t": "e"}]), **fields).settings
    assert {name for name in first if first[name] != changed[name]} == {"rows_sha256"}
    calculator = get_task("calculator", file=written(tmp_path, ROWS)).settings
    assert calculator["rows_sha256"] == get_task(written(tmp_path, ROWS)).settings["rows_sha256"]
    assert "rows_sha256" not in get_task("calculator").settings


def test_any_of_several_answers_will_do(path: str) -> None:
    task = get_task(path)
    prompt = task.ask("quiz-3")
    assert [task.reward(prompt, [Step(text)]) for text in ("6", "six", "seven")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("options", "text", "roles"),
    [
        ({}, "q", ["user"]),
        ({"chat": "off"}, "q", []),
        ({"chat": "on"}, "", ["user"]),
        ({"system": "Be brief."}, "Be brief.\n\nq", ["system", "user"]),
        ({"system": "Be brief.", "chat": "off"}, "Be brief.\n\nq", []),
    ],
)
def test_what_the_model_reads(tmp_path: Path, options: dict[str, str], text: str, roles: list[str]) -> None:
    prompt = get_task(written(tmp_path, [{"prompt": "q", "answer": "a"}]), **options).prompts(1, seed=0)[0]
    assert prompt.text == text
    assert [message.role for message in prompt.messages] == roles
    assert not roles or prompt.messages[-1] == Message("user", "q")


def test_how_steps_end(path: str) -> None:
    task = get_task(path, steps="tokens:8", stop="</answer>\n\\nQ", max_tokens=100, max_steps="5")
    assert task.stop == ("</answer>", "\nQ")
    assert (task.max_steps, task.max_step_tokens) == (5, 8)
    assert task.step_rule == StepRule(cut_is_end=True, joined=True, max_tokens=100)
    assert get_task(path, steps="sentence").step_rule.before_word
    assert get_task(path, steps="whole").max_steps == 1
    prompt = task.ask("puzzle")
    assert task.respond(prompt, [], "a\nQ") == Turn(done=True)
    assert task.respond(prompt, [], "a\n") == Turn()
    assert [span.part for span in task.parts("<think> a </think> <tool_call> 1 </tool_call> <answer> 2")] == [
        Part.THOUGHT,
        Part.TOOL_CALL,
        Part.ANSWER,
    ]


def test_a_row_whose_own_answer_is_refused_is_left_out_or_stops_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(
        tmp_path, [*ROWS, {"prompt": "who?", "answer": "iris"}, {"prompt": "so?", "answer": "x", "gold": "3"}]
    )
    task = get_task(path, verifier="number")
    assert {prompt.question for prompt in task.prompts(5, seed=0)} == {row["prompt"] for row in ROWS}
    assert caplog.text.count("treecore: note: 2 of 5 rows left out") == 1
    assert "--strict stops at such a row" in caplog.text
    assert task.prompts(2, seed=0) == task.prompts(5, seed=0)[:2]
    task = get_task(path, verifier="number", strict=True)
    with pytest.raises(TaskError, match=r"quiz.jsonl, line \d: the answer '.*' is not one clear number"):
        task.prompts(5, seed=0)
    assert len(task.problems()) == 2
    assert get_task(path, verifier="exact").problems()[0].where.endswith("line 5")


@pytest.mark.parametrize("nothing", [{"answer": ""}, {"answer": None}, {"answer": []}, {"answer": ["", "4"]}, {}])
def test_a_row_that_expects_nothing_is_left_out_and_counted_or_stops_the_run(
    nothing: dict[str, object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, [ROWS[0], {"prompt": "who?", **nothing}, *ROWS[1:], {"prompt": " ", "answer": 1}])
    found = get_task(path).prompts(len(ROWS) + 2, seed=0)
    assert {prompt.question for prompt in found} == {row["prompt"] for row in ROWS}
    assert caplog.text.count(f"treecore: note: 2 of {len(ROWS) + 2} rows left out") == 1
    assert "quiz.jsonl, line 2: " in caplog.text
    with pytest.raises(FormatError, match=r"quiz.jsonl, line 2: .*answer"):
        get_task(path, strict=True).prompts(1, seed=0)
    with pytest.raises(FormatError, match=r"line 1: .*1 more row is wrong"):
        get_task(written(tmp_path, [{"prompt": "who?", **nothing}] * 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"verifier": "chess"}, "no verifier is called 'chess'"),
        ({"steps": "chess"}, "steps='chess' is no way to cut steps"),
        ({"chat": "maybe"}, "quiz.jsonl': chat='maybe' is not one of auto, on, off"),
        ({"max_steps": 0}, "max_steps='0' is not a whole number from 1 to 10000"),
        ({"reward_scheme": "exact"}, "has no parameter 'reward_scheme'; its parameters are: verifier, system"),
    ],
)
def test_options_that_do_not_fit(path: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        get_task(path, **options)


def test_settings_of_a_verifier_that_do_not_fit(path: str) -> None:
    with pytest.raises(MethodError, match="tolerance='2' is not"):
        get_task(path, verifier="number tolerance=2")


def test_questions_without_an_answer_and_too_many_prompts(path: str) -> None:
    task = get_task(path)
    with pytest.raises(TaskError, match="quiz has no question 'why', so no answer to compare with"):
        task.ask("why")
    with pytest.raises(TaskError, match="4 prompts asked, 3 exist; ask for fewer"):
        task.prompts(4, seed=0)
    with pytest.raises(TaskError, match="no accepted output is known for puzzle"):
        get_task(path, verifier="regex").gold(task.ask("puzzle"))
    with pytest.raises(FormatError, match="there is no such file"):
        get_task("nowhere.jsonl")


@pytest.mark.parametrize("name", ["multihop", "countdown", "calculator", "any.jsonl"])
def test_every_option_says_what_it_means(name: str) -> None:
    params = task_params(name)
    assert params
    assert all(param.meaning for param in params)


def test_parameters_of_bundled_tasks_are_choices() -> None:
    assert task_params("countdown")[0].choices == ("exact", "tree_grpo")


def test_the_calculator_task_accepts_its_gold() -> None:
    task = get_task("calculator")
    check_task(task, 30, 1)
    assert len(sums()) == 2000
    assert task.problems() == []


def test_the_calculator_answers_calls() -> None:
    task = get_task("calculator", stop="</answer>")
    prompt = task.prompts(1, seed=0)[0]

    def seen(text: str, *before: str) -> str:
        return task.respond(prompt, [Step(one) for one in before], text).observation

    assert seen("so <tool_call> 3*(4+2) </tool_call>") == "<tool_call_result> 18 </tool_call_result>"
    assert seen("3*2\n</tool_call>", "<tool_call>\n") == "<tool_call_result> 6 </tool_call_result>"
    assert seen("<tool_call> 9**9**9 </tool_call>") == (
        "<tool_call_result> error: the result is too large </tool_call_result>"
    )
    assert seen("<tool_call> 1 </tool_call> no") == ""
    assert seen("</tool_call>") == ""
    assert seen("\n", "<tool_call> 1 </tool_call>") == ""
    assert (
        seen("<tool_call> 2 </tool_call>", "<tool_call> 1 </tool_call>") == "<tool_call_result> 2 </tool_call_result>"
    )
    assert seen(" </tool_call>", "<tool_call> 1 </tool_call>") == ""
    assert task.respond(prompt, [], "<answer> 18 </answer>").done


def test_the_calculator_on_a_file(path: str) -> None:
    task = get_task("calculator", file=path)
    assert task.name == "quiz"
    prompt = task.ask("puzzle")
    assert task.reward(prompt, [Step("<tool_call> 21+4 </tool_call>", "7"), Step("<answer> 25 </answer>")]) == 1
    assert task.gold(prompt) == [Step("25")]
    plain = get_task(path, tool="calculator", steps="line")
    assert plain.stop == ("\n", "</tool_call>")


def test_a_tool_of_the_users_own(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_tools.py").write_text("def length(call):\n    return str(len(call.strip()))\n")
    monkeypatch.chdir(tmp_path)
    task = get_task(path, tool="own_tools:length")
    prompt = task.ask("puzzle")
    said = task.respond(prompt, [], "<tool_call> abc </tool_call>")
    assert said == Turn("<tool_call_result> 3 </tool_call_result>")
    assert task.respond(prompt, [], "no call\n") == Turn()
    assert task.settings["tool"] == "own_tools:length"
    monkeypatch.setattr(task, "tool", lambda call: 1 / 0)
    with pytest.raises(TaskError, match=r"tool 'own_tools:length'.*division by zero"):
        task.respond(prompt, [], "<tool_call> abc </tool_call>")
    monkeypatch.setattr(task, "tool", lambda call: None)
    with pytest.raises(TaskError, match="tool 'own_tools:length' gave NoneType; let it return text"):
        task.respond(prompt, [], "<tool_call> abc </tool_call>")
    monkeypatch.setattr(task, "tool", lambda call: sys.exit(3))
    with pytest.raises(TaskError, match="tool 'own_tools:length' failed with SystemExit"):
        task.respond(prompt, [], "<tool_call> abc </tool_call>")
    monkeypatch.setattr(task, "tool", lambda call: "x" * 500_000)
    seen = task.respond(prompt, [], "<tool_call> abc </tool_call>").observation
    assert seen == f"<tool_call_result> {'x' * MAX_RESULT} [cut here: 10,000 of 500,000 characters] </tool_call_result>"
    with pytest.raises(TaskError, match="no tool is called 'abacus'; choose one of none, calculator, or give module"):
        get_task(path, tool="abacus")


@pytest.mark.parametrize("steps", ["line", "sentence", "tokens:5", "whole"])
def test_a_rollout_of_a_file_ends_with_rewards(path: str, steps: str, tmp_path: Path) -> None:
    task = get_task(path, verifier="contains whole_words=no", steps=steps, max_tokens=30)
    out = tmp_path / "out.forest.jsonl"
    settings = {"task": task, "model": load_policy("tiny", device="cpu"), "sampler": "chains", "m": 4, "prompts": 3}
    summary = rollout_to_file(out, **settings)
    assert (summary.forests, summary.trajectories) == (3, 12)
    for forest in read(out):
        assert set(forest.reward[forest.leaves]) <= {0.0, 1.0}
        assert forest.extra["task_settings"]["steps"] == steps
        assert forest.extra["reward_scheme"] == "contains whole_words=no"
        for leaf in forest.leaves:
            tokens = sum(int(forest.n_model_tokens[row]) for row in forest.topology.path(int(leaf)) if row)
            assert tokens <= 30
            assert tokens == 30 or Status(int(forest.status[leaf])) is Status.TERMINATED or steps == "whole"
    other = get_task(path, verifier="contains whole_words=no", steps=steps, max_tokens=31)
    with pytest.raises(MethodError, match="sampled with max_tokens=30, not 31"):
        rollout_to_file(out, resume=True, **{**settings, "task": other})


OWN = """
from treecore.tasks.multihop.task import MultihopTask

class Long(MultihopTask):
    def __init__(self, *, reward_scheme: str = "exact", max_steps: int = 3) -> None:
        super().__init__(reward_scheme=reward_scheme)
        self.max_steps = max_steps

def plain():
    return MultihopTask()

def lacking():
    return object()

def wrong():
    task = MultihopTask()
    task.stop = "x"
    return task

def failing():
    raise OSError("no disk")

def untyped(*, n=3, word="x"):
    return MultihopTask()

def odd(*, a=[]):
    return MultihopTask()

THING = MultihopTask()
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_tasks.py").write_text(OWN)
    (tmp_path / "broken_tasks.py").write_text("import nothing_of_this_name")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_tasks", raising=False)


@pytest.mark.usefixtures("own")
def test_a_task_of_ones_own() -> None:
    before = list(sys.path)
    assert get_task("own_tasks:Long", max_steps="5").max_steps == 5
    assert [param.name for param in task_params("own_tasks:Long")] == ["reward_scheme", "max_steps"]
    forest = rollout(task="own_tasks:plain", model="tiny", device="cpu", m=1, n=0)[0]
    assert forest.task == "multihop"
    assert sys.path == before


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "own_tasks:lacking",
            "own_tasks:lacking: the task lacks name, title, stop, max_steps, max_step_tokens, prompts",
        ),
        ("own_tasks:wrong", "own_tasks:wrong: stop is not a tuple of texts"),
        ("own_tasks:failing", "making task 'own_tasks:failing' failed with OSError: no disk"),
        ("own_tasks:nothing", "module 'own_tasks' has no 'nothing'; check the name after the colon"),
        ("own_tasks:THING", "'THING' is MultihopTask, which cannot be called"),
        ("nowhere:x", "nowhere: there is no module 'nowhere'; check the name"),
        ("broken_tasks:x", "importing 'broken_tasks' failed with ModuleNotFoundError: No module named 'nothing_of"),
    ],
)
def test_a_task_of_ones_own_that_fails(name: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        get_task(name)


@pytest.mark.usefixtures("own")
def test_options_that_cannot_be_read() -> None:
    assert get_task("own_tasks:odd").name == "multihop"
    with pytest.raises(TaskError, match=r"reading the options of task 'own_tasks:odd' failed .*'a' is of type list"):
        task_params("own_tasks:odd")


@pytest.mark.usefixtures("own")
def test_options_without_a_type_have_that_of_their_default() -> None:
    assert [(param.name, param.type) for param in task_params("own_tasks:untyped")] == [("n", "int"), ("word", "str")]
    assert get_task("own_tasks:untyped", n="4").name == "multihop"


def test_stop_strings_keep_their_spaces(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "answer": "b"}')
    path = str(tmp_path / "rows.jsonl")
    assert get_task(path, steps="whole", stop=" ").stop == (" ",)
    assert get_task(path, steps="whole", stop=" Q:\nx").stop == (" Q:", "x")


def test_a_gold_output_is_text_or_a_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a", "answer": "5", "gold": 5}')
    (prompt,) = get_task(str(path)).prompts(1, seed=0)
    assert get_task(str(path)).gold(prompt) == [Step("5")]
    path.write_text('{"prompt": "a", "answer": "5", "gold": 6}')
    with pytest.raises(TaskError, match="gives 0"):
        get_task(str(path)).prompts(1, seed=0)
    path.write_text('{"prompt": "a", "answer": "5", "gold": ["5"]}')
    with pytest.raises(FormatError, match="'gold' is a list; write text or a number"):
        get_task(str(path))
