"""What a step of a bundled task decides."""

from __future__ import annotations

import pytest

from treecore.tasks.decisions import DECISIONS, Decision


@pytest.mark.parametrize(
    ("task", "text", "decision"),
    [
        ("multihop", "<think> find the boss of paul </think> <search> paul boss </search>", Decision("boss", "paul")),
        ("multihop", "<search> paul boss", Decision("boss", "paul")),
        ("multihop", "<think> so </think> <answer> dan </answer>", Decision("answer", report="dan")),
        ("multihop", "<think> look up the boss", Decision()),
        ("countdown", "5 - 4 = 1 , left 1 4", Decision("-", "5 4")),
        ("countdown", "<answer> 4 </answer>", Decision("answer", report="4")),
        ("countdown", "aim 4 / 1", Decision()),
    ],
)
def test_steps_are_read(task: str, text: str, decision: Decision) -> None:
    assert DECISIONS[task](text) == decision
