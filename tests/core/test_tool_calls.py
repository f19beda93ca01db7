"""Tool calls in the shapes that servers, trainers and models write."""

from __future__ import annotations

from typing import Any

import pytest

from treecore.core.step_text import split_step, step_parts
from treecore.core.tool_calls import ToolCall, count_calls, tool_calls

OPENAI = {"id": "c1", "type": "function", "function": {"name": "calc", "arguments": '{"e": "3*4", "base": 10}'}}
GIVEN = {"e": "3*4", "base": 10}
CALC = ToolCall("calc", {"e": "3*4", "base": 10}, "c1")


@pytest.mark.parametrize(
    ("text", "fields", "calls"),
    [
        ("", {}, ()),
        ("no call", {"rating": 3}, ()),
        ("", {"tool_calls": [OPENAI]}, (CALC,)),
        (
            "",
            {"tool_calls": '[{"id": "c1", "function": {"name": "calc", "arguments": {"e": "3*4", "base": 10}}}]'},
            (CALC,),
        ),
        (
            "",
            {"tool_calls": [{"tool_call_id": "c1", "function_name": "calc", "arguments": {"e": "3*4", "base": 10}}]},
            (CALC,),
        ),
        ("", {"tool_calls": [{"id": "c1", "function": "calc", "arguments": GIVEN}]}, (CALC,)),
        ("", {"tool_calls": [OPENAI, OPENAI]}, (CALC, CALC)),
        ("", {"tool_calls": ['{"name": "calc", "arguments": "3*4"}']}, (ToolCall("calc", "3*4"),)),
        ("", {"tool_calls": None, "function_call": {"name": "calc", "arguments": "{}"}}, (ToolCall("calc", {}),)),
        ("", {"tool_calls": "not JSON"}, ()),
        ("", {"tool_calls": [3, None, []]}, ()),
        ("<tool_call> 3*4 </tool_call>", {}, (ToolCall("", "3*4"),)),
        ("<search> paul boss </search>", {}, (ToolCall("search", "paul boss"),)),
        ('<tool_call>{"name": "calc", "arguments": {"e": "1"}}</tool_call>', {}, (ToolCall("calc", {"e": "1"}),)),
        ('<tool_calls>[{"name": "a"}, {"name": "b"}]</tool_calls>', {}, (ToolCall("a", {}), ToolCall("b", {}))),
        ('<tool_call>{"name": "a"}\n{"name": "b"}</tool_call>', {}, (ToolCall("a", {}), ToolCall("b", {}))),
        ("<tool_call>1</tool_call> and <tool_call>2</tool_call>", {}, (ToolCall("", "1"), ToolCall("", "2"))),
        ("<tool_call>1 <tool_call>2</tool_call>", {}, (ToolCall("", "1"), ToolCall("", "2"))),
        ("<tool_call>{broken", {}, (ToolCall("", "{broken"),)),
        ("<tool_call>" + "[" * 5000, {}, (ToolCall("", "[" * 5000),)),
    ],
)
def test_calls_of_a_step(text: str, fields: dict[str, Any], calls: tuple[ToolCall, ...]) -> None:
    assert tool_calls(text, fields) == calls
    assert count_calls(text, fields) == len(calls)


def test_a_field_counts_before_the_text() -> None:
    assert tool_calls("<tool_call>calc</tool_call>", {"tool_calls": [OPENAI]}) == (CALC,)


def test_a_call_in_words() -> None:
    assert str(CALC) == 'calc(e="3*4", base=10)'
    assert str(ToolCall("calc", "3*4")) == "calc(3*4)"
    assert str(ToolCall("", "3*4")) == "3*4"


def test_a_step_without_text_shows_its_calls() -> None:
    assert split_step("", {"tool_calls": [OPENAI]}).label == 'calc(e="3*4", base=10)'
    assert [part.kind for part in step_parts("I ask.", {"tool_calls": [OPENAI, OPENAI]})] == ["text", "call", "call"]
