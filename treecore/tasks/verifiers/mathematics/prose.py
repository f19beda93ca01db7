"""The answer in what a model wrote: a box, what is stated, the last formula, what follows "is", or the last number."""

from __future__ import annotations

import re
from typing import NamedTuple

from treecore.tasks.verifiers.mathematics.answer import Answer, Words
from treecore.tasks.verifiers.mathematics.notation import BOX, CURRENCIES, DOLLAR, box_end, canonical
from treecore.tasks.verifiers.mathematics.parenthesis import CHANGES, NO_UNIT
from treecore.tasks.verifiers.mathematics.reading import is_choices, is_name, plain_words, read
from treecore.tasks.verifiers.mathematics.stated import stated

MAX_FORMULA, MAX_CUE = 1000, 60
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_DENIED = re.compile(
    r"(?:(?<![a-zA-Z])(?:not|isn't|never|(?:less|fewer|greater|larger|smaller|more) than|at (?:most|least)|between"
    r"|below|above|under|over|up to|out of|(?:can|could|may|might|must|should|wo|would)(?:not| not|n't|'t) be)"
    r"\s+(?:is\s+)?"
    r"|\d\)?\s*,?\s*(?:(?:or|and|to)\s+|[或和到至])(?:\w{1,3}\s*=\s*)?"
    r"|[\[(]\s*[^\s\[\]()]+\s*,\s*|\d,|\d(?::|\s:\s?)|\d/"
    r"|(?:[\d)\]}°%]|(?<![a-zA-Z])[a-zA-Z])\s?(?:[-+*/^—]|\\cdot|\\pm)\s*|\d\s?[xX]\s?"
    r"|(?<!\w)(?:moins|menos|meno|plus or)\s+"
    r"|(?<!\w)(?:nicht|kein|keine|pas|plus de|moins de|jamais|non è|não é|no es|не|niet|nie|ليس|ليست)"
    r"\s+(?:gleich\s+)?|(?:不是|并非|不等于|不等於|大于|小于"
    r"|多于|少于|超过|不到|至少|至多|最多|最少)\s*)\Z",
    re.IGNORECASE,
)
"""What makes the number that follows no answer, or one of several."""
_TAKEN_BACK = re.compile(
    rf"\s*(?:{NO_UNIT}|[(（]\s*{CHANGES}|(?:\\cdot|[+*/^])\s*[\w\\(]|\s?-\s?[a-zA-Z](?![a-zA-Z])|\\pi|\\sqrt|(?<=\d)[ijkxyzn](?![a-zA-Z'])"
    r"|以上|以下|以内|未満|では(?:ない|なく|ありません)|じゃない|[이가은는]?\s*아[니닙닌]|नहीं|[万萬亿億兆成折割]|[千百](?![克米]))"
)
"""What makes the number before it no answer, or another number."""
_CHANGED = re.compile(rf"\s*([(（]\s*{CHANGES}[^()（）]*[)）])")
"""A parenthesis behind a formula that is part of it."""
_PROSE_BEFORE = re.compile(r"(?![或和及与且])[\u3040-\u30ff\u4e00-\u9fff]\s*[\d\\$(+-]")
_JOINED = re.compile(r"\s*(?:,|,?\s*(?:and|or)|[、和或])\s*")
_BETWEEN = re.compile(r"(?<=[\d)}\]])\s*,?\s(?:and|or)\s+(?=[-+−]?[\d\\({\[√π])")
_COMMAND = re.compile(r"\\(?:text|mathrm|textbf|mbox)\s*\{[^{}]*\}|\\[a-zA-Z]+")
_FUNCTION = re.compile(r"(?<![a-zA-Z])(?:a(?:rc)?)?(?:sqrt|sin|cos|tan|log|ln|exp|mod|pi|inf|infinity)(?![a-zA-Z])")
_LED = re.compile(r"(?:=|(?<![a-zA-Z])(?:is|are|equals|gives|makes))\s*\Z")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CUE = re.compile(
    r".*(?:(?<![a-zA-Z])(?:is|are|equals|be|get|gives)(?![a-zA-Z])|(?<!\d)(?<!\d\s)[:：]|(?<=\d)[:：](?=\s)|[是为為はがは]|==?>|→)\s*",
    re.DOTALL,
)
_STARS = re.compile(r"(?<![\w)\]}])\*\*|\*\*(?![\w(\-\\])|`")
_OPTION = re.compile(r"(?:\(([A-Z])\)|([A-Z])[).:])\s+(?!(?:and|or)(?![a-zA-Z]))(?=[\w$\\])")
"""A letter of a choice before what the choice says."""
_EMPHASIS = re.compile(r"\A\s*(\*\*|__|`)([^*_`]+)\1\s*\Z")
_BULLET = re.compile(rf"\A(?:[=\-]+>)?[^\w\\$([{{+\-.√°|<>∅π∞{''.join(CURRENCIES)}]+")
"""What stands before an answer and is none of it: arrows, tick marks, pictures."""
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_PLAIN = rf"(?:{_DIGITS}(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?:(?<![\w)\]}}°%.])[-+]\s?)?(?:\d+\s+\d+/\d+|(?:\d+\s*)?\\frac\{{[^{{}}]*\}}\{{[^{{}}]*\}}"
    rf"|{_PLAIN}(?:\\overline\{{\d+\}})?(?:[eE][-+]?\d+|\s*\\cdot\s*10\^\{{[-+]?\d+\}}|\s?\^\{{-?\d+\}})?(?:\s?/\s?{_PLAIN})?)"
    r"(?:_\{?\d+\}?)?(?:\s?%)?"
)


