"""Turns of a conversation that may branch, and the messages of others between them. Knows no file format.

What all branches heard after a turn is the turn's observation; what only one of them heard is kept with its next turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treecore.formats.messages import content_text
from treecore.formats.rollout import PROMPT, Turn

Messages = Sequence[Mapping[str, Any]]
HEARD, AFTER = "input", "after"
"""Fields beside a turn: messages that only this branch heard before it; those after it that no branch goes on from."""


@dataclass
class Conversation:
    """Turns in the order in which they were written.

    Attributes:
        prompt: what was said before the first turn.
        turns: so far; heard: messages between the turn before and this one; ends: messages after a turn.
    """

    prompt: Messages = ()
    turns: list[Turn] = field(default_factory=list)
    heard: list[Messages] = field(default_factory=list)
    ends: dict[int, Messages] = field(default_factory=dict)

    def add(self, turn: Turn, heard: Messages = (), parent: int = PROMPT) -> int:
        """Append a turn; returns its number.

        Args:
            heard: messages between the parent and it.
            parent: number of the turn that it follows, or `PROMPT`.
        """
        turn.parent = parent
        self.turns.append(turn)
        self.heard.append(heard)
        return len(self.turns) - 1

    def end(self, number: int, heard: Messages = ()) -> Turn:
        """Where a line ends: its last turn, or an empty one under it where other lines go on from there.

        Args:
            number: of the last turn; heard: messages after it.
        """
        if any(turn.parent == number for turn in self.turns):
            return self.turns[self.add(Turn(), heard, number)]
        self.ends[number] = heard
        return self.turns[number]

    def finish(self) -> list[Turn]:
        """All turns, with their observations."""
        following: dict[int, list[int]] = {}
        for number, turn in enumerate(self.turns):
            following.setdefault(turn.parent, []).append(number)
        for number, heard in self.ends.items():
            if number not in following:
                self.turns[number].observation = said(heard)
            elif heard:
                self.turns[number].extra[AFTER] = [dict(one) for one in heard]
        for parent, numbers in following.items():
            lines = [self.heard[number] for number in numbers]
            shared = common(lines)
            if parent != PROMPT:
                self.turns[parent].observation = said(lines[0][:shared])
            for number, line in zip(numbers, lines, strict=True):
                known = shared if parent != PROMPT else common([self.prompt, line])
                if line[known:]:
                    self.turns[number].extra[HEARD] = [dict(one) for one in line[known:]]
        return self.turns


def said(messages: Messages) -> str:
    """The texts of messages, as an observation."""
    return "\n\n".join(text for one in messages if (text := content_text(one.get("content"))))


def common(lines: Sequence[Messages]) -> int:
    """Number of messages with which all lines begin."""
    shared = min(len(line) for line in lines)
    first = [identity(one) for one in lines[0][:shared]]
    for line in lines[1:]:
        shared = next((n for n in range(shared) if identity(line[n]) != first[n]), shared)
    return shared


def identity(message: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes two messages the same."""
    return str(message.get("role")), content_text(message.get("content")), str(message.get("tool_call_id"))
