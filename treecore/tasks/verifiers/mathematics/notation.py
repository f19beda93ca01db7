"""One spelling for every way of writing mathematics: Unicode, LaTeX and plain text become one small LaTeX.

Knows characters only. In the result `\\le`, `\\ge`, `\\ne`, `\\in`, `\\pi`, `\\infty`, `\\pm`, `\\cup`, `\\cdot` and
`\\emptyset` stand for all their spellings, exponents have braces, `°` is a degree, `%` a per cent sign, words stand in
`\\text{}`, and spacing commands and sizes of brackets are gone.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
_SUBSCRIPT = re.compile(r"[₀₁₂₃₄₅₆₇₈₉]+")
VULGAR = re.compile(r"[¼-¾⅐-⅞]")
_MARKS_OVER = {"\u0304": "overline", "\u0305": "overline", "\u0307": "dot"}
_MARKED_DIGITS = re.compile(r"(?:\d[\u0304\u0305\u0307])+")
MAX_LEVELS = 6
"""Levels of brackets whose roots and exponents get braces."""
MAX_BRACED = 300
"""Roots and exponents in brackets that are looked at; later ones stay as they are."""
DOLLAR = "\ue001"
"""Stands for a dollar that is money and no mark of mathematics."""
CURRENCIES = {DOLLAR: "dollar", "€": "euro", "£": "pound sterling", "¥": "yen", "₹": "rupee"}
_SIGNS = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "﹣": "-",
        "‐": "-",
        "‑": "-",
        "×": r"\cdot ",
        "·": r"\cdot ",
        "⋅": r"\cdot ",
        "∙": r"\cdot ",
        "∗": r"\cdot ",
        "÷": "/",
        "∕": "/",
        "⁄": "/",
        "≤": r"\le ",
        "≥": r"\ge ",
        "⩽": r"\le ",
        "⩾": r"\ge ",
        "≠": r"\ne ",
        "∈": r"\in ",
        "∪": r"\cup ",
        "∩": r"\cap ",
        "±": r"\pm ",
        "∓": r"\mp ",
        "∞": r"\infty ",
        "π": r"\pi ",
        "∅": r"\emptyset ",
        "ø": r"\emptyset ",
        "ℝ": r"\mathbb{R}",
        "√": r"\sqrt ",
        "∛": r"\sqrt[3] ",
        "º": "°",
        "˚": "°",
        "…": r"\ldots ",
        "⋯": r"\ldots ",
        "’": "'",
        "‘": "'",
        "′": "'",
        "、": ",",
        "。": ".",
        "≈": r"\approx ",
        "∨": r"\lor ",
        "∠": r"\angle ",
        "⟨": "(",
        "⟩": ")",
        "\u200b": "",
        "\ufeff": "",
    }
)
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"\\(?:left|right)\s*\.", ""),
        (r"\\(?:left|right|middle|bigl?|bigr?|Bigl?|Bigr?|biggl?|biggr?|Biggl?|Biggr?)(?![a-zA-Z])", ""),
        (r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|hfill)(?![a-zA-Z])", ""),
        (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
        (r"\\[dt]binom(?![a-zA-Z])", r"\\binom"),
        (r"\\binom\s*(\d)\s*(\d)", r"\\binom{\1}{\2}"),
        (r"\{([^{}]*)\\choose(?![a-zA-Z])([^{}]*)\}", r"\\binom{\1}{\2}"),
        (r"\\bmod(?![a-zA-Z])|(?<=[\d)}])\s*(?<![a-zA-Z\\])mod(?=\s*[\d({])", r"\\mod "),
        (r"\\(?:leq|leqslant|leqq)(?![a-zA-Z])|<=", r"\\le "),
        (r"\\(?:geq|geqslant|geqq)(?![a-zA-Z])|>=", r"\\ge "),
        (r"\\neq(?![a-zA-Z])|(?<!\d)!=", r"\\ne "),
        (r"\\lt(?![a-zA-Z])", "<"),
        (r"\\gt(?![a-zA-Z])", ">"),
        (r"\\(?:varnothing|O)(?![a-zA-Z])", r"\\emptyset "),
        (r"\\(?:times|ast|bullet)(?![a-zA-Z])", r"\\cdot "),
        (r"\\div(?![a-zA-Z])", "/"),
        (r"\\(?:dots|cdots|dotsc|dotsb|hdots)(?![a-zA-Z])|\.\.\.", r"\\ldots "),
        (r"\\vee(?![a-zA-Z])", r"\\lor "),
        (r"\\[lr]vert(?![a-zA-Z])|\\mid(?![a-zA-Z])", "|"),
        (r"\\lbrace(?![a-zA-Z])", r"\\{"),
        (r"\\rbrace(?![a-zA-Z])", r"\\}"),
        (r"\\lbrack(?![a-zA-Z])", "["),
        (r"\\rbrack(?![a-zA-Z])", "]"),
        (r"\\langle(?![a-zA-Z])", "("),
        (r"\\rangle(?![a-zA-Z])", ")"),
        (r"\\mathrm\s*\{\s*([die])\s*\}", r"\1"),
        (
            r"\\(?:textrm|textbf|textit|textnormal|mathrm|mathbf|mathit|mathsf|mbox|hbox|operatorname\*?|bf|rm)\s*(?=\{)",
            r"\\text",
        ),
        (r"\s*\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z])|\\text\s*\{\s*°\s*\}", "°"),
        (r"\^\s*\{?\s*°\s*\}?", "°"),
        (r"\\%", "%"),
        (r"(?:US\s*)?\\\$", DOLLAR),
        (r"\$", " "),
        (r"\\bar\s*(?=\{\s*\d)", r"\\overline"),
        (r"(?<=\d)\s?~\s?(?=\d)(?!\d{3}(?!\d))", " to "),
        (r"(?:plus(?: or |/)minus|正[负負])\s*(?=[\d\\(])", r"\\pm "),
        (r"(?:(?<![a-zA-Z\\-])(?i:negative|minus)\s+|[负負]\s*|マイナス\s*|(?<!\w)минус\s+)(?=[\d\\(])", "-"),
        (r"\\text\s*\{\s*(?i:negative|minus)\s*\}\s*(?=[\d\\(])", "-"),
        (r"\\text\s*\{\s*([-+]?[\d.,/ ]*\d[\d.,/ ]*(?:\s(?:and|or)\s+[-+]?[\d.,/ ]*\d[\d.,/ ]*)?)\}", r"\1"),
        (r"\\lg(?![a-zA-Z])", r"\\log_{10}"),
        (r"\\[!]", ""),
        (r"\{,\}", ","),
        (r"(?<=\d)\\[,;:]\s*(?=\d{3}(?!\d))", ","),
        (r"\\(?:[,;:>]|(?:quad|qquad)(?![a-zA-Z])|hspace\{[^{}]*\}|phantom\{[^{}]*\}|\s)|~", " "),
        (r"\\[()\[\]]", " "),
        (r"\*\*", "^"),
        (r"(?<=[\w)}\]])\s*\*\s*(?=[\w(\\{-])", r"\\cdot "),
        (r"(?<![a-zA-Z\\])(?:infinity|inf|oo)(?![a-zA-Z])", r"\\infty "),
        (r"(?<![a-zA-Z\\])pi(?![a-zA-Z])", r"\\pi "),
        (r"(?<![a-zA-Z\\])(sin|cos|tan|cot|sec|csc|log|ln|exp)(?=\s*\()", r"\\\1"),
        (r"(?<![a-zA-Z\\])a(?:rc)?(sin|cos|tan)(?=\s*\()", r"\\arc\1"),
        (
            r"\(\s*(?:\\mod|\\bmod|\\text\s*\{\s*(?i:mod)\s*\}|(?i:mod(?:ulo)?))(?![a-zA-Z])\s*([^()]*?)\s*\)",
            r"\\pmod{\1}",
        ),
        (r"(?<=[\dA-Fa-f])\s*(?:\\text\s*\{\s*)?\(\s*(?:in\s+)?base\s+(\d{1,2})\s*\)(?:\s*\})?", r"_{\1}"),
        (r"(?<=\d)\s*\(\s*(?i:percent|per cent)\s*\)", "%"),
        (r"(?<=[\d%})])\s*(?i:percent|per cent)(?![a-zA-Z])|\\text\s*\{\s*(?i:percent|per cent|%)\s*\}", "%"),
        (r"\\text\s*\{\s*(?i:degrees?)\s*\}|(?<=\d)\s*(?i:degrees?)(?![a-zA-Z])", "°"),
        (r"\\text\s*\{\s*(?:°|(?i:degrees?)(?=\s))\s*([A-Za-z]+)\s*\}", r"°\\text{\1}"),
        (r"(?<=\d)\s*\^\s*(?:o|\{\s*o\s*\})(?![a-zA-Z])", "°"),
        (r"(?<=\d)\s*(?:\\text\s*\{\s*)?(?i:([ap])\.?\s?m\b\.?)(?![a-zA-Z])(?:\s*\})?", r"\\text{\1m}"),
        (r"\^\s*(-?\d+(?!\.?\d))", r"^{\1}"),
        (r"\\sqrt\s*\[\s*([3579])\s*\]\s*\{\s*-\s*(\d+(?:\.\d+)?)\s*\}", r"(-\\sqrt[\1]{\2})"),
        (r"\\text\s*\{\s*([0-9A-Fa-f]+)\s*\}(?=\s*_)", r"\1"),
        (r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
        (r"\\frac\s*(\d)\s*(?=\{)", r"\\frac{\1}"),
        (r"(\\frac\s*\{[^{}]*\})\s*(\d)", r"\1{\2}"),
        (r"\\sqrt\s*(\[[^\]]*\])?\s*(\d+(?:\.\d+)?|[a-zA-Z])(?![a-zA-Z])", r"\\sqrt\1{\2}"),
    )
)
_RAISED = re.compile(r"\^\s*(?=\()")
_ROOT = re.compile(r"(?<![a-zA-Z\\])sqrt\s*(?=[({])|\\sqrt\s*(?:\[[^\]]*\])?\s*(?=\()")
ROW = "\ue000"
"""Stands for the double backslash that ends a row of a matrix."""
TEXT = re.compile(r"\\text\s*\{([^{}]*)\}")
FUNCTIONS = frozenset(
    (
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "sinh",
        "cosh",
        "tanh",
        "arcsin",
        "arccos",
        "arctan",
        "log",
        "ln",
        "exp",
        "sqrt",
        "mod",
        "gcd",
        "lcm",
        "min",
        "max",
        "det",
        "lim",
        "pi",
    )
)
"""Names that are mathematics and no words."""
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")


def canonical(text: str) -> str:
    """`text` in the one spelling."""
    text = _numbers_of_typography(unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).replace("\\\\", ROW)
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    text = without_wrapper(_braces(text))
    return " ".join(text.split())


def _numbers_of_typography(text: str) -> str:
    """Raised and lowered digits, fractions of one character, and digits with a mark over them, in LaTeX."""
    text = _MARKED_DIGITS.sub(_marked, text)
    text = VULGAR.sub(lambda one: r"\frac{{{}}}{{{}}}".format(*unicodedata.normalize("NFKC", one[0]).split("⁄")), text)
    text = _SUPERSCRIPT.sub(lambda one: f"^{{{unicodedata.normalize('NFKC', one[0]).replace('−', '-')}}}", text)
    return _SUBSCRIPT.sub(lambda one: f"_{{{unicodedata.normalize('NFKC', one[0])}}}", text)


def _marked(match: re.Match[str]) -> str:
    mark = _MARKS_OVER[match[0][1]]
    digits = match[0][::2]
    return rf"\overline{{{digits}}}" if mark == "overline" else "".join(rf"\dot{{{digit}}}" for digit in digits)


def _braced(text: str, opener: re.Pattern[str], name: str) -> str:
    """`text` with braces in place of the brackets that follow `opener`, which is written as `name` and its index."""
    out, place = [], 0
    for match in islice(opener.finditer(text), MAX_BRACED):
        end = closing(text, match.end()) if match.start() >= place else -1
        if end < 0:
            continue
        index = match[0][match[0].find("[") :].strip() if "[" in match[0] else ""
        inside = text[match.end() + 1 : end]
        out += [text[place : match.start()], name, index, "{", inside, "}"]
        place = end + 1
    return "".join([*out, text[place:]])


def _braces(text: str) -> str:
    """Roots and exponents in brackets as roots and exponents in braces, some levels deep."""
    for _ in range(MAX_LEVELS):
        braced = _braced(_braced(text, _ROOT, r"\sqrt"), _RAISED, "^")
        if braced == text:
            break
        text = braced
    return text


def without_wrapper(text: str) -> str:
    """`text` with the contents of each box in place of the box."""
    for _ in range(8):
        match = BOX.search(text)
        end = box_end(text, match.end() - 1) if match else -1
        if match is None or end < 0:
            return text
        text = f"{text[: match.start()]} {text[match.end() : end]} {text[end + 1 :]}"
    return text


def box_end(text: str, opening: int) -> int:
    """The place of the brace that closes the box that opens at `opening`; -1 where none does.

    Brackets inside may be turned, as in `]1,2[`, and escaped braces may stand alone.
    """
    depth = 0
    for match in _BRACE.finditer(text, opening):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0 and match[0] == "}":
            return match.start()
    return -1


def closing(text: str, opening: int) -> int:
    """The place of the bracket that closes the one at `opening`, any kinds of brackets alike; -1 where none does."""
    depth = 0
    for place in range(opening, len(text)):
        depth += 1 if text[place] in "([{" else -1 if text[place] in ")]}" else 0
        if depth == 0:
            return place
    return -1
