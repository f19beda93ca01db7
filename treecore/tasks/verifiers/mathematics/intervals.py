"""Unions of intervals and points with ends that are fractions, in the one form in which no two of them touch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from treecore.tasks.verifiers.mathematics.answer import Answer, Items
from treecore.tasks.verifiers.mathematics.rational import rational
from treecore.tasks.verifiers.mathematics.value import Value

INFINITE = {r"-\infty": Fraction(-1), r"\infty": Fraction(1), r"+\infty": Fraction(1)}


class End(NamedTuple):
    """An end of an interval on the line.

    Attributes:
        infinite: -1, 0 or 1, compared first.
        number: where it is finite.
        side: -1 for just before the number, 1 for just after it; an interval reaches from one place to another.
    """

    infinite: Fraction
    number: Fraction
    side: int


class Piece(NamedTuple):
    """An interval as two places, and its ends as they were written."""

    start: End
    end: End
    left: Answer
    right: Answer


def merged(parts: Sequence[Answer]) -> tuple[Answer, ...] | None:
    """The union of intervals and sets of points, its pieces in order; None where a part is or may be another thing."""
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, Items) and part.kind == "set":
            found = [_piece(item, item, "[", "]") for item in part.items]
        elif isinstance(part, Items) and part.kind == "tuple" and len(part.items) == 2:
            found = [_piece(part.items[0], part.items[1], part.opens, part.closes)]
        else:
            return None
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        pieces += known
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda one: (one.start, one.end)):
        if joined and piece.start <= joined[-1].end:
            last = joined.pop()
            piece = max(last, piece, key=lambda one: one.end)._replace(start=last.start, left=last.left)
        joined.append(piece)
    return tuple(map(_written, joined))


def _piece(left: Answer, right: Answer, opens: str, closes: str) -> Piece | None:
    start = _end(left, -1 if opens == "[" else 1) if opens in ("[", "(") else None
    end = _end(right, 1 if closes == "]" else -1) if closes in ("]", ")") else None
    return Piece(start, end, left, right) if start and end and start < end else None


def _end(written: Answer, side: int) -> End | None:
    if not isinstance(written, Value) or written.unit or written.percent or written.base is not None:
        return None
    if infinite := INFINITE.get(written.text.strip()):
        return End(infinite, Fraction(0), 0)
    found = rational(written.text)
    return None if found is None else End(Fraction(0), found.number, side)


def _written(piece: Piece) -> Answer:
    if piece.start.number == piece.end.number and not (piece.start.infinite or piece.end.infinite):
        return Items("set", (piece.left,))
    opens = "[" if piece.start.side < 0 else "("
    return Items("tuple", (piece.left, piece.right), opens, "]" if piece.end.side > 0 else ")")
