"""Values that need algebra, by sympy: exact where it can decide, else by hundreds of digits.

Reads one expression in canonical notation with the parser of math-verify (latex2sympy2_extended); nothing is evaluated
as code. May take long or much memory for hostile text, so it runs where it can be killed.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from treecore.tasks.verifiers.mathematics.rational import Rational, rational, rounds, shortens
from treecore.tasks.verifiers.mathematics.sizes import NotRationalError, digits, equal_fractions

DIGITS = 400
"""Digits to which two numbers must agree to be one, and twice as many more as the numbers in them have."""
MAX_DIGITS = 5000
MAX_CHARS = 1000
MAX_NESTING = 60
_POSITIVE = (
    "7/5",
    "13/11",
    "29/17",
    "31/19",
    "43/23",
    "53/37",
    "61/41",
    "73/47",
    "89/53",
    "101/59",
    "107/61",
    "127/67",
)
POINTS = 5
_WHOLE = (2, 3, 4, 5, 6, 7, 9, 10, 11, 12)
_EAGER = re.compile(
    r"\\[dt]?binom\s*\{[^{}]*(?:\d{5}|[\^!])|(?:gcd|lcm|mod).*(?:\^\s*\{[^{}]*\^|!)|\^\s*\{[^{}]*\^.*mod", re.DOTALL
)
"""Large numbers where the parser works them out at once."""
_LONG_DECIMAL = re.compile(r"(?<![\d.])(?=[\d.]{16})(\d*)\.(\d+)")


@lru_cache(maxsize=256)
def parsed(text: str) -> Any:
    """The sympy object of an expression; None where the parser knows none."""
    if len(text) > MAX_CHARS or nesting(text) > MAX_NESTING or not text.strip():
        return None
    if "!!" in text or _EAGER.search(text):
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
    if found.has(sympy.Float) and digits(found) > MAX_DIGITS:
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
    with contextlib.suppress(NotRationalError):
        return equal_fractions(a, b)
    places = _places(a, b)
    if places is None:
        return False
    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    return _equal_everywhere(a, b, symbols, places) if symbols else _equal_numbers(a, b, places)


def _places(*expressions: Any) -> int | None:
    """Digits to which expressions have to be worked out to be told apart; None where they are too many."""
    size = DIGITS + 2 * max(map(digits, expressions))
    return int(size) if size <= MAX_DIGITS else None


def rounded_by(decimal: Rational, text: str) -> bool:
    """Whether a decimal is the value of an expression, rounded to digits enough."""
    import sympy

    found = parsed(text)
    if not isinstance(found, sympy.Expr) or found.free_symbols:
        return False
    places = _places(found)
    number = None if places is None else _number(found, places)
    if number is None or not number.is_real:
        return False
    if number.is_Rational:
        return bool(Fraction(int(number.p), int(number.q)) == decimal.number)
    near = sympy.Rational(str(number))
    return rounds(decimal, Fraction(int(near.p), int(near.q)))


def differ(one: str, other: str) -> bool:
    """Whether two expressions without names are real numbers that are not one, nor one the other rounded.

    What no fraction equals may also stand beside a whole number of two digits or more that it rounds to: `20\\pi = 63`.
    """
    import sympy

    a, b = parsed(one), parsed(other)
    if not all(isinstance(side, sympy.Expr) and not side.free_symbols for side in (a, b)):
        return False
    places = _places(a, b)
    if places is None:
        return False
    first, second = _number(a.doit(), places), _number(b.doit(), places)
    if first is None or second is None or not (first.is_real and second.is_real) or _near(first, second, places):
        return False
    return not (_stands_for(one, b, second) or _stands_for(other, a, first))


def _stands_for(text: str, expression: Any, number: Any) -> bool:
    """Whether a text is a number written shorter: a decimal, or a whole number in place of what no fraction equals."""
    import sympy

    written = rational(text)
    if written is None or abs(number) == sympy.oo:
        return False
    near = sympy.Rational(str(number))
    exact = Fraction(int(near.p), int(near.q))
    if written.places is None and abs(written.number) > 9 and expression.is_rational is not True:
        return written.number == round(exact)
    return shortens(written, exact)


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
    places = _places(a, b)
    if places is None:
        return False
    symbols = sorted(a.free_symbols, key=str)
    ratios = []
    for point in _points(symbols, sign=1):
        over, under = _number(a, places, point), _number(b, places, point)
        if over is None or under is None or not under:
            return False
        ratios.append(over / under)
    return (
        bool(ratios[0]) and (not positive or ratios[0] > 0) and all(_near(ratios[0], one, places) for one in ratios[1:])
    )


def _same_case(a: Any, b: Any) -> Any:
    """`b` with its constant of integration, `c` or `C`, as `a` has it; other names are not the same in another case."""
    import sympy

    apart = {symbol.name: symbol for symbol in a.free_symbols ^ b.free_symbols}
    if apart.keys() != {"c", "C"}:
        return b
    mine, other = (apart["c"], apart["C"]) if apart["c"] in a.free_symbols else (apart["C"], apart["c"])
    added = mine not in sympy.expand(a - mine).free_symbols and other not in sympy.expand(b - other).free_symbols
    return b.xreplace({other: mine}) if added else b


def _points(symbols: Iterable[Any], *, sign: int, whole: frozenset[Any] = frozenset()) -> list[dict[Any, Any]]:
    """Fixed points without a pattern to put expressions to the test.

    Args:
        whole: names that stand for whole numbers; with any, there are more points.
    """
    import sympy

    values = [sympy.Rational(one) for one in _POSITIVE]

    def drawn(one: Any, number: int, *, place: int) -> Any:
        if one in whole:
            return sympy.Integer(_WHOLE[(number + 3 * place) % len(_WHOLE)])
        return sign * values[(5 * place + 3 * number + place * number) % len(values)]

    times = len(_WHOLE) if whole else POINTS
    return [{one: drawn(one, number, place=place) for place, one in enumerate(symbols)} for number in range(times)]


def _whole_names(*expressions: Any) -> frozenset[Any]:
    """The names in the limits of sums and products, which stand for whole numbers."""
    import sympy

    counts = [one for expression in expressions for one in expression.atoms(sympy.Sum, sympy.Product)]
    return frozenset(name for one in counts for limit in one.limits for end in limit[1:] for name in end.free_symbols)


def _equal_everywhere(a: Any, b: Any, symbols: list[Any], places: int) -> bool:
    """Agreement at every point that has numbers: where all names are positive, and where both sides are real."""
    compared, whole = 0, _whole_names(a, b)
    for sign in (1,) if whole else (1, -1):
        for point in _points(symbols, sign=sign, whole=whole):
            first, second = _number(a, places, point), _number(b, places, point)
            if first is None or second is None:
                continue
            if sign < 0 and not (first.is_real and second.is_real):
                continue
            if not _near(first, second, places):
                return False
            compared += 1
    return compared >= 2


def _equal_numbers(a: Any, b: Any, places: int) -> bool:
    import sympy

    first, second = _number(a, places), _number(b, places)
    if first is None or second is None:
        a, b = a.doit(), b.doit()
        return bool(a == b) and not a.has(sympy.nan, sympy.zoo)
    return _near(first, second, places)


def _number(expression: Any, places: int, point: Mapping[Any, Any] | None = None) -> Any:
    """The value of an expression without names, or at a point: exact, or to so many digits; None where it has none."""
    import sympy

    try:
        if point:
            expression = (expression if _whole_names(expression) else expression.doit()).xreplace(point)
        unfinished = (sympy.Sum, sympy.Product, sympy.Integral, sympy.Derivative, sympy.Limit, sympy.UnevaluatedExpr)
        if expression.has(*unfinished):
            expression = expression.doit()
        if expression in (sympy.oo, -sympy.oo):
            return expression
        if digits(expression) > places:
            return None
        found = expression.evalf(places, maxn=4 * places)
    except (TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError):
        return None
    if not found.is_number or found.has(sympy.nan, sympy.zoo) or found.atoms(sympy.Function, sympy.Symbol):
        return None
    real, imaginary = found.as_real_imag()
    return _settled(real, places) + sympy.I * _settled(imaginary, places)


def _settled(number: Any, places: int) -> Any:
    """A number of no certain digit is zero."""
    return 0 if getattr(number, "_prec", places) <= 1 else number


def _near(one: Any, other: Any, places: int) -> bool:
    import sympy

    if one == other:
        return True
    if sympy.oo in (abs(one), abs(other)):
        return False
    largest = max(abs(one), abs(other))
    return bool(abs(one - other) <= largest * sympy.Float(10) ** (20 - places))
