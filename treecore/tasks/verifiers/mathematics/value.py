"""One value of an answer, with what stands behind it taken off: unit, per cent sign, degree sign, ordinal, base.

Knows how these are written, not what the value is worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from treecore.tasks.verifiers.mathematics.notation import CURRENCIES, FUNCTIONS, TEXT
from treecore.tasks.verifiers.mathematics.parenthesis import CHANGES, NO_UNIT

_BASE = re.compile(r"\(?\s*([0-9A-Fa-f]+)\s*\)?\s*_\s*(?:\{\s*(?:\\text\s*\{)?\s*(\d{1,2}|[a-z]{3,7})\s*\}?\s*\}|(\d))")
_BASES = {
    name: base for base, name in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 2)
} | {"twelve": 12, "sixteen": 16}
_WRITTEN_BASE = re.compile(r"_\s*\{\s*(?:\(\s*(\d{1,2})\s*\)|\\text\s*\{\s*base\s*\}?\s*(\d{1,2})\s*\}?)\s*\}")
_ORDINAL = re.compile(r"(?<=\d)\s*(?:\^\s*\{\s*)?(?:\\text\s*\{\s*)?(?:st|nd|rd|th)(?:\s*\})*(?![a-zA-Z])")
_UNIT = re.compile(
    r"(?:(?<=[\d}°)])|(?<=\\pi)|(?<=\\pi\s))\s*"
    r"((?:[\u3040-\u30ff\u4e00-\u9fff]{1,4}|(?:[ckdm]?m|ft|in)[23](?!\w)|\\text\s*\{[^{}]*\}|[a-zA-Z°]{2,}\.?|[mgsLlhN](?![a-zA-Z]))"
    r"(?:\s*(?:/\s*[a-zA-Z]+|/|\^\s*\{[-\d]+\}|\\text\s*\{[^{}]*\}|\s[a-zA-Z]{2,}|°|\.))*)\s*$"
)
_NO_UNIT_WORDS = re.compile(rf"{NO_UNIT}|(?:or|and)\s+not\b|\(\s*{CHANGES}", re.IGNORECASE)
_REMARK = re.compile(
    rf"(?<=[\d}}°)])\s+\(\s*(?!{CHANGES})([a-zA-Z]+(?:[ /][a-zA-Z]+)*(?:\s*\^\s*\{{[23]\}})?)\s*\)\s*\Z"
)
"""A parenthesis of words behind a number: a unit between brackets, or a remark."""
_UNITS = {
    "mm": "millimeter millimetre",
    "cm": "centimeter centimetre",
    "m": "meter metre",
    "km": "kilometer kilometre",
    "in": "inch inche",
    "ft": "foot feet",
    "yd": "yard",
    "mi": "mile",
    "g": "gram",
    "kg": "kilogram",
    "mg": "milligram",
    "lb": "pound lbs",
    "oz": "ounce",
    "s": "sec second",
    "min": "minute",
    "h": "hr hour",
    "d": "day",
    "wk": "week",
    "yr": "year",
    "l": "liter litre",
    "ml": "milliliter millilitre",
    "mph": "",
    "rad": "radian",
    "cent": "",
    "celsius": "c",
    "fahrenheit": "f",
    "dollar": "usd",
    "euro": "eur",
    "yen": "jpy",
    "rupee": "inr",
}
_DEGREES = re.compile(
    r"°\s*(?:\\text\s*\{\s*)?(?:(C|(?i:celsius))|(F|(?i:fahrenheit))|(K|(?i:kelvin)))?(?![a-zA-Z])\s*\}?\s*\Z"
)
_MINUTES = re.compile(r"([-+]?)(\d{1,9})\s*°\s*(\d{1,9})\s*'(?:\s*(\d{1,9})\s*(?:''|\"))?")
_TURN = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])")
_ANGLE = re.compile(
    r"(\d+(?:\.\d+)?|\{\s*\d+(?:\.\d+)?\s*\}|(?<![a-zA-Z\\])[a-zA-Z]|\\(?:alpha|beta|gamma|theta|phi))\s*°"
)
_MONEY = re.compile(rf"\A\s*([-+]?)\s*([{''.join(CURRENCIES)}])\s*|\s*([{''.join(CURRENCIES)}])\s*\Z")
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALE = re.compile(rf"([-+]?\d+(?:\.\d+)?)\s*(?:\\text\s*\{{\s*)?({'|'.join(_SCALES)})(?:\s*\}})?", re.IGNORECASE)
_NO_UNIT_SIGNS = frozenset("万萬亿億兆千百十成折半割分点點")
"""Signs that change the number before them."""
_METRIC = ("千克", "千米")
_SPELT_UNITS = {name: unit for unit, names in _UNITS.items() for name in (unit, *names.split())}


@dataclass(frozen=True)
class Value:
    """One number or expression.

    Attributes:
        text: in canonical notation, without unit, per cent sign and base.
        percent: whether a per cent sign stood behind it.
        unit: the physical unit or currency in one spelling, "" where there is none that is known.
        base: of the digits in `text`; None where none is given.
    """

    text: str
    percent: bool = False
    unit: str = ""
    base: int | None = None


def value(text: str) -> Value:
    """One value, its unit, per cent sign and base taken off."""
    text = _unbracketed(_ORDINAL.sub("", text))
    based = _BASE.fullmatch(_WRITTEN_BASE.sub(lambda one: f"_{{{one[1] or one[2]}}}", text))
    if based:
        written = based[2] or based[3]
        base = _BASES.get(written) or (int(written) if written.isdigit() else 0)
        if 2 <= base <= 16 and all(int(digit, 16) < base or base < 2 for digit in based[1]):
            return Value(based[1].upper(), base=base)
        return Value(text)
    if money := _MONEY.search(text):
        amount = f"{money[1] or ''}{text[: money.start()]}{text[money.end() :]}"
        return replace(value(amount), unit=CURRENCIES[money[2] or money[3]])
    if "°" in text and (angle := _angle(text)) is not None:
        return angle
    found = Value(text.strip())
    if (match := _UNIT.search(text)) and not _SCALE.fullmatch(text):
        words = TEXT.sub(lambda one: f" {one[1]} ", match[1]).split()
        if not words or not (
            _NO_UNIT_WORDS.match(" ".join(words))
            or words[0].casefold() in FUNCTIONS
            or (words[0][0] in _NO_UNIT_SIGNS and words[0][:2] not in _METRIC)
        ):
            found = Value(text[: match.start()].strip(), unit=_unit(words))
    if match := _SCALE.fullmatch(found.text):
        found = replace(found, text=f"{match[1]}e{_SCALES[match[2].casefold()]}")
    bare = found.text.replace("°", "").strip()
    if bare.endswith("%"):
        return replace(found, text=bare.rstrip("% "), percent=True)
    return replace(found, text=bare)


def _unbracketed(text: str) -> str:
    """`5 (units)` as `5 units`; letters that may be a product stay between their brackets."""
    remark = _REMARK.search(text)
    if remark is None:
        return text
    words = re.findall(r"[a-zA-Z]+", remark[1])
    named = any(len(word) > 2 and re.search("[aeiouy]", word.casefold()) for word in words)
    return f"{text[: remark.start()]} {remark[1]}" if named or words[0].casefold() in _SPELT_UNITS else text


def _angle(text: str) -> Value | None:
    """Degrees, of an angle or of warmth; None where the degree sign stands within an expression that takes it off."""
    if _TURN.search(text):
        return Value(_ANGLE.sub(r"(\\frac{\\pi}{180}\\cdot \1)", text).strip())
    if match := _MINUTES.fullmatch(text.strip()):
        seconds = 3600 * int(match[2]) + 60 * int(match[3]) + int(match[4] or 0)
        return Value(rf"{match[1]}\frac{{{seconds}}}{{3600}}", unit="degree")
    if match := _DEGREES.search(text):
        names = ("celsius", "fahrenheit", "kelvin")
        unit = next((name for name, said in zip(names, match.groups(), strict=True) if said), "degree")
        return Value(text[: match.start()].replace("°", "").strip(), unit=unit)
    return None


def _unit(words: list[str]) -> str:
    """A unit in one spelling with its power; other words as they are, without a plural."""
    if not words:
        return ""
    if raised := {"square": 2, "sq": 2, "cubic": 3}.get(words[0].casefold().rstrip(".")):
        return f"{_unit(words[1:])}^{raised}"
    if (half := words[0].casefold().replace(".", "")) in ("am", "pm"):
        return half
    first = re.sub(r"\^.*|[./°].*", "", words[0]).casefold()
    known = _SPELT_UNITS.get(first) or _SPELT_UNITS.get(first.rstrip("s"))
    if not known:
        return " ".join(word.casefold().rstrip("s.") for word in words)
    power = re.search(r"\^\s*\{?\s*(-?\d)", " ".join(words))
    return f"{known}{'^' + power[1] if power and power[1] != '1' else ''}"
