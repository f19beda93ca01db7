"""Numbers in text as exact fractions: commas, decimals, exponents, `a/b` and LaTeX fractions; units are passed over.

Nothing is computed and nothing grows: a number longer than `MAX_DIGITS` or with a larger exponent is not read.
"""

from __future__ import annotations

import re
from collections import deque
from fractions import Fraction

MAX_DIGITS = 400
MAX_EXPONENT = 400
_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,50}(?!\d)|\d+)"
_PLAIN = rf"(?:{_DIGITS}(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?P<sign>(?<![\w)\]}}])[-+−])?[$€£¥]?"
    rf"(?:\\[dt]?frac\{{(?P<over>[-−]?{_PLAIN})\}}\{{(?P<under>[-−]?{_PLAIN})\}}"
    rf"|(?P<plain>{_PLAIN})(?:[eE](?P<exponent>[-+]?\d+)(?!\w))?(?:\s?/\s?(?P<divisor>{_PLAIN}))?)"
)


def last_number(text: str) -> Fraction | None:
    """The last number written in `text`, or None when there is none that can be read.

    `1,234.5` is one number, `1/3` is a third, `50%` is 50, `5-3` ends in 3, `-3` after a space or at the start is
    negative.
    """
    last = deque(_NUMBER.finditer(text), maxlen=1)
    return _value(last[0]) if last else None


def _value(match: re.Match[str]) -> Fraction | None:
    if len(match.group()) > 3 * MAX_DIGITS:
        return None
    sign = -1 if match["sign"] in ("-", "−") else 1
    if match["over"]:
        over, under = _fraction(match["over"]), _fraction(match["under"])
    else:
        over, under = _fraction(match["plain"]), _fraction(match["divisor"] or "1")
        exponent = match["exponent"] or "0"
        if len(exponent) > 5 or abs(int(exponent)) > MAX_EXPONENT:
            return None
        over = over * Fraction(10) ** int(exponent) if over is not None else None
    if over is None or not under:
        return None
    return sign * over / under


def _fraction(text: str) -> Fraction | None:
    return Fraction(text.replace(",", "").replace("−", "-")) if len(text) <= MAX_DIGITS else None
