"""Values that need algebra, by sympy: exact where it can decide, else by hundreds of digits.

Reads one expression in canonical notation with the parser of math-verify (latex2sympy2_extended); nothing is evaluated
as code. May take long or much memory for hostile text, so it runs where it can be killed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from treecore.tasks.mathematics.rational import Rational, rounds

DIGITS = 400
"""Digits to which two numbers must agree to be one."""
MAX_CHARS = 1000
MAX_NESTING = 60
_POSITIVE = (
    "7/5", "13/11", "29/17", "31/19", "43/23", "53/37", "61/41", "73/47", "89/53", "101/59", "107/61", "127/67",
)  # fmt: skip
POINTS = 5
_LONG_DECIMAL = re.compile(r"(?<![\d.])(?=[\d.]{16})(\d*)\.(\d+)")


@lru_cache(maxsize=256)
def parsed(text: str) -> Any:
    """The sympy object of an expression; None where the parser knows none."""
    if len(text) > MAX_CHARS or nesting(text) > MAX_NESTING or not text.strip():
        return None
    from latex2sympy2_extended import latex2sympy
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig

    settings = ConversionConfig(interpret_simple_eq_as_assignment=False, lowercase_symbols=False)
    try:
        found = latex2sympy(
            _LONG_DECIMAL.sub(_as_fraction, text), normalization_config=None, conversion_config=settings
        )
        return _exact(found)
    except MemoryError:
        raise
    except Exception:
        return None


def _as_fraction(match: re.Match[str]) -> str:
    """A decimal with more digits than a float holds."""
    return rf"(\frac{{{match[1]}{match[2]}}}{{{10 ** len(match[2])}}})"


def nesting(text: str) -> int:
    """How deep the brackets of a text go."""
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _exact(found: Any) -> Any:
    """Decimals as the fractions they were written as, `i` as the imaginary unit, unknown functions as symbols."""
    import sympy
    from sympy.core.function import AppliedUndef

    if not isinstance(found, sympy.Basic):
        return None
    decimals = {one: sympy.Rational(repr(float(one))) for one in found.atoms(sympy.Float)}
    functions = {one: sympy.Symbol(str(one).replace(" ", "")) for one in found.atoms(AppliedUndef)}
    units = {one: sympy.I for one in found.atoms(sympy.Symbol) if one.name == "i"}
    return found.xreplace({**decimals, **functions, **units})


def equal_expressions(one: str, other: str) -> bool:
    """Whether two expressions are one value, or one function of their names."""
    a, b = parsed(one), parsed(other)
    if a is None or b is None:
        return False
    import sympy

    if a == b:
        return not a.has(sympy.nan, sympy.zoo)
    if not (isinstance(a, sympy.Expr) and isinstance(b, sympy.Expr)):
        return False
    b = _same_case(a, b)
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    return _equal_everywhere(a, b, symbols) if symbols else _equal_numbers(a, b)


def rounded_by(decimal: Rational, text: str) -> bool:
    """Whether a decimal is the value of an expression, rounded to digits enough."""
    import sympy

    found = parsed(text)
    if not isinstance(found, sympy.Expr) or found.free_symbols:
        return False
    number = _number(found)
    if number is None or not number.is_real:
        return False
    if number.is_Rational:
        return bool(Fraction(int(number.p), int(number.q)) == decimal.number)
    near = sympy.Rational(str(number))
    return rounds(decimal, Fraction(int(near.p), int(near.q)))


def proportional(one: tuple[str, str], other: tuple[str, str], *, positive: bool) -> bool:
    """Whether two relations, each as left and right side, say the same: one difference is a multiple of the other.

    Args:
        positive: the multiple must be above 0, as for `<`.
    """
    import sympy

    sides = [parsed(text) for text in (*one, *other)]
    if not all(isinstance(side, sympy.Expr) for side in sides):
        return False
    a, b = sides[0] - sides[1], sides[2] - sides[3]
    b = _same_case(a, b)
    if a.free_symbols != b.free_symbols or not a.free_symbols:
        return False
    symbols = sorted(a.free_symbols, key=str)
    ratios = []
    for point in _points(symbols, sign=1):
        over, under = _number(a, point), _number(b, point)
        if over is None or under is None or not under:
            return False
        ratios.append(over / under)
    return bool(ratios[0]) and (not positive or ratios[0] > 0) and all(_near(ratios[0], one) for one in ratios[1:])


def _same_case(a: Any, b: Any) -> Any:
    """`b` with its constant of integration, `c` or `C`, as `a` has it; other names are not the same in another case."""
    import sympy

    apart = {symbol.name: symbol for symbol in a.free_symbols ^ b.free_symbols}
    if apart.keys() != {"c", "C"}:
        return b
    mine, other = (apart["c"], apart["C"]) if apart["c"] in a.free_symbols else (apart["C"], apart["c"])
    added = mine not in sympy.expand(a - mine).free_symbols and other not in sympy.expand(b - other).free_symbols
    return b.xreplace({other: mine}) if added else b


def _points(symbols: Iterable[Any], *, sign: int) -> list[dict[Any, Any]]:
    """Fixed points without a pattern to put expressions to the test."""
    import sympy

    values = [sympy.Rational(one) for one in _POSITIVE]

    def drawn(number: int, place: int) -> Any:
        return sign * values[(5 * place + 3 * number + place * number) % len(values)]

    return [{one: drawn(number, place) for place, one in enumerate(symbols)} for number in range(POINTS)]


def _equal_everywhere(a: Any, b: Any, symbols: list[Any]) -> bool:
    """Agreement at every point that can be told: where all names are positive, and where both sides are real."""
    compared = 0
    for sign in (1, -1):
        for point in _points(symbols, sign=sign):
            first, second = _number(a, point), _number(b, point)
            if first is None or second is None:
                continue
            if sign < 0 and not (first.is_real and second.is_real):
                continue
            if not _near(first, second):
                return False
            compared += 1
    return compared >= 2


def _equal_numbers(a: Any, b: Any) -> bool:
    import sympy

    first, second = _number(a), _number(b)
    if first is None or second is None:
        a, b = a.doit(), b.doit()
        return bool(a == b) and not a.has(sympy.nan, sympy.zoo)
    return _near(first, second)


def _number(expression: Any, point: Mapping[Any, Any] | None = None) -> Any:
    """The value of an expression without names, or at a point: exact, or to `DIGITS` digits; None where it has none."""
    import sympy

    try:
        expression = expression.doit().xreplace(point) if point else expression
        unfinished = (sympy.Sum, sympy.Product, sympy.Integral, sympy.Derivative, sympy.Limit, sympy.UnevaluatedExpr)
        if expression.has(*unfinished):
            expression = expression.doit()
        if expression in (sympy.oo, -sympy.oo):
            return expression
        found = expression.evalf(DIGITS, maxn=4 * DIGITS)
    except (TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError):
        return None
    if not found.is_number or found.has(sympy.nan, sympy.zoo) or found.atoms(sympy.Function, sympy.Symbol):
        return None
    real, imaginary = found.as_real_imag()
    return _settled(real) + sympy.I * _settled(imaginary)


def _settled(number: Any) -> Any:
    """A number of no certain digit is zero."""
    return 0 if getattr(number, "_prec", DIGITS) <= 1 else number


def _near(one: Any, other: Any) -> bool:
    import sympy

    if one == other:
        return True
    if sympy.oo in (abs(one), abs(other)):
        return False
    largest = max(abs(one), abs(other))
    return bool(abs(one - other) <= largest * sympy.Float(10) ** (20 - DIGITS))
