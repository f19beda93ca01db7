from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from treecore.errors import TaskError
from treecore.protocols import Prompt, Step, Task, Turn
from treecore.tasks import MORE_TASKS, TASKS, get_task
from treecore.tasks.check import check_task
from treecore.tasks.multihop.task import MultihopTask

SCHEMES = [
    ("multihop", "exact"),
    ("multihop", "tree_grpo"),
    ("multihop", "tree_grpo_f1"),
    ("countdown", "exact"),
    ("countdown", "tree_grpo"),
]


@pytest.mark.parametrize(("name", "scheme"), SCHEMES)
def test_every_task_accepts_its_own_gold(name: str, scheme: str) -> None:
    check_task(get_task(name, reward_scheme=scheme), 60, 5)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_tasks_follow_the_protocol(name: str) -> None:
    task = get_task(name)
    assert isinstance(task, Task)
    assert task.name == name
    assert task.prompts(5, seed=1) == task.prompts(5, seed=1)
    assert task.prompts(5, seed=1) != task.prompts(5, seed=2)
    with pytest.raises(TaskError, match="exist; ask for fewer"):
        task.prompts(10**6, seed=0)


@pytest.mark.parametrize("name", [*sorted([*TASKS, *MORE_TASKS]), "quiz.jsonl", "the first of quiz.jsonl"])
def test_a_smaller_draw_begins_a_larger_one(name: str, tmp_path: Path) -> None:
    options = {"shuffle": False} if name.startswith("the first") else {}
    if "quiz" in name:
        path = tmp_path / "quiz.jsonl"
        path.write_text("".join(f'{{"prompt": "q{row}", "answer": "{row}"}}\n' for row in range(120)))
        name = str(path)
    task = get_task(name, **options)
    for seed in range(3):
        largest = task.prompts(110, seed=seed)
        for n in (1, 2, 3, 10, 37, 50, 100, 109):
            assert task.prompts(n, seed=seed) == largest[:n]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_ask_gives_back_a_drawn_prompt(name: str) -> None:
    task = get_task(name)
    for prompt in task.prompts(10, seed=4):
        asked = task.ask(prompt.question)
        assert (asked.text, asked.reference) == (prompt.text, prompt.reference)


def test_unknown_task_lists_the_known() -> None:
    with pytest.raises(TaskError, match=r"no task is called 'chess'; choose one of .*countdown, multihop"):
        get_task("chess")


def test_unknown_reward_scheme_lists_the_known() -> None:
    with pytest.raises(TaskError, match=r"'tree_grpo_f1'.* one of exact, tree_grpo"):
        get_task("countdown", reward_scheme="tree_grpo_f1")


class Forgetful(MultihopTask):
    def reward(self, prompt: Prompt, steps: object) -> float:
        return 0.5


class Mute(MultihopTask):
    def respond(self, prompt: Prompt, steps: object, text: str) -> Turn:
        return Turn()

    def gold(self, prompt: Prompt) -> list[Step]:
        return MultihopTask().gold(prompt)


@pytest.mark.parametrize(("task", "message"), [(Forgetful(), "gold earned 0.5"), (Mute(), "disagrees with gold")])
def test_check_task_notices_a_broken_task(task: Task, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        check_task(task, 2, 0)


def test_the_registry_imports_no_task() -> None:
    code = "import sys, treecore.tasks; assert not {'treecore.tasks.multihop.task', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
