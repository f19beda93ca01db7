"""Lines of the countdown game and what they do to the numbers left. Whole numbers only; nothing is evaluated.

A move takes two numbers that are left and puts their result back: `3 * 7 = 21 , left 4 21`. Results stay whole,
positive and at most `MAX_NUMBER`. Knows no prompts and no rewards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

MAX_NUMBER = 50
WRONG_RESULT = "wrong result"
TOO_LARGE = "result too large"
NOT_LEFT = "number not left"
WRONG_LEFT = "left is wrong"
START_OVER = "start over"
_MOVE = re.compile(r"(\d+) *([-+*/]) *(\d+) *= *(\d+)(?: *, *left((?: +\d+)+))?")


@dataclass(frozen=True)
class Move:
    """`a op b = result`; `left` are the numbers the writer says remain, None where it does not say."""

    a: int
    op: str
    b: int
    result: int
    left: tuple[int, ...] | None = None


class BrokenRuleError(Exception):
    """A line that the rules forbid; its message is one of the short texts of this module."""


def read_move(line: str) -> Move | None:
    """The move that makes up the whole `line`, or None for any other line."""
    match = _MOVE.fullmatch(line.strip())
    if match is None:
        return None
    a, op, b, result, left = match.groups()
    said = None if left is None else tuple(int(number) for number in left.split())
    return Move(int(a), op, int(b), int(result), said)


def combine(a: int, op: str, b: int) -> int | None:
    """`a op b`, or None where it is not whole and positive."""
    if op == "+":
        return a + b
    if op == "*":
        return a * b
    if op == "-":
        return a - b if a > b else None
    return a // b if b and a % b == 0 else None


def apply_move(numbers: Sequence[int], move: Move) -> tuple[int, ...]:
    """The numbers left after `move`, in rising order.

    Raises:
        BrokenRuleError: a number is not left, the result is wrong or too large, or the claimed rest is wrong.
    """
    left = list(numbers)
    for number in (move.a, move.b):
        if number not in left:
            raise BrokenRuleError(NOT_LEFT)
        left.remove(number)
    if combine(move.a, move.op, move.b) != move.result:
        raise BrokenRuleError(WRONG_RESULT)
    if move.result > MAX_NUMBER:
        raise BrokenRuleError(TOO_LARGE)
    after = tuple(sorted((*left, move.result)))
    if move.left is not None and tuple(sorted(move.left)) != after:
        raise BrokenRuleError(WRONG_LEFT)
    return after


def moves(numbers: Sequence[int]) -> Iterator[tuple[Move, tuple[int, ...]]]:
    """Every different legal move with the numbers it leaves; sums and products larger operand first."""
    ordered = sorted(numbers, reverse=True)
    seen: set[tuple[int, str, int]] = set()
    for i, a in enumerate(ordered):
        for b in ordered[i + 1 :]:
            for op in "+-*/":
                result = combine(a, op, b)
                if result is None or result > MAX_NUMBER or (a, op, b) in seen:
                    continue
                seen.add((a, op, b))
                move = Move(a, op, b, result)
                after = apply_move(ordered, move)
                yield Move(a, op, b, result, after), after


@cache
def outcomes(numbers: tuple[int, ...]) -> Counter[int]:
    """For every last number that can be left, how many sequences of moves lead there; `numbers` rising."""
    if len(numbers) == 1:
        return Counter(numbers)
    total: Counter[int] = Counter()
    for _, after in moves(numbers):
        total.update(outcomes(after))
    return total


def solve(numbers: Sequence[int], target: int) -> list[Move] | None:
    """The first sequence of moves that reaches `target`, or None."""
    start = tuple(sorted(numbers))
    if start == (target,):
        return []
    for move, after in moves(start):
        if target in outcomes(after):
            rest = solve(after, target)
            return None if rest is None else [move, *rest]
    return None


def write_move(move: Move) -> str:
    """The line of `move`, with what is left if it says so."""
    line = f"{move.a} {move.op} {move.b} = {move.result}"
    return line if move.left is None else f"{line} , left {' '.join(str(number) for number in move.left)}"
