"""The words of a step, told apart: thought, tool call, answer. Knows the usual tags; text without them is fine."""

from __future__ import annotations

import re
from typing import NamedTuple

TAGS = {"think": "thought", "search": "call", "tool_call": "call", "answer": "answer"}
BLOCK = re.compile(r"<(think|search|tool_call|answer)>(.*?)(?:</\1>|\Z)", re.S)
ANY_TAG = re.compile(r"</?(?:think|search|tool_call|answer|information|tool_call_result)>")


class StepText(NamedTuple):
    """Pieces of one step without their tags, each "" when absent. `label` is the shortest telling phrase."""

    thought: str
    call: str
    answer: str

    @property
    def label(self) -> str:
        if self.answer:
            return f"answer {self.answer}"
        return self.thought or self.call


def split_step(text: str) -> StepText:
    """Thought, call and answer of a step; text outside any tag counts as thought."""
    pieces: dict[str, list[str]] = {"thought": [], "call": [], "answer": []}
    rest, end = [], 0
    for block in BLOCK.finditer(text):
        rest.append(text[end : block.start()])
        pieces[TAGS[block.group(1)]].append(plain(block.group(2)))
        end = block.end()
    rest.append(text[end:])
    outside = plain(" ".join(rest))
    if outside:
        pieces["thought"].append(outside)
    return StepText(*(" ".join(part for part in pieces[name] if part) for name in ("thought", "call", "answer")))


def plain(text: str) -> str:
    """Text without tags and without runs of white space."""
    return " ".join(ANY_TAG.sub(" ", text).split())
