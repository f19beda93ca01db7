"""Values that are fractions and need no algebra: integers, decimals, repeating ones, quotients, mixed numbers, powers.

Exact and bounded: what would grow beyond `MAX_DIGITS` is not read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

MAX_DIGITS = 1000
MAX_EXPONENT = 3000
ROUNDED_DIGITS = 6
"""Significant digits that a decimal must have to stand for a number that it rounds."""
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_REPEATING = re.compile(r"(\d*)\.(\d*?)(?:\\overline\s*\{(\d+)\}|\((\d+)\)|\\dot\s*\{(\d)\}(?:(\d*)\\dot\s*\{(\d)\})?)")
_GOES_ON = re.compile(r"(\d*)\.(\d*?)((\d{1,6}?)\4{2,})\s*\\ldots")
_SCIENTIFIC = re.compile(rf"({_NUMBER})\s*(?:[eE]\s*([-+]?\d+)|(?:\\cdot|[xX])\s*10\s*\^\s*\{{\s*([-+]?\d+)\s*\}})")
_PLAIN = re.compile(_NUMBER)
_FRACTION = re.compile(rf"(\d+)?\s*\\frac\s*\{{\s*(-?\s*{_NUMBER})\s*\}}\s*\{{\s*(-?\s*{_NUMBER})\s*\}}")
_QUOTIENT = re.compile(rf"({_NUMBER})\s*/\s*({_NUMBER})")
_MIXED = re.compile(r"(\d+)\s+(\d+)\s*/\s*(\d+)")
_POWER = re.compile(rf"({_NUMBER})\s*\^\s*\{{\s*([-+]?\d+)\s*\}}")


@dataclass(frozen=True)
class Rational:
    """An exact fraction.

    Attributes:
        number: the fraction.
        places: digits after the decimal point, where it was written as one that ends; else None.
        digits: significant digits of such a decimal.
    """

    number: Fraction
    places: int | None = None
    digits: int = 0


def rational(text: str) -> Rational | None:
    """The fraction that `text`, in canonical notation, is; None where it is something else or too long."""
    if len(text) > MAX_DIGITS:
        return None
    bare = text.strip()
    sign = 1
    while bare[:1] in ("-", "+") or (bare[:1] == "{" and bare[-1:] == "}" and bare.count("{") == 1):
        sign, bare = (-sign if bare[0] == "-" else sign), bare[1:] if bare[0] != "{" else bare[1:-1]
        bare = bare.strip()
    found = _unsigned(bare)
    return None if found is None else Rational(sign * found.number, found.places, found.digits)


def _unsigned(text: str) -> Rational | None:
    if _PLAIN.fullmatch(text):
        places = len(text.partition(".")[2]) if "." in text else None
        digits = len(text.replace(".", "").lstrip("0"))
        return Rational(Fraction(text.rstrip(".") or "0"), places, digits)
    if match := _REPEATING.fullmatch(text):
        whole, before, line, brackets, *dots = match.groups()
        return Rational(_repeating(whole, before, line or brackets or "".join(one or "" for one in dots)))
    if match := _GOES_ON.fullmatch(text):
        return Rational(_repeating(match[1], match[2], match[4]))
    if match := _FRACTION.fullmatch(text):
        over, under = (Fraction(one.replace(" ", "").rstrip(".")) for one in (match[2], match[3]))
        if not under or (match[1] and not 0 <= over / under < 1):
            return None
        return Rational(over / under + int(match[1] or 0))
    if match := _MIXED.fullmatch(text):
        return Rational(int(match[1]) + Fraction(int(match[2]), int(match[3]))) if int(match[3]) else None
    if match := _QUOTIENT.fullmatch(text):
        over, under = (Fraction(one.rstrip(".")) for one in (match[1], match[2]))
        return Rational(over / under) if under else None
    return _scaled(text)


def _repeating(whole: str, before: str, repeated: str) -> Fraction:
    shift = 10 ** len(before)
    tail = Fraction(int(repeated), (10 ** len(repeated) - 1) * shift)
    return int(whole or 0) + Fraction(int(before or 0), shift) + tail


def _scaled(text: str) -> Rational | None:
    """A number with a power of ten, or an integer power."""
    if match := _SCIENTIFIC.fullmatch(text):
        exponent = int(match[2] or match[3])
        if abs(exponent) > MAX_EXPONENT:
            return None
        number = Fraction(match[1].rstrip(".")) * Fraction(10) ** exponent
        places = max(len(match[1].partition(".")[2]) - exponent, 0)
        digits = len(match[1].replace(".", "").lstrip("0"))
        return Rational(number, places, digits) if places else Rational(number)
    if match := _POWER.fullmatch(text):
        base, exponent = Fraction(match[1].rstrip(".")), int(match[2])
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size * abs(exponent) > 4 * MAX_EXPONENT or (not base and exponent < 0):
            return None
        return Rational(base**exponent)
    return None


def same(one: Rational, other: Rational) -> bool:
    """Whether two fractions are one number, or one is the other rounded or cut off after digits enough."""
    if one.number == other.number:
        return True
    if (one.places is None) == (other.places is None):
        return False
    decimal, exact = (one, other) if one.places is not None else (other, one)
    return not _ends(exact.number) and (rounds(decimal, exact.number) or _cut(decimal, exact.number))


def _cut(decimal: Rational, number: Fraction) -> bool:
    """Whether a decimal is a fraction cut off after digits enough, as `0.6666666` is of 2/3."""
    if decimal.places is None or decimal.digits <= ROUNDED_DIGITS:
        return False
    gap = number - decimal.number
    return abs(gap) < Fraction(1, 10**decimal.places) and (gap > 0) == (number > 0)


def shortens(decimal: Rational, number: Fraction) -> bool:
    """Whether a decimal of any length is `number` rounded, or cut off, at its last place."""
    if not decimal.places:
        return False
    gap, unit = number - decimal.number, Fraction(1, 10**decimal.places)
    return 2 * abs(gap) <= unit or (abs(gap) < unit and (gap > 0) == (number > 0))


def rounds(decimal: Rational, number: Fraction) -> bool:
    """Whether a decimal of digits enough is `number` rounded at its last place."""
    if decimal.places is None or decimal.digits < ROUNDED_DIGITS:
        return False
    return abs(number - decimal.number) <= Fraction(1, 2 * 10**decimal.places)


def _ends(number: Fraction) -> bool:
    """Whether a fraction has a decimal that ends."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1
