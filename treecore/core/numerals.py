"""How numbers are written for people: one form each for counts, signed and plain numbers, zero, and none.

`app/canvas/js/geometry.js` writes the same way.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

NONE = "–"
MINUS = "\N{MINUS SIGN}"
NOISE = 1e-9
"""Below this a number is zero."""
HUGE, SMALL = 1e4, 1e-3
"""From here on up, and below here where it would look like zero, a number is written as a power of ten."""
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def whole(n: int) -> str:
    """A count: `3,742`."""
    return f"{n:,}"


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun: `counted(1, "leaf", "leaves")` is `1 leaf`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def counted_of(n: int, one: str, many: str = "", *, total: int) -> str:
    """A part of a number: `counted_of(1, "prompt", total=6)` is `1 of 6 prompts`."""
    return f"{n:,} of {counted(total, one, many)}"


def of_hundred(share: float, *, few: str = "less") -> str:
    """A share as so many of 100; of some it is neither none nor all: `less than 1`, `more than 99`.

    Args:
        few: in place of `less`, where things are counted.
    """
    rounded = math.floor(100 * share + 0.5)
    if rounded == 0 and share > 0:
        return f"{few} than 1"
    return "more than 99" if rounded == 100 and share < 1 else f"{rounded}"


def percent(share: float) -> str:
    """A share in whole percent: `75 %`, and else as `of_hundred`."""
    return f"{of_hundred(share)}\N{NO-BREAK SPACE}%"


def in_words(n: int, one: str, many: str = "") -> str:
    """`two chains`: small numbers as words."""
    return f"{WORDS[n]} {one if n == 1 else many or one + 's'}" if n < len(WORDS) else counted(n, one, many)


def plain(value: float, decimals: int = 2) -> str:
    """A number with so many decimals; NaN, which is "not assigned", as a dash, and zero as 0.

    Huge numbers are powers of ten; of small ones that would look like zero, one digit is written.
    """
    if not math.isfinite(value):
        return NONE
    size = abs(value)
    if size < NOISE:
        return "0"
    return (MINUS if value < 0 else "") + magnitude(size, decimals)


def magnitude(size: float, decimals: int) -> str:
    """A number above zero."""
    if size >= HUGE:
        return power(size, 1)
    text = str(rounded(Decimal(size), decimals))
    if any(digit in text for digit in "123456789"):
        return text
    return power(size, 0) if size < SMALL else str(rounded(Decimal(size), -Decimal(size).adjusted()))


def power(size: float, decimals: int) -> str:
    """`1.2e4` for 12,345."""
    exact = Decimal(size)
    exponent = exact.adjusted()
    mantissa = rounded(exact.scaleb(-exponent), decimals)
    if mantissa >= 10:
        mantissa, exponent = rounded(mantissa / 10, decimals), exponent + 1
    return f"{mantissa}e{exponent}"


def rounded(exact: Decimal, decimals: int) -> Decimal:
    """The nearest number with so many decimals, halves upwards, as browsers round."""
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def signed(value: float, decimals: int = 2) -> str:
    """As `plain`, with a plus sign above zero."""
    text = plain(value, decimals)
    return f"+{text}" if value >= NOISE and text != NONE else text


def short(value: float) -> str:
    """A number as it is best read: whole, as the fraction that it is, or with two decimals."""
    if math.isfinite(value) and abs(value) < HUGE:
        exact = f"{value:.0f}" if float(value).is_integer() else exact_fraction(value)
        if exact:
            return "0" if exact == "-0" else exact.replace("-", MINUS)
    return plain(value)


def exact_fraction(value: float) -> str:
    """`2/3` when `value` is a fraction with a denominator from 2 to 999, else ""."""
    if not math.isfinite(value):
        return ""
    fraction = Fraction(value).limit_denominator(999)
    if fraction.denominator == 1 or abs(float(fraction) - value) > 1e-12:
        return ""
    return f"{fraction.numerator}/{fraction.denominator}"