def said(text: str) -> list[Answer]:
    """Readings of what was said, the most likely first; the others count for expected words only."""
    if (boxed := last_boxes(text)) is not None:
        return [read(boxed)]
    text = _STARS.sub("", text.replace("\\$", DOLLAR)).strip()
    whole = _BULLET.sub("", text)
    answer = stated(text)
    if answer is None:
        return _unstated(whole)
    words = Words(_words(whole))
    if answer.certain and (option := _OPTION.match(answer.text)):
        return [read(option[1] or option[2]), words]
    return [*_unstated(answer.text, alone=True), words] if answer.certain else [words]


def _unstated(text: str, *, alone: bool = False) -> list[Answer]:
    """Readings of a text by its last formula or number.

    Args:
        alone: the text is one answer, so that another number before the last must lead up to it.
    """
    whole = Words(_words(text))
    formula, rest = _last_formula(text)
    if formula is not None and (part := _CHANGED.match(rest)):
        return [read(f"{formula} {part[1]}"), whole]
    if formula is not None and not (is_name(read(formula)) and re.search(r"\d", rest)):
        return [read(formula), whole]
    text = rest if formula is not None else text
    bare = text.strip().rstrip(".。")
    if is_formula(bare) or is_choices(bare):
        return [read(bare), whole]
    bared = bare.rstrip("!")
    cue = _CUE.match(bared)
    tail = bared[cue.end() :] if cue else bared
    if tail != bare and is_formula(tail) and not _denied(bared[: len(bared) - len(tail)]):
        return [read(tail), whole]
    spoken = Words(_words(tail))
    spelt = canonical(text)
    numbers = list(_NUMBER.finditer(spelt))
    start, end = numbers[-1].span() if numbers else (0, 0)
    led = len(numbers) < 2 or not alone or _LED.search(spelt[:start]) is not None
    if not numbers or not led or _denied(spelt[:start]) or _TAKEN_BACK.match(spelt, end):
        return [whole, spoken]
    return [read(numbers[-1][0]), whole, spoken]


def _denied(before: str) -> bool:
    return _DENIED.search(before[-MAX_CUE:]) is not None


class Marked(NamedTuple):
    """A piece of mathematics between marks, and where it stands with them."""

    start: int
    end: int
    content: str


def last_boxes(text: str) -> str | None:
    """What the last box holds, after those before it that only `and` or a comma parts; None where there is no box."""
    found: list[Marked] = []
    for match in BOX.finditer(text):
        if not found or match.start() >= found[-1].end:
            end = box_end(text, match.end() - 1)
            end = end if end >= 0 else len(text)
            found.append(Marked(match.start(), end + 1, _EMPHASIS.sub(r"\2", text[match.end() : end])))
    return _joined(found, text)


def _joined(found: list[Marked], text: str) -> str | None:
    """The last of several pieces, after those before it that only `and` or a comma parts."""
    if not found:
        return None
    last = [found[-1]]
    for one in reversed(found[:-1]):
        if not _JOINED.fullmatch(text[one.end : last[0].start].replace("$", " ")):
            break
        last.insert(0, one)
    return " , ".join(one.content for one in last)


def _words(text: str) -> str:
    spelt = canonical(text[-MAX_FORMULA:]).strip(" *_.")
    return plain_words(spelt) or " ".join(spelt.casefold().split())


def _last_formula(text: str) -> tuple[str | None, str]:
    """The last formula between marks, with those before it that only `and` or a comma parts; and what follows it."""
    pieces = [Marked(*match.span(), match[match.lastindex or 0]) for match in _FORMULA.finditer(text)]
    short = [one for one in pieces if len(one.content) <= MAX_FORMULA]
    found = [one for one in short if not _WORD.search(_COMMAND.sub(" ", one.content))]
    return _joined(found, text), text[found[-1].end :] if found else text


def is_formula(text: str) -> bool:
    """Whether a text without marks is mathematics and no prose: no words in it but names of functions, and `and`."""
    if not text or len(text) > MAX_FORMULA or "\n" in text or _PROSE_BEFORE.search(text):
        return False
    return (
        not _WORD.search(_COMMAND.sub(" ", _FUNCTION.sub(" ", _BETWEEN.sub(" , ", text))))
        and re.search(r"[\w\\]", text) is not None
    )
