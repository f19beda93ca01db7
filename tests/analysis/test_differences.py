"""What kind of thing differs at a fork."""

from __future__ import annotations

import pytest

from treecore.analysis.differences import KINDS, difference
from treecore.core.forest import Forest
from treecore.tasks.decisions import DECISIONS
from treecore.tasks.registry import TASKS


def fork(*texts: str, task: str = "") -> Forest:
    return Forest(parent=[-1, *[0] * len(texts)], text=["", *texts], task=task)


def kind(*texts: str, task: str = "") -> str:
    return difference(fork(*texts, task=task), range(1, len(texts) + 1))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("<search> pia friend </search>", "<search> pia boss </search>"), "plan"),
        (("<search> pia friend </search>", "<answer> dan </answer>"), "plan"),
        (("<search> pia friend </search>", "<search> otto friend </search>"), "argument"),
        (("<answer> dan </answer>", "<think> so </think> <answer> lena </answer>"), "report"),
        (("<think> go </think> <search> pia boss </search>", "<search> pia boss </search>"), "wording"),
    ],
)
def test_a_task_tells_what_a_step_decides(texts: tuple[str, ...], expected: str) -> None:
    assert kind(*texts, task="multihop") == expected


def test_countdown_tells_operation_and_numbers() -> None:
    assert kind("5 - 4 = 1 , left 1 4", "5 + 4 = 9 , left 9 4", task="countdown") == "plan"
    assert kind("5 - 4 = 1 , left 1 4", "5 - 1 = 4 , left 4 4", task="countdown") == "argument"


def test_recorded_calls_tell_it_where_no_task_does() -> None:
    call = '<tool_call>{{"name": "{}", "arguments": {{"q": "{}"}}}}</tool_call>'
    assert kind(call.format("search", "a"), call.format("open", "a")) == "plan"
    assert kind(call.format("search", "a"), call.format("search", "b")) == "argument"
    assert kind("<answer>1</answer>", "<answer>2</answer>") == "report"
    assert kind("x " + call.format("search", "a"), "y " + call.format("search", "a")) == "wording"


def test_else_words_are_counted() -> None:
    assert kind("we add the numbers", "we multiply everything instead") == "most_words"
    assert kind("we add the two numbers first", "we add the two numbers now") == "some_words"
    assert kind("same", "same") == "no_words"
    assert kind("", "") == "no_words"


def test_names_are_those_of_tasks_and_kinds() -> None:
    assert DECISIONS.keys() <= set(TASKS)
    assert len({one.name for one in KINDS}) == len(KINDS)
