from __future__ import annotations

import pytest

from treecore.errors import TaskError
from treecore.tasks.steps import SENTENCE_ENDS, Cut, parse_steps, parse_stop


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("line", Cut(("\n",))),
        (" paragraph ", Cut(("\n\n",))),
        ("sentence", Cut(SENTENCE_ENDS, before_word=True)),
        ("tool_call", Cut(("</tool_call>", "</search>"))),
        ("tool_call:</python>", Cut(("</python>",))),
        ("tokens:64", Cut(tokens=64)),
        ("whole", Cut()),
    ],
)
def test_ways_to_cut(text: str, cut: Cut) -> None:
    assert parse_steps(text) == cut


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lines",
        "tokens",
        "tokens:0",
        "tokens:-1",
        "tokens:x",
        "tokens:9999999",
        "tool_call:<a>",
        "tool_call:",
        "line:3",
    ],
)
def test_other_ways_are_refused_with_the_list(text: str) -> None:
    with pytest.raises(TaskError, match="is no way to cut steps; choose one of line, paragraph, sentence, tool_call"):
        parse_steps(text)


def test_stop_strings() -> None:
    assert parse_stop("\\nQ:\n</answer>\n\n</answer>\na\\tb\\\\n") == ("\nQ:", "</answer>", "a\tb\\n")
    assert parse_stop("") == ()
