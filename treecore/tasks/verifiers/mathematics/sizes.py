"""How large an expression is before any of it is computed, and exact comparison of what is too large to write out.

Works on sympy objects that the parser left unevaluated. Towers of powers are compared by their remainders modulo
primes: that costs the depth of a tower, not its size.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

MAX_EXACT = 2000
"""Decimal digits to which a fraction is written out."""
MAX_FACTORIAL = 2_000_000
PRIMES = (2305843009213699919, 2305843009213701227, 2305843009213702163, 2305843009213702187)
"""Safe primes: p - 1 is twice a prime, so that an exponent does not vanish modulo p - 1 by accident."""
_SYMBOL_DIGITS = 3.0
"""Digits of the points at which names are put to the test."""
_SYMBOL_SIZE = 4.0
_MAX_SIZE = 300.0


class NotRationalError(Exception):
    """An expression is no sum, product, integer power or factorial of fractions, or has no value."""


@lru_cache(maxsize=4096)
def digits(expression: Any) -> float:
    """An upper bound of the decimal digits of an expression's numerator, denominator and argument; inf for a tower."""
    import sympy

    if isinstance(expression, sympy.Rational):
        return max(_log10(abs(int(expression.p))), _log10(int(expression.q)))
    if isinstance(expression, sympy.Float):
        _, mantissa, exponent, bits = expression._mpf_
        return float(bits + abs(exponent)) * math.log10(2) if mantissa else 0.0
    if isinstance(expression, sympy.Symbol):
        return _SYMBOL_DIGITS
    parts = [digits(one) for one in expression.args]
    if isinstance(expression, sympy.Pow):
        return parts[0] * _magnitude(expression.exp) + parts[1]
    if isinstance(expression, sympy.exp | sympy.sinh | sympy.cosh):
        return _magnitude(expression.args[0]) + parts[0]
    if isinstance(expression, sympy.factorial | sympy.gamma | sympy.factorial2):
        largest = _magnitude(expression.args[0])
        return largest * math.log10(largest + 2)
    if isinstance(expression, sympy.binomial):
        return _magnitude(expression.args[0]) + sum(parts)
    return sum(parts) + math.log10(len(parts) + 1)


def _log10(number: int) -> float:
    return number.bit_length() * math.log10(2) if number > 1 else 0.0


@lru_cache(maxsize=4096)
def _magnitude(expression: Any) -> float:
    """About how large an expression is at most in absolute value; inf for a tower."""
    import sympy

    number = exact(expression)
    if number is not None:
        return float(abs(number)) if digits(expression) < _MAX_SIZE else math.inf
    if isinstance(expression, sympy.Symbol):
        return _SYMBOL_SIZE
    if isinstance(expression, sympy.Add):
        return sum(map(_magnitude, expression.args))
    if isinstance(expression, sympy.Mul):
        return math.prod(map(_magnitude, expression.args))
    if isinstance(expression, sympy.Pow | sympy.exp):
        base, exponent = (max(_magnitude(expression.args[0]), 1.0), expression.args[-1])
        base = math.e if isinstance(expression, sympy.exp) else base
        size = math.log10(base) * _magnitude(exponent)
    else:
        size = digits(expression)
    return 10.0**size if size < _MAX_SIZE else math.inf


@lru_cache(maxsize=4096)
def exact(expression: Any) -> Fraction | None:
    """The fraction that an expression is; None where it is none, or one of more than `MAX_EXACT` digits."""
    import sympy

    if isinstance(expression, sympy.Rational):
        return Fraction(int(expression.p), int(expression.q))
    if not isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow | sympy.factorial):
        return None
    parts = [exact(one) for one in expression.args]
    numbers = [one for one in parts if one is not None]
    if len(numbers) < len(parts) or digits(expression) > MAX_EXACT:
        return None
    if isinstance(expression, sympy.Add):
        return sum(numbers, Fraction(0))
    if isinstance(expression, sympy.Mul):
        return math.prod(numbers, start=Fraction(1))
    last = numbers[-1]
    if last.denominator != 1 or (isinstance(expression, sympy.factorial) and last < 0):
        return None
    if isinstance(expression, sympy.factorial):
        return Fraction(math.factorial(int(last)))
    return numbers[0] ** int(last) if numbers[0] or last >= 0 else None


def equal_fractions(one: Any, other: Any) -> bool:
    """Whether two expressions of any size are the same fraction, or the same quotient of polynomials.

    Raises:
        NotRationalError: one of them is neither.
    """
    symbols = sorted(one.free_symbols | other.free_symbols, key=str)
    return all(
        _remainder(one, prime, point) == _remainder(other, prime, point)
        for prime in PRIMES
        for point in [{symbol: prime // (3 * place + 7) for place, symbol in enumerate(symbols)}]
    )


def _remainder(expression: Any, modulus: int, point: dict[Any, int]) -> int:
    """An expression modulo a number, at a point."""
    import sympy

    if isinstance(expression, sympy.Rational):
        return int(expression.p) * _power(int(expression.q), -1, modulus) % modulus
    if isinstance(expression, sympy.Symbol) and expression in point:
        return point[expression] % modulus
    if isinstance(expression, sympy.Add):
        return sum(_remainder(one, modulus, point) for one in expression.args) % modulus
    if isinstance(expression, sympy.Mul):
        return math.prod(_remainder(one, modulus, point) for one in expression.args) % modulus
    if isinstance(expression, sympy.Pow):
        return _power_of(expression, modulus, point)
    if isinstance(expression, sympy.factorial):
        return _factorial(exact(expression.args[0]), modulus)
    raise NotRationalError


def _power_of(expression: Any, modulus: int, point: dict[Any, int]) -> int:
    """A power modulo a number; an exponent too large to write out is reduced by Euler's theorem."""
    base, exponent = _remainder(expression.base, modulus, point), exact(expression.exp)
    if exponent is not None:
        if exponent.denominator != 1:
            raise NotRationalError
        return _power(base, int(exponent), modulus)
    if not base or not _is_natural(expression.exp):
        raise NotRationalError
    turn = _totient(modulus)
    return pow(base, _remainder(expression.exp, turn, {}) + turn, modulus)


def _power(base: int, exponent: int, modulus: int) -> int:
    try:
        return pow(base, exponent, modulus)
    except ValueError:
        raise NotRationalError from None


def _is_natural(expression: Any) -> bool:
    """Whether an expression is a whole number above 0 by the look of it."""
    import sympy

    if isinstance(expression, sympy.Integer):
        return int(expression) > 0
    whole = isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow | sympy.factorial)
    return whole and all(_is_natural(one) for one in expression.args)


def _factorial(number: Fraction | None, modulus: int) -> int:
    if number is None or number.denominator != 1 or not 0 <= number <= MAX_FACTORIAL:
        raise NotRationalError
    product = 1
    for factor in range(2, int(number) + 1):
        product = product * factor % modulus
    return product


@lru_cache(maxsize=1024)
def _totient(number: int) -> int:
    import sympy

    return int(sympy.totient(number))
