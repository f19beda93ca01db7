"""Verifiers that compare texts, numbers and letters. They run no code of a row and take bounded time.

Where an output ends its thoughts with `</think>`, only what follows counts; of thoughts that begin with `<think>` and
do not end, only a box or an `<answer>` counts. The final answer is the inside of the last `<answer>` pair, else of the
last `\\boxed{}`, else all of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import regex

from treecore.errors import TaskError
from treecore.registry.params import Bounds
from treecore.tasks.reward import f1_score
from treecore.tasks.verifiers.numbers import clear_number, last_number
from treecore.tasks.verifiers.registry import verifier
from treecore.tasks.verifiers.words import stands

PATTERN_SECONDS = 1.0
MAX_PATTERN = 2000
MAX_REPEATS = 10_000
"""Largest product of all counts in a pattern; `(a{1000}){1000}` alone takes hundreds of megabytes to prepare."""
_THOUGHT, _THOUGHT_END = "<think>", "</think>"
_OPENING, _CLOSING = re.compile("<answer>", re.IGNORECASE), re.compile("</answer>", re.IGNORECASE)
_BULLET = re.compile(r"^[ \t]*[-*•][ \t]+(?=[\w$\\.(])", re.MULTILINE)
_BRACES = re.compile(r"\{([^{}]*)\}")
_RECURSION = re.compile(r"\(\?(?:R|&|P>|[-+]?\d)")
_LETTER = re.compile(r"\W*([A-Za-z])(?:\W*|\W{1,3}\s.*)", re.DOTALL)
_SAID = re.compile(
    r"(?i:answer|option|choice)(?:\s(?i:is|would\sbe))?"
    r"(?:[\s:*(\[{$]{1,8}(?:\\text\{)?([A-Z])(?![\w'])|[\s:*]{1,4}\(([a-z])\))"
)
_BRACKETED = re.compile(r"[(\[*]([A-Z])[)\]*]|(?<!\w)\(([a-z])\)")
_ALONE = re.compile(r"(?<![\w'])([B-HJ-Z]|[AI](?=[).:\s]*\Z))(?![\w'])")


def answer_part(output: str) -> str:
    """What the model says outside its thoughts, after the last that ended; nothing where they have no end."""
    return after_thoughts(output).partition(_THOUGHT)[0]


def after_thoughts(output: str) -> str:
    """What follows the model's thoughts; where they have no end, they are in it."""
    return output.rpartition(_THOUGHT_END)[2]


class Final(NamedTuple):
    """The part of an output that is meant as the answer, without spaces around it; `boxed` if it came from a box."""

    text: str
    boxed: bool = False


def final(output: str) -> Final:
    """What an output says in the end."""
    text = after_thoughts(output)
    if openings := deque(_OPENING.finditer(text), maxlen=1):
        return Final(_CLOSING.split(text[openings[0].end() :], maxsplit=1)[0].strip())
    boxed = text.rfind("\\boxed{")
    if boxed >= 0:
        return Final(_braced(text[boxed + len("\\boxed{") :]).strip(), boxed=True)
    return Final(answer_part(output).strip())


def unlisted(output: str) -> str:
    """The text of `final`, without marks of a list before its lines where neither a box nor tags hold it."""
    said = final(output)
    if said.boxed or _OPENING.search(after_thoughts(output)):
        return said.text
    return _BULLET.sub("", said.text)


def final_answer(output: str) -> str:
    """The text of `final`."""
    return final(output).text


def _braced(text: str) -> str:
    """`text` up to the brace that closes the one before it."""
    depth = 1
    for place, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if not depth:
            return text[:place]
    return text


def _plain(text: str, ignore_case: bool) -> str:
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    return unicodedata.normalize("NFC", text.casefold()) if ignore_case else text


@verifier(title="The final answer is the same text")
def exact(question: str, answers: Sequence[str], output: str, *, ignore_case: bool = False) -> float:
    """1 if the final answer equals an expected answer, runs of spaces taken as one, after Unicode normalisation (NFC).

    Args:
        ignore_case: take capital and small letters as the same.
    """
    said = _plain(final_answer(output), ignore_case)
    return float(any(said == _plain(answer, ignore_case) for answer in answers))


@verifier(title="The answer stands somewhere in the output")
def contains(
    question: str, answers: Sequence[str], output: str, *, ignore_case: bool = True, whole_words: bool = True
) -> float:
    """1 if an expected answer stands in the output after its thoughts.

    Args:
        ignore_case: take capital and small letters as the same.
        whole_words: `cat` does not stand in `cats`, nor `4` in `14`, `4.5`, `4,000` or `-4`. Words of scripts that are
            written without spaces, and of Korean, stand wherever they are found.
    """
    text = _plain(answer_part(output), ignore_case)
    return float(any(stands(_plain(answer, ignore_case), text=text, whole_words=whole_words) for answer in answers))


