"""Columns of prompts and answers that are texts or chats. Knows no file format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from treecore.formats.messages import ASSISTANT, answered, asked
from treecore.formats.rollout import Turn


class Prompts(NamedTuple):
    """Texts of prompts `[N]`, and what is kept beside them: row -> fields, for rows that have any."""

    texts: list[str]
    extra: dict[int, dict[str, Any]]


class Said(NamedTuple):
    """Texts of answers `[N]`, and the turns of those that are more than a text: row -> turns."""

    texts: list[str]
    turns: dict[int, list[Turn]]


def prompts_of(values: Sequence[Any]) -> Prompts:
    """`messages.asked` of every value."""
    if set(map(type, values)) <= {str}:
        return Prompts(list(values), {})
    found = [asked(value) for value in values]
    return Prompts([one.prompt for one in found], {row: one.extra for row, one in enumerate(found) if one.extra})


def answers_of(values: Sequence[Any]) -> Said:
    """`messages.answered` of every value."""
    if set(map(type, values)) <= {str}:
        return Said(list(values), {})
    found = Said([], {})
    for row, value in enumerate(values):
        text = plain_answer(value)
        if text is None:
            turns = answered(value)
            text = turns[0].text
            if len(turns) > 1 or turns[0] != Turn(text=text):
                found.turns[row] = turns
        found.texts.append(text)
    return found


def plain_answer(value: Any) -> str | None:
    """The words of a chat that is one message of the model without anything else; None for any other value."""
    if type(value) is list and len(value) == 1 and type(value[0]) is dict and len(value[0]) == 2:
        text = value[0].get("content")
        if type(text) is str and value[0].get("role") in ASSISTANT:
            return text
    return None
