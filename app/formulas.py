"""Mathematics between marks in what others wrote, and which of it may be drawn. Pure: text in, passages out.

Marks are `$...$`, `$$...$$`, `\\(...\\)`, `\\[...\\]` and `\\boxed{...}`, but not in code or behind a backslash. As in
pandoc, there is no space inside a pair of single dollar signs at its ends, and no digit after it, so that prices stay
prices. Time is linear in the text, up to the length that a formula may have.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_TEXT, MAX_FORMULA, MAX_FORMULAS, MAX_DEPTH = 20_000, 1_000, 200, 30
"""Characters of a text that are searched and of one formula, formulas of a text, and braces inside one another."""
MARK = re.compile(r"```|`|\\[\\$]|\$\$?|\\[(\[]|\\boxed\s*\{")
CLOSES = {"$$": "$$", r"\(": r"\)", r"\[": r"\]", "```": "```", "`": "`"}
DOLLARS = re.compile(rf"\$(?!\s)((?:[^$\\\n]|\\[^\n]){{1,{MAX_FORMULA}}})(?<!\s)\$(?!\d)")
REFUSED = re.compile(
    r"\\(?:href|url|includegraphics|html[A-Za-z]*|[egx]?def|let|futurelet|global|long|(?:re)?newcommand|providecommand"
    r"|expandafter|noexpand|csname|mathchoice|rule|m?kern|[hm]skip|[hmv]space|raisebox|(?:math)?[lrc]lap|genfrac|above"
    r"|(?:text|f)?color(?:box)?|verb)(?![A-Za-z])|\\@|[`\x00-\x08\x0e-\x1f\x7f]"
)
"""Commands that reach outside the page, define others, or put something elsewhere or out of sight."""
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


class Passage(NamedTuple):
    """A piece of a text.

    Attributes:
        text: as it was written, marks included.
        formula: its LaTeX in one line; "" where the text is to be shown letter by letter.
        display: the formula stands on a line of its own.
    """

    text: str
    formula: str = ""
    display: bool = False


def passages(text: str) -> list[Passage]:
    """The pieces of a text in order; joined, their texts are the text."""
    found: list[Passage] = []
    at = written = count = 0
    while count < MAX_FORMULAS and (mark := MARK.search(text, at, MAX_TEXT)):
        end, formula = marked(text, mark)
        if formula:
            if mark.start() > written:
                found.append(Passage(text[written : mark.start()]))
            found.append(Passage(text[mark.start() : end], formula, mark[0] in ("$$", r"\[")))
            written, count = end, count + 1
        at = end
    return [*found, Passage(text[written:])] if written < len(text) else found


def has_formula(text: str) -> bool:
    """Whether there is anything to draw."""
    return any(passage.formula for passage in passages(text))


def marked(text: str, mark: re.Match[str]) -> tuple[int, str]:
    """Where what a mark opens ends, and its formula; the end of the mark and "" where it opens none."""
    opens, low = mark[0], mark.end()
    if opens == "$":
        closed = DOLLARS.match(text, mark.start())
        return (closed.end(), drawable(closed[1])) if closed else (low, "")
    if opens.startswith(r"\boxed"):
        end = after_brace(text, low)
        return (end, drawable(text[mark.start() : end])) if end else (low, "")
    if opens not in CLOSES:
        return low, ""
    is_code = "`" in opens
    end = text.find(CLOSES[opens], low, MAX_TEXT if is_code else low + MAX_FORMULA)
    if end < 0:
        return (MAX_TEXT if opens == "```" else low), ""
    return end + len(opens), "" if is_code else drawable(text[low:end])


def after_brace(text: str, low: int) -> int:
    """The place behind the brace that closes the one before `low`; 0 where none does."""
    depth = 1
    for one in BRACE.finditer(text, low, low + MAX_FORMULA):
        depth += {"{": 1, "}": -1}.get(one[0], 0)
        if depth == 0:
            return one.end()
    return 0


def drawable(formula: str) -> str:
    """The LaTeX of a formula in one line, without comments and dollar signs; "" where it is not to be drawn."""
    line = " ".join(formula.replace(r"\$", r"\text{\textdollar}").split())
    line = re.sub(r"(?<!\\)%", r"\\%", line)
    trailing = len(line) - len(line.rstrip("\\"))
    if not line or trailing % 2 or "$" in line or REFUSED.search(line) or deepest(line) > MAX_DEPTH:
        return ""
    return line


def deepest(formula: str) -> int:
    """How many braces stand inside one another."""
    depth = most = 0
    for one in BRACE.finditer(formula):
        depth += {"{": 1, "}": -1}.get(one[0], 0)
        most = max(most, depth)
    return most