@verifier(title="The last number of the output")
def number(
    question: str, answers: Sequence[str], output: str, *, tolerance: Annotated[float, Bounds(0, 1)] = 0.0
) -> float:
    """1 if the last number of the final answer equals an expected answer, compared as exact fractions.

    Thousands may have commas or spaces; `1 1/2`, `\\frac12`, `10^5` and `3\\times 10^5` are read; units, currencies and
    the per cent sign are passed over, so `50%` is 50. A row whose answer is not one clear number is refused.

    Args:
        tolerance: largest difference allowed, as a share of the expected number.
    """
    said = last_number(unlisted(output))
    wanted = [one for answer in answers if (one := clear_number(final_answer(answer))) is not None]
    if not wanted:
        raise TaskError(f"the answer {answers[0][:60]!r} is not one clear number", todo="write one number")
    if said is None:
        return 0.0
    room = Fraction(tolerance)
    return float(any(abs(said - one) <= room * abs(one) for one in wanted))


@verifier(title="The letter of a multiple choice")
def choice(question: str, answers: Sequence[str], output: str) -> float:
    """1 if the expected letter is chosen: as all of the final answer, after `answer is`, in brackets, or alone.

    A small letter counts in round brackets, or as all of the final answer.
    """
    wanted = {chosen_letter(answer) for answer in answers} - {None}
    if not wanted:
        raise TaskError(f"the answer {answers[0][:60]!r} is no letter", todo="write a letter, such as B")
    return float(chosen_letter(final_answer(output)) in wanted)


def chosen_letter(text: str) -> str | None:
    """The letter that `text` chooses, as a capital; None where it chooses none."""
    if whole := _LETTER.fullmatch(text[:200]) if len(text.strip()) < 5 or text.lstrip()[1:2] in (").:") else None:
        return whole.group(1).upper()
    for pattern in (_SAID, _BRACKETED, _ALONE):
        found = [one[one.lastindex or 0].upper() for one in pattern.finditer(text)]
        if found:
            return found[-1]
    return None


@verifier(title="Words shared with the answer (F1)")
def f1(question: str, answers: Sequence[str], output: str) -> float:
    """The best F1 of words with an expected answer; case, articles and punctuation do not count."""
    return f1_score(final_answer(output), answers)


def _checked_pattern(answer: str) -> tuple[str, ...]:
    compiled(answer)
    return ()


@verifier(title="The row's pattern is found in the output", outputs_for=_checked_pattern)
def regex_(question: str, answers: Sequence[str], output: str, *, ignore_case: bool = False) -> float:
    """1 if a pattern of the row (a regular expression) is found in the output after its thoughts.

    A search of more than a second is an error: the trajectory is a failed one without a reward, not a wrong one.

    Args:
        ignore_case: take capital and small letters as the same.
    """
    text = answer_part(output)
    for answer in answers:
        pattern = compiled(answer, ignore_case)
        try:
            if pattern.search(text, timeout=PATTERN_SECONDS, concurrent=True):
                return 1.0
        except TimeoutError:
            raise TaskError(
                f"the pattern {answer[:60]!r} took more than {PATTERN_SECONDS:g} second", todo="simplify the pattern"
            ) from None
    return 0.0


@lru_cache(maxsize=1024)
def compiled(pattern: str, ignore_case: bool = False) -> Any:
    """The pattern, ready to search.

    Raises:
        TaskError: it is too long or not a regular expression.
    """
    if len(pattern) > MAX_PATTERN:
        raise TaskError(f"a pattern of {len(pattern):,} characters", todo=f"keep it below {MAX_PATTERN:,}")
    if _RECURSION.search(pattern):
        raise TaskError(f"the pattern {pattern[:60]!r} calls itself", todo="write it without recursion")
    if _repeats(pattern) > MAX_REPEATS:
        raise TaskError(
            f"the pattern {pattern[:60]!r} repeats too often", todo=f"keep counts below {MAX_REPEATS:,} in all"
        )
    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise TaskError(f"{pattern[:60]!r} is not a regular expression ({error})", todo="correct the pattern") from None


def _repeats(pattern: str) -> int:
    """The product of the largest number in each pair of braces, an upper bound of what the pattern spells out."""
    product = 1
    for inside in _BRACES.findall(pattern):
        product *= max((int(number[:9]) for number in re.findall(r"\d+", inside)), default=1) or 1
        if product > MAX_REPEATS:
            break
    return product
