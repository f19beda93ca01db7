"""An answer taken apart: lists, tuples and intervals, matrices, relations, words, and the single values they hold.

Knows structure, not values: what a value is worth is for `rational` and `algebra`. Reads canonical notation.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from treecore.tasks.verifiers.mathematics.answer import Answer, Items, Matrix, Relation, Words
from treecore.tasks.verifiers.mathematics.intervals import merged
from treecore.tasks.verifiers.mathematics.notation import CURRENCIES, FUNCTIONS, ROW, TEXT, canonical, closing
from treecore.tasks.verifiers.mathematics.rational import rational
from treecore.tasks.verifiers.mathematics.value import Value, value

MAX_ITEMS = 200
MAX_DEPTH = 12

_MATRIX = re.compile(r"\\begin\{([pbB]?matrix|array)\}\s*(?:\{[lcr|\s]*\})?(.*)\\end\{\1\}", re.DOTALL)
_OPERATORS = re.compile(r"\\(?:le|ge|ne|in)(?![a-zA-Z])|[=<>]")
_TURNED = {">": "<", r"\ge": r"\le"}
_AND = re.compile(
    r"\s*(?:\\text\s*\{\s*,?\s*(?:and|or|und|oder|et|ou|y|o)\s*\}|(?<![a-zA-Z\\{])(?:and|or)(?![a-zA-Z}])"
    r"|\\lor(?![a-zA-Z])|\\cup(?![a-zA-Z])|[或和及与])\s*"
)
_CUP = re.compile(r"\\cup(?![a-zA-Z])")
_TO = re.compile(r"\s+(?:to|\\text\s*\{\s*to\s*\})\s+")
_AND_ONLY = re.compile(r"\s*(?:\\text\s*\{\s*and\s*\}|(?<![a-zA-Z\\{])and(?![a-zA-Z}])|\\land(?![a-zA-Z])|且)\s*")
_ORDER = re.compile(r"[<>]|\\(?:le|ge)(?![a-zA-Z])")
_THOUSANDS = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?![\d,])")
_TRIPLES = re.compile(r"[1-9]\d\d(?:,[1-9]\d\d){2,}")
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ ']\d{3})+(?![\d,'])")
_EUROPEAN = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d+)(?![\d.,])")
_NAME = re.compile(
    r"(?:m?\s*\\(?:angle|triangle|vec|overline|text)\s*)?\{?\s*(?:[a-zA-Z]+|\\[a-zA-Z]+)\s*\}?'?"
    r"(?:_(?:\{[^{}]{1,12}\}|\w))?(?:\s*\(\s*[a-zA-Z](?:\s*,\s*[a-zA-Z]){0,3}\s*\))?"
)
_CONSTANTS = frozenset((r"\pi", r"\infty", r"\emptyset", "e", "i"))
_NAMES = re.compile(r"[A-Z]{2,}|\d{4}-\d\d?-\d\d?|\d\d?/\d\d?/\d{2,4}")
"""Points or outcomes in a row, whose order counts, and dates."""
_SHORT_WORDS = frozenset(["yes", "no", "odd", "one", "two", "six", "ten", "red", "all", "tie", "may"])
"""Words that are no products of their letters."""
_LEADING = re.compile(rf"[\s(\[{{+\-{''.join(CURRENCIES)}]*[\d.\\(\[{{]")
_TURNED_BRACKETS = re.compile(r"([\[\]])([^\[\]()]+,[^\[\]()]+)([\[\]])")
_CASES = re.compile(r"\\begin\{(cases|aligned|array)\}([^&]*)\\end\{\1\}", re.DOTALL)
_CHOICE = re.compile(r"([A-Za-z])\s*\)")
MAX_CHOICES_CHARS = 200
_CHOICES = re.compile(r"(?:(?:\([A-Z]\)|[A-Z]\)?)(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\Z)){2,}")
"""Letters of several choices: `A, C`, `(A) and (C)`."""
_LETTER = re.compile(r"(?<![a-zA-Z])[A-Z](?![a-zA-Z])")
_VARIABLE = re.compile(r"(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])")
_ARITHMETIC = re.compile(
    r"[\d.+\-*/^!(){}\[\]|\s]|\\(?:frac|sqrt|cdot|pi|binom|ln|overline|mod)(?![a-zA-Z])|(?<![a-zA-Z])e(?![a-zA-Z])"
)
_LOG = re.compile(r"\\log_\s*(?:\d|\{\s*\d+\s*\})\s*")
_ANGLE = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])")
_TWO_MEANINGS = re.compile(r"\d\s*\\frac|\d\s+\d|/[^+\-]*?[\d)}]\s*[({\\](?!cdot)|\^\s*\{[^{}]*\}\s*\^|!!")
"""A whole number before a fraction, a product without its sign behind a slash, powers of powers."""
_PLUS_MINUS = re.compile(r"\\(pm|mp)(?![a-zA-Z])")
_CALL = re.compile(r"[a-zA-Z]{1,4}\s*[(\[].*[)\]]")
_CONGRUENT = re.compile(
    r"(?:.*?\\equiv(?![a-zA-Z])(.*?)\(?\s*\\(?:pmod|bmod|mod)|([^=<>]*?)\\pmod)\s*(?:\{([^=<>]*)\}|([^=<>]*?))\s*\)?"
)
"""`x \\equiv 8 \\pmod{12}`, also without what is congruent."""
_WORD = re.compile(r"(?<![a-zA-Z\\])[^\W\d_]{2,}")


def read(text: str, depth: int = 0) -> Answer:
    """What an answer says. `text` in any notation."""
    return _read(canonical(text), depth)


def _read(text: str, depth: int) -> Answer:
    text = _trimmed(text)
    if depth > MAX_DEPTH:
        return Value(text)
    if is_choices(text):
        return Items("list", tuple(Value(one) for one in _LETTER.findall(TEXT.sub(r" \1 ", text))))
    if (words := plain_words(text)) is not None:
        return Words(words)
    if choice := _CHOICE.fullmatch(text):
        return value(choice[1])
    if cases := _CASES.fullmatch(text):
        return _read(",".join(row for row in cases[2].split(ROW) if row.strip(" ,")), depth + 1)
    if (turned := _TURNED_BRACKETS.fullmatch(text)) and turned[1] + turned[3] != "[]":
        brackets = {"]": "(", "[": "["}[turned[1]], {"[": ")", "]": "]"}[turned[3]]
        return _read(f"{brackets[0]}{turned[2]}{brackets[1]}", depth + 1)
    if matrix := _MATRIX.fullmatch(text):
        rows = [row for row in matrix[2].split(ROW) if row.strip()][:MAX_ITEMS]
        return Matrix(tuple(tuple(_read(cell, depth + 1) for cell in row.split("&")) for row in rows))
    if (triples := _triples(text)) is not None:
        return triples
    text = _ungrouped(text)
    if match := _CONGRUENT.fullmatch(text):
        return Items(
            "tuple",
            (_read(match[1] or match[2], depth + 1), _read(match[3] or match[4] or "", depth + 1)),
            r"\equiv",
            r"\pmod",
        )
    span = split_top(text, _TO)
    if len(span) == 2 and all(re.search(r"\d", end) for end in span):
        return Items("tuple", tuple(_read(end, depth + 1) for end in span), "to", "to")
    both = split_top(text, _AND_ONLY)
    if len(both) > 1 and all(_ORDER.search(part) for part in both):
        return Items("set", tuple(_read(part, depth + 1) for part in both), "and", "and")
    if (several := _several(text, depth)) is not None:
        return several
    if _PLUS_MINUS.search(text):
        plus = _PLUS_MINUS.sub(lambda one: "+" if one[1] == "pm" else "-", text)
        minus = _PLUS_MINUS.sub(lambda one: "-" if one[1] == "pm" else "+", text)
        return _flat([_read(plus, depth + 1), _read(minus, depth + 1)])
    if (relation := _relation(text, depth)) is not None:
        return relation
    if (group := _group(text, depth)) is not None:
        return group
    return value(text)


def _triples(text: str) -> Items | None:
    """Three or more groups of three digits that may be a number or a list; None where they are clearly one of them."""
    if not _TRIPLES.fullmatch(text) or _is_row(text):
        return None
    listed = Items("list", tuple(Value(part) for part in text.split(",")[:MAX_ITEMS]))
    return Items("either", (Value(text.replace(",", "")), listed))


def _is_row(text: str) -> bool:
    """Whether groups of digits are several numbers: all are round, or four or more of them rise or fall."""
    parts = text.split(",")
    in_order = parts in (sorted(parts), sorted(parts, reverse=True))
    return all(part.endswith("0") for part in parts) or (len(parts) > 3 and in_order)


def _joined_digits(match: re.Match[str]) -> str:
    row = _TRIPLES.fullmatch(match[0]) and _is_row(match[0]) and not re.match(r"\.\d", match.string[match.end() :])
    return match[0].replace(",", ", " if row else "")


def _ungrouped(text: str) -> str:
    """Numbers without what parts their thousands; between brackets a comma parts a tuple."""
    text = _EUROPEAN.sub(lambda one: one[1].replace(".", "") + "." + one[2], text)
    grouped = text.startswith("{") and closing(text, 0) == len(text) - 1
    if not grouped and not text.startswith(("(", "[", r"\{")):
        text = _THOUSANDS.sub(_joined_digits, text)
    return _SPACED.sub(lambda one: re.sub("[ ']", "", one[0]), text)


def _trimmed(text: str) -> str:
    text = text.strip().strip("$").strip()
    while text and text[-1] in ".,;:" and not text.endswith(r"\,"):
        text = text[:-1].rstrip()
    return text


def plain_words(text: str) -> str | None:
    """The words that an answer is, in small letters; None where it is mathematics, a number with a unit included."""
    bare = TEXT.sub(lambda one: f" {one[1]} ", text)
    if _marked_as_text(text) or _NAMES.fullmatch(text):
        return _squeezed(bare)
    words = [word for word in _WORD.findall(TEXT.sub(" ", text)) if word.casefold() not in FUNCTIONS]
    said = [word for match in TEXT.findall(text) for word in _WORD.findall(match)]
    if any(one.casefold() in ("and", "or") for one in (*words, *said)) and re.search(r"\d", bare):
        return None
    if not (words or said) or (_LEADING.match(text) and not text.startswith(r"\text")):
        return None
    telling = [one for one in (*words, *said) if re.search(r"[aeiouyà-ÿ]|[^\x00-\x7f]", one.casefold())]
    if re.search(r"[=<>^]|\\(?:le|ge|ne|in|frac|sqrt|angle)(?![a-zA-Z])", text) or not telling:
        return None
    if text.casefold() in _SHORT_WORDS:
        return _squeezed(bare)
    if words and not said and " " not in text.strip() and len(text) < 4 and not re.search(r"[^\x00-\x7f]", text):
        return None
    return _squeezed(bare)


def _marked_as_text(text: str) -> bool:
    """Whether all of it stands in `\\text{}`."""
    rest = TEXT.sub(" ", text)
    return rest != text and not rest.strip(" .()[]{}\\") and not re.search(r"\d", text)


def _squeezed(text: str) -> str:
    words = " ".join(text.casefold().replace("$", " ").split()).strip(" .!,;:")
    inside = re.fullmatch(r"\(\s*([a-z])\s*\)", words)
    return unicodedata.normalize("NFC", inside[1] if inside else words)


def split_top(text: str, separators: re.Pattern[str]) -> list[str]:
    """`text` cut at the separators that stand in no bracket."""
    depths, depth = [], 0
    for char in text:
        depth += 1 if char in "([{" else 0
        depths.append(depth)
        depth -= 1 if char in ")]}" else 0
    parts, place = [], 0
    for match in separators.finditer(text):
        if depths[match.start()] == 0 and match.start() >= place:
            parts.append(text[place : match.start()])
            place = match.end()
    return [*parts, text[place:]]


_COMMA, _COLON = re.compile(r"\s*[,;]\s*"), re.compile(r"\s*:\s*")


def _several(text: str, depth: int) -> Answer | None:
    """A list of answers, a series or a ratio; None where it is one answer."""
    parts = [part for half in split_top(text, _AND) for part in split_top(half, _COMMA)]
    parts = [part.strip() for part in parts if part.strip()][:MAX_ITEMS]
    if len(parts) < 2:
        ratio = split_top(text, _COLON)
        if len(ratio) > 1 and all(re.fullmatch(r"\s*[\w.\\{}]+\s*", part) for part in ratio):
            return Items("ratio", tuple(_read(part, depth + 1) for part in ratio[:MAX_ITEMS]))
        return None
    if (union := split_top(text, _CUP))[1:]:
        pieces = [_read(part, depth + 1) for part in union[:MAX_ITEMS]]
        if (joined := merged(pieces)) is not None:
            name = _shared_name(pieces)
            whole = joined[0] if len(joined) == 1 else Items("list", joined)
            return replace(whole, name=name) if isinstance(whole, Items) else whole
    if any(r"\ldots" in part for part in parts):
        return Items("series", tuple(_read(part, depth + 1) for part in _without_name(parts)))
    return _flat([_read(part, depth + 1) for part in _without_name(parts)])


def _shared_name(pieces: list[Answer]) -> str:
    """The name that every one of several intervals is said of; "" where there is no such name."""
    names = {piece.name if isinstance(piece, Items) else "" for piece in pieces}
    return names.pop() if len(names) == 1 else ""


def _without_name(parts: list[str]) -> list[str]:
    """`x = 1, 2` as `1, 2`: a name before the first of several counts for all."""
    first = re.match(rf"\s*{_NAME.pattern}\s*(?:=|\\in(?![a-zA-Z]))\s*(?=\S)", parts[0])
    if first and not any(_OPERATORS.search(part) for part in parts[1:]):
        return [parts[0][first.end() :], *parts[1:]]
    return parts


def _flat(found: list[Answer]) -> Answer:
    """One list of answers; the same name before each of them is left out, and lists in it are part of it."""
    items = [one for answer in found for one in (answer.items if _is_list(answer) else (answer,))]  # type: ignore[union-attr]
    names = {item.left for item in items if isinstance(item, Relation) and item.operator == "=" and is_name(item.left)}
    name = ""
    if len(names) == 1 and all(isinstance(item, Relation) and item.operator == "=" for item in items):
        items = [_unnamed(item) for item in items if isinstance(item, Relation)]
        (named,) = names
        name = _name_in(named)
    return Items("list", tuple(items[:MAX_ITEMS]), name=name)


def _unnamed(named: Relation) -> Answer:
    """What `x = ...` says that the name is; with the sum that leads up to it, where there is one."""
    if named.between and is_worked_out(named.between[0]):
        return replace(named, left=named.between[0], between=named.between[1:])
    return named.right


def _name_in(named: Answer) -> str:
    return named.text if isinstance(named, Value | Words) else ""


def _is_list(answer: Answer) -> bool:
    return isinstance(answer, Items) and answer.kind == "list"


def is_name(answer: Answer) -> bool:
    """Whether an answer is a name that something may be called: `x`, `f(x)`, `\\angle APC`."""
    if isinstance(answer, Words):
        return True
    if not isinstance(answer, Value) or answer.text in _CONSTANTS:
        return False
    return _NAME.fullmatch(answer.text) is not None


def is_choices(text: str) -> bool:
    """Whether a text is letters of several choices: `A and C`."""
    short = len(text) <= MAX_CHOICES_CHARS
    return short and _CHOICES.fullmatch(TEXT.sub(lambda one: one[1], text).strip()) is not None


def is_number(answer: Value) -> bool:
    """Whether a value is arithmetic with one meaning only: no names, no `\\log` without a base, no `\\sin 30`."""
    if answer.base is not None:
        return True
    text = _LOG.sub("", answer.text)
    bare = _ARITHMETIC.sub("", _ANGLE.sub("", text) if r"\pi" in text else text)
    return not bare.strip() and (rational(text) is not None or not _TWO_MEANINGS.search(text))


def is_worked_out(answer: Answer) -> bool:
    """Whether the other side of an equation says what `answer` is worth: a number to work out, or `P(X > 2)`."""
    if not isinstance(answer, Value):
        return isinstance(answer, Items) and answer.opens == r"\equiv"
    return _CALL.fullmatch(answer.text) is not None or not _VARIABLE.search(answer.text)


def _relation(text: str, depth: int) -> Answer | None:
    """A relation, or the interval that a name lies in; None where there is no operator."""
    operators: list[str] = []
    pattern = _OPERATORS
    parts = split_top(text, pattern)
    if len(parts) < 2:
        return None
    place = 0
    for part in parts[:-1]:
        place += len(part)
        match = pattern.match(text, place)
        if match is None:
            return None
        operators.append(match[0])
        place = match.end()
    sides = [_read(part, depth + 1) for part in parts]
    if operators[0] == r"\in" and len(parts) == 2:
        return sides[1] if is_name(sides[0]) else None
    if set(operators) <= {"<", r"\le"} or set(operators) <= {">", r"\ge"}:
        return _order(operators, sides)
    if set(operators) == {"="}:
        return Relation("=", sides[0], sides[-1], tuple(sides[1:-1]))
    return Relation(operators[0], sides[0], sides[1]) if len(parts) == 2 else None


def _order(operators: list[str], sides: list[Answer]) -> Answer | None:
    """`a < x <= b` as the interval `(a, b]`, where x is a name; another single order as a relation."""
    if operators[0] in _TURNED:
        operators, sides = [_TURNED[one] for one in reversed(operators)], sides[::-1]
    opens = ["[" if one == r"\le" else "(" for one in operators]
    closes = ["]" if one == r"\le" else ")" for one in operators]
    if len(sides) == 3 and is_name(sides[1]):
        return Items("tuple", (sides[0], sides[2]), opens[0], closes[1], name=_name_in(sides[1]))
    if len(sides) != 2:
        return None
    if is_name(sides[0]) and not is_name(sides[1]):
        return Items("tuple", (Value(r"-\infty"), sides[1]), "(", closes[0], name=_name_in(sides[0]))
    if is_name(sides[1]) and not is_name(sides[0]):
        return Items("tuple", (sides[0], Value(r"\infty")), opens[0], ")", name=_name_in(sides[1]))
    return Relation(operators[0], sides[0], sides[1])


def _group(text: str, depth: int) -> Answer | None:
    """What stands in one pair of brackets around the whole text; None where none does."""
    inner = text.replace(r"\{", "{").replace(r"\}", "}") if text.startswith(r"\{") else text
    if inner[:1] not in "([{" or not inner or closing(inner, 0) != len(inner) - 1:
        return None
    opens, closes, inside = inner[0], inner[-1], inner[1:-1]
    if opens == "{" and not inside.strip():
        return Value(r"\emptyset") if text.startswith(r"\{") else None
    if opens == "{" and text.startswith(r"\{"):
        such_that = split_top(inside, re.compile(r"\s*[|:]\s*"))
        if len(such_that) == 2:
            return _read(such_that[1], depth + 1)
        listed = _several(inside, depth)
        items = listed.items if isinstance(listed, Items) and listed.kind == "list" else (_read(inside, depth + 1),)
        return listed if isinstance(listed, Items) and listed.kind == "series" else Items("set", items)
    parts = split_top(inside, _COMMA)
    if opens == "{" and closes == "}" and len(parts) > 1:
        return Items("set", tuple(_read(part, depth + 1) for part in parts[:MAX_ITEMS]))
    if len(parts) < 2:
        return _read(inside, depth + 1) if opens + closes in ("()", "{}", "[]") else None
    if re.search(r",\s", inside) and _THOUSANDS.search(inside):
        parts = split_top(_THOUSANDS.sub(lambda one: one[0].replace(",", ""), inside), _COMMA)
    return Items("tuple", tuple(_read(part, depth + 1) for part in parts[:MAX_ITEMS]), opens, closes)
