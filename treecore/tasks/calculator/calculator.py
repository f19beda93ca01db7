"""A calculator for models: `+ - * / ** ( )` over exact fractions, by a parser of its own. Nothing is evaluated as code.

Every input ends quickly with a number or a short text that says what is wrong: its length, its depth and the size of
every number on the way are limited before anything large is computed.
"""

from __future__ import annotations

import re
from fractions import Fraction

MAX_LENGTH = 500
MAX_DEPTH = 50
MAX_BITS = 1024
MAX_DIGITS = 300
MAX_EXPONENT = 512
_TOKEN = re.compile(r"\s*(?:([0-9]+(?:\.[0-9]*)?|\.[0-9]+)|(\*\*|[-+*/()^]))")
_SAME = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"})


class CalculatorError(Exception):
    """What is wrong with an expression, in a few words that a model may read."""


def calculate(expression: str) -> str:
    """The value of `expression` as text: a whole number, or a fraction `a/b`; `error: ...` if there is none."""
    try:
        value = evaluate(expression)
    except CalculatorError as error:
        return f"error: {error}"
    return str(value)


def evaluate(expression: str) -> Fraction:
    """The exact value of an expression.

    Raises:
        CalculatorError: it is no expression, divides by zero, or is too long, too deep or too large.
    """
    if len(expression) > MAX_LENGTH:
        raise CalculatorError(f"longer than {MAX_LENGTH} characters")
    tokens = _tokens(expression.translate(_SAME))
    if not tokens:
        raise CalculatorError("nothing to calculate")
    parser = _Parser(tokens)
    value = parser.sum(0)
    if parser.at < len(tokens):
        raise CalculatorError(f"{tokens[parser.at]!r} is not expected here")
    return value


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text[:end])
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise CalculatorError(f"{text[at:].strip()[:12]!r} cannot be read")
        tokens.append((match[1] or match[2]).replace("^", "**"))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent; `depth` counts brackets and signs that are open."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def _take(self, *wanted: str) -> str:
        """The next token if it is one of `wanted`, else ""."""
        if self.at < len(self.tokens) and self.tokens[self.at] in wanted:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while sign := self._take("+", "-"):
            other = self._product(depth)
            value = _bounded(value + other if sign == "+" else value - other)
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._signed(depth)
        while sign := self._take("*", "/"):
            other = self._signed(depth)
            if sign == "/" and not other:
                raise CalculatorError("division by zero")
            value = _bounded(value * other if sign == "*" else value / other)
        return value

    def _signed(self, depth: int) -> Fraction:
        if depth > MAX_DEPTH:
            raise CalculatorError(f"nested more than {MAX_DEPTH} deep")
        if sign := self._take("+", "-"):
            value = self._signed(depth + 1)
            return -value if sign == "-" else value
        base = self._atom(depth)
        return _power(base, self._signed(depth + 1)) if self._take("**") else base

    def _atom(self, depth: int) -> Fraction:
        if self._take("("):
            value = self.sum(depth + 1)
            if not self._take(")"):
                raise CalculatorError("a bracket is not closed")
            return value
        if self.at == len(self.tokens):
            raise CalculatorError("it ends too early")
        token = self.tokens[self.at]
        if not token[-1].isdigit() and not token[0].isdigit():
            raise CalculatorError(f"{token!r} is not expected here")
        if len(token) > MAX_DIGITS:
            raise CalculatorError(f"a number of more than {MAX_DIGITS} digits")
        self.at += 1
        return _bounded(Fraction(token))


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    """`base ** exponent` for whole exponents, refused before it is computed if it may be too large."""
    if exponent.denominator != 1:
        raise CalculatorError("only whole numbers may be exponents")
    if not base and exponent < 0:
        raise CalculatorError("division by zero")
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) > MAX_EXPONENT or size * abs(exponent.numerator) > 2 * MAX_BITS:
        raise CalculatorError("the result is too large")
    return _bounded(base**exponent.numerator)


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise CalculatorError("the result is too large")
    return value
