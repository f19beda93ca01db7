"""Split the text of a step into thought, tool call, answer and the rest.

Knows the tags that models and their chat templates write; text without them is fine. Time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from treecore.core.tool_calls import CALL_TAGS, FIELDS, as_list, recorded_calls, tool_call_in

PartKind = Literal["thought", "call", "answer", "text"]
TAGS: dict[str, PartKind] = {
    "think": "thought",
    "thinking": "thought",
    "thought": "thought",
    "reasoning": "thought",
    "seed:think": "thought",
    "answer": "answer",
    "final_answer": "answer",
    **dict.fromkeys(CALL_TAGS, "call"),
}
"""Name of a tag -> what its words are. `<name>` opens it and `</name>` closes it."""
ANSWERED = ("information", "tool_call_result", "tool_response", "result", "observation")
"""Tags that only wrap what the environment answered."""
MARKS: dict[str, tuple[str, bool]] = {
    "[THINK]": ("think", True),
    "[/THINK]": ("think", False),
    "◁think▷": ("think", True),
    "◁/think▷": ("think", False),
    "<|begin_of_thought|>": ("think", True),
    "<|end_of_thought|>": ("think", False),
    "<|begin_of_solution|>": ("answer", True),
    "<|end_of_solution|>": ("answer", False),
}
"""Further marks that open (True) or close a tag."""
TAG = re.compile(rf"<(/?)({'|'.join(map(re.escape, TAGS))})>|({'|'.join(map(re.escape, MARKS))})")
ANY_TAG = re.compile(rf"</?(?:{'|'.join(map(re.escape, (*TAGS, *ANSWERED)))})>|{'|'.join(map(re.escape, MARKS))}")
WRAPPER = re.compile(rf"\A\s*<({'|'.join(ANSWERED)})>(.*?)(?:</\1>)?\s*\Z", re.S)
REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
"""Fields beside the text in which servers and trainers keep the thought."""

BETWEEN = " · "
"""Stands between the words of a step and its calls where they are one line."""


class Part(NamedTuple):
    """A piece of a step as it was written, line breaks and indents included, without its tags."""

    kind: PartKind
    text: str


class StepText(NamedTuple):
    """Pieces of one step in one line each, "" when absent; text outside any tag is in `thought` too.

    `label` is the shortest telling phrase: the answer, else what was said after thinking, else thought or call; with
    the calls that stand in a field of their own, which differ where the words are often the same; of a step that is
    nothing but a tag, the tag.
    """

    thought: str
    call: str
    answer: str
    label: str


class Mark(NamedTuple):
    """A tag in a text: its name, whether it opens, and where it stands."""

    name: str
    opens: bool
    start: int
    end: int


def split_parts(text: str) -> tuple[Part, ...]:
    """The pieces of a step in order, as they were written; empty ones left out. A step of tags alone is as it stands.

    A tag that is never closed reaches to the next one, or to the end. A closing think tag without an opening one
    ends a thought that began before the text: chat templates put the opening tag into the prompt.
    """
    marks = list(marks_of(text))
    closing = next_closing(marks)
    pieces: list[Part] = []
    end, number = 0, 0
    if marks and not marks[0].opens and TAGS[marks[0].name] == "thought":
        pieces.append(Part("thought", text[: marks[0].start]))
        end, number = marks[0].end, 1
    while number < len(marks):
        mark = marks[number]
        if not mark.opens:
            number += 1
            continue
        pieces.append(Part("text", text[end : mark.start]))
        close = closing[number]
        if close is None:
            number += 1
            end = marks[number].start if number < len(marks) else len(text)
            pieces.append(Part(TAGS[mark.name], text[mark.end : end]))
        else:
            pieces.append(Part(TAGS[mark.name], text[mark.end : marks[close].start]))
            end, number = marks[close].end, close + 1
    pieces.append(Part("text", text[end:]))
    found = tuple(Part(kind, trimmed(words)) for kind, words in pieces if words.strip())
    return found or ((Part("text", trimmed(text)),) if text.strip() else ())


def marks_of(text: str) -> list[Mark]:
    """All tags of a text."""
    found = []
    for match in TAG.finditer(text):
        name, opens = MARKS[match[3]] if match[3] else (match[2], not match[1])
        found.append(Mark(name, opens, match.start(), match.end()))
    return found


def next_closing(marks: Sequence[Mark]) -> list[int | None]:
    """For each mark, the number of the next one that closes its tag, None where there is none."""
    last: dict[str, int] = {}
    found: list[int | None] = [None] * len(marks)
    for number in range(len(marks) - 1, -1, -1):
        found[number] = last.get(marks[number].name)
        if not marks[number].opens:
            last[marks[number].name] = number
    return found


def trimmed(text: str) -> str:
    """Without blank lines before, blanks after, and the space after a tag; an indent of the first line stays."""
    text = re.sub(r"\A(?:[^\S\n]*\n)+", "", text.rstrip())
    return text if "\n" in text else text.lstrip()


def step_parts(text: str, fields: Mapping[str, Any]) -> tuple[Part, ...]:
    """The pieces of a step whose thought and calls may stand in fields of their own.

    Args:
        text: of the step.
        fields: of the step beyond the format (`Forest.node_extra`), some of which hold the thought or the calls.
    """
    parts = split_parts(text)
    if not any(part.kind == "call" for part in parts):
        parts = (*parts, *(Part("call", str(call)) for call in recorded_calls(fields)))
    thought = next((words for name in REASONING if isinstance(words := fields.get(name), str) and words.strip()), "")
    if not thought or any(part.kind == "thought" for part in parts) or thought.strip() in text:
        return parts
    return (Part("thought", trimmed(thought)), *parts)


def whole_text(text: str, fields: Mapping[str, Any]) -> str:
    """All that a step says: its text as it was written, between the thought and the calls that stand beside it."""
    parts, own = step_parts(text, fields), split_parts(text)
    start = 0 if parts[: len(own)] == own else 1
    beside = [[part.text for part in some] for some in (parts[:start], parts[start + len(own) :])]
    return "\n".join([*beside[0], *([text] if text else []), *beside[1]])


def beside_text(fields: Mapping[str, Any]) -> str:
    """The thought and calls that stand in fields of their own as one text, "" without any: equal where they are. Calls
    are their names and arguments: a server gives each an id of its own, also where it is the same call.
    """
    found = [f"{name} {fields[name]}\n" for name in REASONING if fields.get(name)]
    for name in FIELDS:
        if given := fields.get(name):
            calls = [tool_call_in(one) for one in as_list(given)]
            found += [f"{name} {given}\n"] if None in calls or not calls else [f"{call}\n" for call in calls]
    return "".join(found)


def split_step(text: str, fields: Mapping[str, Any] | None = None) -> StepText:
    """Thought, call and answer of a step, each in one line. Same arguments as `step_parts`."""
    if not fields and TAG.search(text) is None:
        return StepText(said := plain(text), "", "", said)
    parts = step_parts(text, fields or {})
    words = {
        kind: " ".join(plain(part.text) for part in parts if part.kind == kind)
        for kind in ("thought", "text", "call", "answer")
    }
    beside = "" if any(part.kind == "call" for part in split_parts(text)) else words["call"]
    said = words["text"] or words["thought"] or words["call"]
    label = f"answer {words['answer']}" if words["answer"] else with_call(said, call=beside)
    label = label or " ".join(text.split())
    thought = " ".join(plain(part.text) for part in parts if part.kind in ("thought", "text"))
    return StepText(thought, words["call"], words["answer"], label)


def with_call(said: str, *, call: str) -> str:
    """The words of a step and its calls in one line."""
    return said if call in ("", said) else BETWEEN.join(filter(None, (said, call)))


def answered(text: str) -> str:
    """What the environment answered as it was written, without the tag around it."""
    wrapped = WRAPPER.match(text)
    return trimmed(wrapped.group(2) if wrapped else text)


def plain(text: str) -> str:
    """Text without tags and without runs of white space."""
    return " ".join(blanked(text).split())


def blanked(text: str) -> str:
    """Text with blanks in place of its tags, so that everything else stays at its place."""
    return ANY_TAG.sub(lambda tag: " " * len(tag[0]), text)
