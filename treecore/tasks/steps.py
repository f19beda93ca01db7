"""Ways to cut what a model writes into steps: lines, paragraphs, sentences, tool calls, or a number of tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from treecore.errors import TaskError

KINDS = ("line", "paragraph", "sentence", "tool_call", "tokens:K", "whole")
SENTENCE_ENDS = tuple(mark + space for mark, space in product(".!?", " \n"))
TOOL_ENDS = ("</tool_call>", "</search>")
MAX_TOKENS = 100_000
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


@dataclass(frozen=True)
class Cut:
    """How a step ends.

    Attributes:
        stop: right after the first of these strings.
        tokens: after so many tokens, 0 for no such end.
        before_word: see `treecore.protocols.StepRule`.
    """

    stop: tuple[str, ...] = ()
    tokens: int = 0
    before_word: bool = False


def parse_steps(text: str) -> Cut:
    """A way to cut, by name.

    Args:
        text: `line`, `paragraph`, `sentence`, `tool_call` (after `</tool_call>` or `</search>`; another closing tag
            after a colon, as in `tool_call:</python>`), `tokens:K` with a whole number K, or `whole` for one step.

    Raises:
        TaskError: none of these.
    """
    kind, colon, detail = text.strip().partition(":")
    if kind == "tokens" and detail.isascii() and detail.isdigit() and len(detail) < 7 and 0 < int(detail) <= MAX_TOKENS:
        return Cut(tokens=int(detail))
    if kind == "tool_call" and (not colon or re.fullmatch(r"</[^<>\s]{1,60}>", detail)):
        return Cut(stop=(detail,) if detail else TOOL_ENDS)
    cuts = {
        "line": Cut(stop=("\n",)),
        "paragraph": Cut(stop=("\n\n",)),
        "sentence": Cut(stop=SENTENCE_ENDS, before_word=True),
        "whole": Cut(),
    }
    if text.strip() in cuts:
        return cuts[kind]
    raise TaskError(
        f"steps={text!r} is no way to cut steps", todo=f"choose one of {', '.join(KINDS)}, or tool_call:</tag>"
    )


def parse_stop(text: str) -> tuple[str, ...]:
    """Stop strings from text with one on each line, in which `\\n`, `\\t` and `\\\\` are a line end, a tab and `\\`."""
    lines = (re.sub(r"\\[nt\\]", lambda match: _ESCAPES[match.group()], line) for line in text.split("\n"))
    return tuple(dict.fromkeys(line for line in lines if line))
