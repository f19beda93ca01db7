from __future__ import annotations

import ast
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.tasks.calculator.calculator import MAX_BITS, CalculatorError, calculate, evaluate


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("3*(4+2)", "18"),
        (" 3 × ( 4 + 2 ) ", "18"),
        ("1/3", "1/3"),
        ("0.1+0.2", "3/10"),
        ("-2**2", "-4"),
        ("2**-1", "1/2"),
        ("2^3^2", "512"),
        ("2**3**2", "512"),
        ("(-2)**3", "-8"),
        ("--3", "3"),
        ("1,234*2", "2468"),
        ("8/4/2", "1"),
        ("10-4-3", "3"),
        (".5*4", "2"),
        ("0**0", "1"),
    ],
)
def test_results(expression: str, result: str) -> None:
    assert calculate(expression) == result


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "nothing to calculate"),
        ("1/0", "division by zero"),
        ("0**-1", "division by zero"),
        ("2+", "it ends too early"),
        ("(1", "a bracket is not closed"),
        ("1)", "')' is not expected here"),
        ("()", "')' is not expected here"),
        ("1 2", "'2' is not expected here"),
        ("2(3)", "'(' is not expected here"),
        ("__import__", "'__import__' cannot be read"),
        ("2**0.5", "only whole numbers may be exponents"),
        ("9**9**9", "the result is too large"),
        ("9**9**9**9**9", "the result is too large"),
        ("2**1000000000000", "the result is too large"),
        ("(2**500)*(2**500)*(2**500)", "the result is too large"),
        ("1/3**500 + 1/7**300", "the result is too large"),
        ("9" * 400, "a number of more than 300 digits"),
        ("1" * 501, "longer than 500 characters"),
        ("(" * 200 + "1" + ")" * 200, "nested more than 50 deep"),
        ("-" * 400 + "1", "nested more than 50 deep"),
        ("2" + "**1" * 150, "nested more than 50 deep"),
        ("١+1", "'١+1' cannot be read"),
    ],
)
def test_what_cannot_be_calculated_says_why(expression: str, message: str) -> None:
    assert calculate(expression) == f"error: {message}"


NUMBERS = st.integers(0, 999).map(str) | st.decimals(0, 9, places=2).map(str)
EXPRESSIONS = st.recursive(
    NUMBERS,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner) | inner.map("(-{})".format),
    max_leaves=12,
)


def exact(node: ast.expr) -> Fraction:
    """Another evaluator: Python's own grammar over fractions."""
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp):
        return -exact(node.operand)
    assert isinstance(node, ast.BinOp)
    left, right = exact(node.left), exact(node.right)
    operations = {ast.Add: Fraction.__add__, ast.Sub: Fraction.__sub__, ast.Mult: Fraction.__mul__}
    return operations.get(type(node.op), Fraction.__truediv__)(left, right)


@given(EXPRESSIONS)
def test_agrees_with_another_evaluator(expression: str) -> None:
    tree = ast.parse(expression.replace(".00", ".0"), mode="eval").body
    try:
        wanted = exact(tree)
    except ZeroDivisionError:
        assert calculate(expression) == "error: division by zero"
        return
    if len(expression) <= 500:
        assert evaluate(expression) == wanted


@given(st.text(alphabet="0123456789+-*/^(). ,", max_size=120) | st.text(max_size=40))
def test_any_text_gives_a_bounded_number_or_an_error(text: str) -> None:
    with suppress(CalculatorError):
        assert evaluate(text).numerator.bit_length() <= MAX_BITS
