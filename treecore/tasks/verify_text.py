"""Verifiers that compare texts, numbers and letters. They run no code of a row and take bounded time.

Where an output ends its thoughts with `</think>`, only what follows counts. The final answer is the inside of the last
`<answer>` pair, else of the last `\\boxed{}`, else all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any

import regex

from treecore.errors import TaskError
from treecore.params import Bounds
from treecore.tasks.numbers import last_number
from treecore.tasks.reward import f1_score
from treecore.tasks.verifiers import verifier

PATTERN_SECONDS = 1.0
LONGEST_PATTERN = 2000
MOST_REPEATS = 10_000
"""Largest product of all counts in a pattern; `(a{1000}){1000}` alone takes hundreds of megabytes to prepare."""
_THOUGHT_END = "</think>"
_BRACES = re.compile(r"\{([^{}]*)\}")
_RECURSION = re.compile(r"\(\?(?:R|&|P>|[-+]?\d)")
_LETTER = re.compile(r"\W*([A-Za-z])(?:\W*|\W{1,3}\s.*)", re.DOTALL)
_SAID = re.compile(r"(?i:answer|option|choice)(?:\s(?i:is|would\sbe))?[\s:*(\[{$]{1,8}(?:\\text\{)?([A-Z])(?![\w'])")
_BRACKETED = re.compile(r"[(\[*]([A-Z])[)\]*]")
_ALONE = re.compile(r"(?<![\w'])([B-HJ-Z]|[AI](?=[).:\s]*\Z))(?![\w'])")


def answer_part(output: str) -> str:
    """What follows the model's thoughts."""
    return output.rpartition(_THOUGHT_END)[2]


def final_answer(output: str) -> str:
    """The part of the output that is meant as the answer, without spaces around it."""
    text = answer_part(output)
    opening = text.rfind("<answer>")
    if opening >= 0:
        return text[opening + len("<answer>") :].partition("</answer>")[0].strip()
    boxed = text.rfind("\\boxed{")
    return (text if boxed < 0 else _braced(text[boxed + len("\\boxed{") :])).strip()


def _braced(text: str) -> str:
    """`text` up to the brace that closes the one before it."""
    depth = 1
    for place, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if not depth:
            return text[:place]
    return text


def _plain(text: str, ignore_case: bool) -> str:
    text = " ".join(text.split())
    return text.casefold() if ignore_case else text


@verifier(title="The final answer is the same text")
def exact(question: str, answers: Sequence[str], output: str, *, ignore_case: bool = False) -> float:
    """1 if the final answer equals an expected answer, runs of spaces taken as one.

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
        whole_words: `4` does not stand in `14`.
    """
    text = _plain(answer_part(output), ignore_case)
    return float(any(_stands(_plain(answer, ignore_case), text, whole_words) for answer in answers))


def _stands(answer: str, text: str, whole_words: bool) -> bool:
    at = text.find(answer)
    while at >= 0:
        around = text[max(at - 1, 0) : at] + answer[:1], answer[-1:] + text[at + len(answer) :][:1]
        if not whole_words or not any(len(pair) == 2 and re.fullmatch(r"\w\w", pair) for pair in around):
            return True
        at = text.find(answer, at + 1)
    return False


@verifier(title="The last number of the output")
def number(
    question: str, answers: Sequence[str], output: str, *, tolerance: Annotated[float, Bounds(0, 1)] = 0.0
) -> float:
    """1 if the last number of the final answer is the last number of an expected answer, compared as exact fractions.

    Thousands may have commas; units, currencies and the per cent sign are passed over, so `50%` is 50.

    Args:
        tolerance: largest difference allowed, as a share of the expected number.
    """
    said = last_number(final_answer(output))
    wanted = [one for answer in answers if (one := last_number(answer)) is not None]
    if not wanted:
        raise TaskError(f"the answer {answers[0][:60]!r} holds no number", todo="correct it")
    if said is None:
        return 0.0
    room = Fraction(tolerance)
    return float(any(abs(said - one) <= room * abs(one) for one in wanted))


@verifier(title="The letter of a multiple choice")
def choice(question: str, answers: Sequence[str], output: str) -> float:
    """1 if the expected letter is chosen: as all of the final answer, after `answer is`, in brackets, or alone."""
    wanted = {chosen_letter(answer) for answer in answers} - {None}
    if not wanted:
        raise TaskError(f"the answer {answers[0][:60]!r} is no letter", todo="write a letter, such as B")
    return float(chosen_letter(final_answer(output)) in wanted)


def chosen_letter(text: str) -> str | None:
    """The letter that `text` chooses, as a capital; None where it chooses none."""
    if whole := _LETTER.fullmatch(text[:200]) if len(text.strip()) < 5 or text.lstrip()[1:2] in (").:") else None:
        return whole.group(1).upper()
    for pattern in (_SAID, _BRACKETED, _ALONE):
        found: list[str] = pattern.findall(text)
        if found:
            return found[-1]
    return None


@verifier(title="Words shared with the answer (F1)")
def f1(question: str, answers: Sequence[str], output: str) -> float:
    """The best F1 of words with an expected answer; case, articles and punctuation do not count."""
    return f1_score(final_answer(output), answers)


def _checked_pattern(answer: str) -> None:
    compiled(answer)


@verifier(title="The row's pattern is found in the output", output_for=_checked_pattern)
def regex_(question: str, answers: Sequence[str], output: str, *, ignore_case: bool = False) -> float:
    """1 if a pattern of the row (a regular expression) is found in the output after its thoughts, within a second.

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
    if len(pattern) > LONGEST_PATTERN:
        raise TaskError(f"a pattern of {len(pattern):,} characters", todo=f"keep it below {LONGEST_PATTERN:,}")
    if _RECURSION.search(pattern):
        raise TaskError(f"the pattern {pattern[:60]!r} calls itself", todo="write it without recursion")
    if _repeats(pattern) > MOST_REPEATS:
        raise TaskError(
            f"the pattern {pattern[:60]!r} repeats too often", todo=f"keep counts below {MOST_REPEATS:,} in all"
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
        if product > MOST_REPEATS:
            break
    return product
