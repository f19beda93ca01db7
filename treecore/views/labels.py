"""Short labels for people: cut between characters that are seen as one, and told apart from their siblings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

import regex

from treecore.core.forest import Forest
from treecore.core.numerals import counted

GRAPHEME = regex.compile(r"\X")
WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]+|\s+")
ELLIPSIS = "…"
MAX_GRAPHEME = 64
"""Characters of one grapheme that are kept: anybody can pile up combining marks without end."""
ROOM = 24
"""Labels of at most this many characters are told apart at a glance."""
HEAD = 2
"""Words in front of the ellipsis where only some siblings share a beginning."""


def graphemes(text: str) -> list[str]:
    """What is seen as one character each: letters with their marks, joined emoji, flags, syllables."""
    return [found[:MAX_GRAPHEME] for found in GRAPHEME.findall(text)]


def question(prompt: str) -> str:
    """What a prompt asks, for headings: of a chat that was decoded with the names of its roles on lines of their own,
    as verl dumps it, what the user says. Anything else stays as it is.
    """
    text = prompt.rstrip().removesuffix("<think>").rstrip()
    if not text.endswith("\nassistant"):
        return prompt
    text = text.removesuffix("assistant")
    if text.startswith("system\n"):
        text = text.partition("\nuser\n")[2]
    elif text.startswith("user\n"):
        text = text.removeprefix("user\n")
    else:
        return prompt
    return text.strip() or prompt


def prompts_of(forests: Sequence[Forest]) -> str:
    """How many prompts these are of, and what makes more forests: `4 prompts at 2 training steps`, `64 prompts in 192
    forests`, `4 prompts`.
    """
    prompts = len({forest.prompt for forest in forests})
    asked = counted(prompts, "prompt")
    steps = {step for forest in forests if (step := forest.provenance.get("training_step")) is not None}
    if len(steps) > 1:
        return f"{asked} at {counted(len(steps), 'training step')}"
    return f"{asked} in {counted(len(forests), 'forest')}" if prompts < len(forests) else asked


def cut(text: str, most: int) -> str:
    """At most `most` graphemes, an ellipsis the last where some are left out."""
    if len(text) <= most and text.isascii():
        return text
    found = graphemes(text[: most * MAX_GRAPHEME])
    return "".join(found) if len(found) <= most else "".join(found[: most - 1]) + ELLIPSIS


def cut_middle(text: str, most: int) -> str:
    """At most `most` graphemes, an ellipsis in the middle: names that begin alike often end differently."""
    found = graphemes(text)
    if len(found) <= most:
        return text
    head, tail = most // 2, (most - 1) // 2
    return "".join(found[:head]) + ELLIPSIS + "".join(found[len(found) - tail :])


def distinct_labels(labels: Sequence[str], *, room: int = ROOM) -> list[str]:
    """Labels of siblings without the beginning that they share, so that the words that differ come first.

    Labels that differ stay different. A beginning that all share becomes an ellipsis; where only some share it,
    its first words stay before the ellipsis. Siblings that are equal stay equal.

    Args:
        labels: one line each.
        room: where all labels are at most this long, they stay as they are.
    """
    different = sorted(set(labels))
    if len(different) < 2 or max(map(len, different)) <= room:
        return list(labels)
    words = {label: WORD.findall(label) for label in different}
    shared = [0, *(common(words[one], words[other]) for one, other in pairwise(different)), 0]
    by_all = common(words[different[0]], words[different[-1]])
    short: dict[str, str] = {}
    for number, label in enumerate(different):
        own = max(by_all, *shared[number : number + 2])
        short[label] = shortened(words[label], by_all, own=own, room=room)
    if len(set(short.values())) < len(different):
        short = {label: shortened(words[label], by_all, own=by_all, room=room) for label in different}
    if len(set(short.values())) < len(different):
        return list(labels)
    return [short[label] for label in labels]


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Number of words that two labels share at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def shortened(words: Sequence[str], by_all: int, *, own: int, room: int) -> str:
    """A label without its first words.

    Args:
        words: of the label, blanks among them.
        by_all: how many of them all siblings share; own: how many it shares with any sibling.
        room: characters below which dropping is not worth its ellipsis.
    """
    by_all, own = min(by_all, len(words) - 1), min(own, len(words) - 1)
    before = ELLIPSIS if len("".join(words[:by_all])) > room // 2 else ""
    start = by_all if before else 0
    if len("".join(words[start:own])) <= room:
        return before + "".join(words[start:]).lstrip()
    head = "".join(words[start : start + 2 * HEAD - 1]).strip()
    return f"{before}{head} {ELLIPSIS} {''.join(words[own:]).strip()}"
