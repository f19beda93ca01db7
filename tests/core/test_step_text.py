"""Thought, call and answer are told apart, as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.step_text import MARKS, TAGS, Part, answered, plain, split_parts, split_step, step_parts, whole_text

CODE = "def f(x):\n    if x:\n        return 1\n\n    return 2"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("just words", [("text", "just words")]),
        (f"<think>\n{CODE}\n</think>\n\nIt is 2.", [("thought", CODE), ("text", "It is 2.")]),
        ("  indented\n  lines", [("text", "  indented\n  lines")]),
        ("\n   \n    indented first line\nnext", [("text", "    indented first line\nnext")]),
        ("from the prompt on\n</think>\nanswer", [("thought", "from the prompt on"), ("text", "answer")]),
        ("<think>a</think><search>b</search>", [("thought", "a"), ("call", "b")]),
        ("<think>a<search>b</search>", [("thought", "a"), ("call", "b")]),
        ("<think>say <answer> tags</think><answer>7</answer>", [("thought", "say <answer> tags"), ("answer", "7")]),
        ("[THINK]a[/THINK]b", [("thought", "a"), ("text", "b")]),
        ("◁think▷a◁/think▷b", [("thought", "a"), ("text", "b")]),
        ("<think>never closed", [("thought", "never closed")]),
        ("stray</answer>", [("text", "stray</answer>")]),
        ("", []),
        (" \n ", []),
    ],
)
def test_parts_as_written(text: str, parts: list[tuple[str, str]]) -> None:
    assert list(split_parts(text)) == [Part(kind, words) for kind, words in parts]  # type: ignore[arg-type]


def test_a_thought_in_a_field_of_its_own_comes_first() -> None:
    assert step_parts("five", {"reasoning_content": "2 + 3"}) == (Part("thought", "2 + 3"), Part("text", "five"))
    assert step_parts("<think>2 + 3</think>five", {"reasoning": "2 + 3"}) == split_parts("<think>2 + 3</think>five")
    assert step_parts("five", {"reasoning": None, "thinking": 5}) == (Part("text", "five"),)


def test_labels_prefer_what_was_said_after_thinking() -> None:
    assert split_step("<think>long\nway</think>\nIt is 5.").label == "It is 5."
    assert split_step("<think>long</think><answer>5</answer>").label == "answer 5"
    assert split_step("5", {"reasoning": "because"}) == ("because 5", "", "", "5")
    assert split_step("<think>where</think><search>who</search>").label == "where"


@pytest.mark.parametrize("text", ["<think>\n", "</think>\n\n", "<answer></answer>"])
def test_a_step_of_tags_alone_shows_them(text: str) -> None:
    assert split_parts(text) == (("text", text.strip()),)
    assert split_step(text) == ("", "", "", text.strip())


def test_what_the_environment_answered_keeps_its_form() -> None:
    assert answered(f"<information>\n{CODE}\n</information>\n") == CODE
    assert answered(CODE) == CODE
    assert plain(f"<information>{CODE}</information>").startswith("def f(x): if x:")


WORDS = st.text(st.sampled_from("ab \n<>/"), max_size=5)
PIECES = st.lists(WORDS | st.sampled_from([*(f"<{n}>" for n in TAGS), *(f"</{n}>" for n in TAGS), *MARKS]), max_size=12)


@given(PIECES)
def test_no_word_is_lost_and_none_is_told_twice(pieces: list[str]) -> None:
    text = "".join(pieces)
    letters = [c for c in plain(text) if c in "ab"]
    assert [c for part in split_parts(text) for c in plain(part.text) if c in "ab"] == letters


def test_many_open_tags_take_linear_time() -> None:
    assert len(split_parts("<think><search>x" * 50_000)) == 50_000


def test_siblings_that_say_the_same_before_different_calls_are_told_apart() -> None:
    labels = [
        split_step("I look", {field: [{"name": "search", "arguments": {"query": query}}]}).label
        for field in ("tool_calls", "function_call")
        for query in ("rome", "oslo")
    ]
    assert labels == ['I look · search(query="rome")', 'I look · search(query="oslo")'] * 2


@pytest.mark.parametrize(
    ("text", "fields", "whole"),
    [
        ("  as it\nwas ", {}, "  as it\nwas "),
        ("", {"tool_calls": [{"name": "a"}, {"name": "b"}]}, "a()\nb()"),
        ("said", {"reasoning": "why", "function_call": {"name": "a"}}, "why\nsaid\na()"),
        ("<think>why</think>said", {"reasoning": "why"}, "<think>why</think>said"),
        ("", {"reasoning": "why"}, "why"),
        ("", {}, ""),
    ],
)
def test_what_stands_beside_a_text_is_read_with_it(text: str, fields: dict[str, object], whole: str) -> None:
    assert whole_text(text, fields) == whole
