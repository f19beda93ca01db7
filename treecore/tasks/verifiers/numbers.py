"""Numbers in text as exact fractions, by one small grammar; units are passed over.

A number is a sign, digits with thousands and decimals, then perhaps `e5`, a power (`10^5`) or `\\times 10^5`, and a
divisor (`a/b`); or a whole number and a fraction (`1 1/2`); or `\\frac` of two numbers. Thousands are parted by commas,
apostrophes or single spaces, narrow ones and those of LaTeX included. The grammar also knows what it does not read,
such as `\\sqrt{2}` or `2\\pi`, so that no part of that passes for a number.

Nothing grows: a number longer than `MAX_DIGITS` or with a larger exponent is not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from fractions import Fraction

from treecore.tasks.verifiers.mathematics.notation import VULGAR

MAX_DIGITS = 400
MAX_EXPONENT = 400
_SPACES = " \u00a0\u2007\u2009\u202f"
_DIGITS = rf"(?:\d{{1,3}}(?:(?:,\d{{3}}){{1,50}}|(?:['’]\d{{3}}){{1,50}}|(?:[{_SPACES}]\d{{3}}){{1,50}})(?!\d)|\d+)"
_PLAIN = rf"(?:{_DIGITS}(?:\.\d+)?|\.\d+)"
_ARGUMENT = rf"(?:\{{\s*[-−]?{_PLAIN}\s*\}}|\s*\d)"
_RAISED = r"(?:\s?\^\s?|\*\*|\s\*\*\s)"
_POWER = rf"{_RAISED}(?:\{{[-+−]?\d+\}}|[-+−]?\d+(?!\.?\d))"
_BRACED = r"\s*+\{(?:[^{}]|\{[^{}]*\})*+\}"
_TIMES = r"(?:\\cdot|\\times|[*·×])"
_NUMBER = re.compile(
    r"(?P<raised>(?:(?<=[\d\s]m)|(?<=[\d\s][ckdm]m)|(?<=[\d\s]ft)|(?<=[\d\s]in))[23](?!\w|\.\d))"
    rf"|(?P<sign>(?<![\w)\]}}])[-+−])?[$€£¥]?(?:"
    rf"(?:(?P<whole>{_DIGITS})\s?)?\\[dtc]?frac(?P<over>{_ARGUMENT})(?P<under>{_ARGUMENT})"
    rf"|(?P<ones>{_DIGITS})[{_SPACES}](?P<part>\d\d?)/(?P<parts>\d+)(?!\d)"
    rf"|(?P<plain>{_PLAIN})(?:[eE](?P<exponent>[-+]?\d+)(?!\w)"
    rf"|\s?(?:\\times|\\cdot|[×·*xX])\s?10(?P<times>{_POWER})|(?P<power>(?:{_POWER})+))?(?:\s?/\s?(?P<divisor>{_PLAIN}))?"
    rf")(?:(?=(?P<factor>\s{{0,3}}(?:{_TIMES}\s?)?(?:\\pi|\\sqrt|pi(?![^\W_])|[π√])|\s?\^|\*\*[\d({{-])))?"
    rf"|(?P<unit>(?<=[^\W\d_]){_POWER})"
    rf"|(?P<unread>(?:\\[dtc]?frac(?:{_BRACED}|\s?\w)?|\\sqrt(?:\[[^]]{{0,20}}\])?|√"
    r"|(?<=[\w)\]}])\s?\^\s?[-+−]?|(?<=[\d)\]}])\*\*(?=[\d({-])[-+−]?)"
    rf"(?:{_BRACED}|\s?[\w.]+)?)"
)
_UNITS = re.compile(r"""(?:[^\W\d_π]|[\s$€£¥%°.,;:?'"’()\[\]{}#=~≈]|(?<=[^\W\d_])[-/](?=[^\W\d_]))*""")
_VARIABLE = re.compile(r"\s?[xyz](?![^\W_])")
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox)\s*\{([^{}]*)\}")
_DEGREES = re.compile(r"\s?\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![a-z]))|\\degree(?![a-z])")
_ORDINAL = re.compile(r"(?<=\d)\s?\^\s?(?:\{\s?(st|nd|rd|th)\s?\}|\s?(st|nd|rd|th)(?![^\W_]))")
_APART = re.compile(
    r"(\A\s{0,9}|[=≈:#(]\s?|(?<![\w)\]}])\$\s?|(?<!\w)(?:is|was|be|equals|to|of)\s)(?:[-−]|minus)\s{1,3}(?=[\d.$\\])"
)
"""A minus sign with a space after it, or as a word, where nothing stands that it could take from."""
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")


def last_number(text: str) -> Fraction | None:
    """The last number written in `text`, or None when there is none, or it is one that is not read.

    `1,234.5` and `1 000` are one number each, `1/3` is a third, `1 1/2` three halves, `3\\times 10^5` is 300000, `50%`
    is 50, `5-3` and `5 - 3` end in 3, `-3` after a space or at the start is negative, as are `= - 3` and `is minus 3`.
    """
    last = deque((one for one in _NUMBER.finditer(_spelt(text)) if not (one["unit"] or one["raised"])), maxlen=1)
    return _value(last[0]) if last else None


def clear_number(text: str) -> Fraction | None:
    """The number that `text` is, beside its unit and words; what follows the last `####` counts.

    None if it is no number, holds several, or calculates with one.
    """
    text = _spelt(text.rpartition("####")[2])
    found = [one for one in _NUMBER.finditer(text) if not (one["unit"] or one["raised"])]
    if len(found) != 1 or _VARIABLE.match(text, found[0].end()):
        return None
    before, after = text[: found[0].start()], text[found[0].end() :]
    if before[-1:].isalpha() and found[0][0][0].isdigit():
        return None
    return _value(found[0]) if _UNITS.fullmatch(_NUMBER.sub("", f"{before} {after}")) else None


def _spelt(text: str) -> str:
    """Spaces, signs and digits of LaTeX and of typography as the grammar has them."""
    text = text.replace("{,}", ",").replace("\\!", "").replace("\\$", "$").replace("\\%", "%")
    text = _TEXT.sub(r" \1", re.sub(r"\\[,;: ()\[\]]", " ", text.replace("–", "−")))
    text = _ORDINAL.sub(r"\1\2", _DEGREES.sub("°", text))
    text = _APART.sub(r"\1-", text)
    text = VULGAR.sub(lambda one: " " + unicodedata.normalize("NFKC", one[0]).replace("⁄", "/"), text)
    return _SUPERSCRIPTS.sub(lambda one: f"^{{{unicodedata.normalize('NFKC', one[0])}}}", text)


def _value(match: re.Match[str]) -> Fraction | None:
    if match["unread"] or match["factor"] or len(match.group()) > 3 * MAX_DIGITS:
        return None
    sign = -1 if match["sign"] in ("-", "−") else 1
    if match["plain"]:
        value = _quotient(_scaled(match), _fraction(match["divisor"] or "1"))
    else:
        over, under = (match["over"], match["under"]) if match["over"] else (match["part"], match["parts"])
        value = _quotient(_fraction(over), _fraction(under))
        if whole := match["whole"] or match["ones"]:
            if value is None or not 0 < value < 1:
                return value if match["ones"] else None
            value += _fraction(whole) or 0
    return None if value is None else sign * value


def _quotient(over: Fraction | None, under: Fraction | None) -> Fraction | None:
    return over / under if over is not None and under else None


def _scaled(match: re.Match[str]) -> Fraction | None:
    """The plain number of a match with its exponent or power."""
    value, ten = _fraction(match["plain"]), Fraction(10)
    if value is None:
        return None
    if match["power"]:
        exponents = re.findall(_POWER, match["power"])
        return _power(value, exponents[0]) if len(exponents) == 1 else None
    scale = _power(ten, match["exponent"] or match["times"] or "0")
    return None if scale is None else value * scale


def _power(base: Fraction, written: str) -> Fraction | None:
    exponent = re.sub(r"[^-\d]", "", written.replace("−", "-"))
    if len(exponent) > 5 or abs(int(exponent)) > MAX_EXPONENT or (not base and int(exponent) < 0):
        return None
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    return base ** int(exponent) if size * abs(int(exponent)) <= 4 * MAX_EXPONENT else None


def _fraction(text: str) -> Fraction | None:
    digits = re.sub(rf"[,'’{{}}\n\t{_SPACES}]", "", text).replace("−", "-")
    return Fraction(digits) if 0 < len(digits) <= MAX_DIGITS else None
