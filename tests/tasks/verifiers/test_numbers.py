from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from treecore.tasks.verifiers.numbers import clear_number, last_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The answer is 42.", "42"),
        ("it costs $1,234.50 in all", "1234.5"),
        ("-$5", "-5"),
        ("about 50%", "50"),
        ("5-3", "3"),
        ("x=-3", "-3"),
        ("= −7 km", "-7"),
        ("f(x)-2", "2"),
        ("1/3 of it", "1/3"),
        ("\\frac{-3}{4}", "-3/4"),
        ("-\\dfrac{1}{2}$", "-1/2"),
        ("1.5e3 m", "1500"),
        ("2e-2", "1/50"),
        (".5", "1/2"),
        ("7.", "7"),
        ("1,2", "2"),
        ("12,345,678", "12345678"),
        ("1234,567", "567"),
        ("#### 72", "72"),
        ("0.1", "1/10"),
        ("2 + 2 = 4 apples", "4"),
        ("\\frac12", "1/2"),
        ("\\frac1{20}", "1/20"),
        ("1 1/2", "3/2"),
        ("-1 1/2 cups", "-3/2"),
        ("1\\frac{1}{2}", "3/2"),
        ("1½", "3/2"),
        ("5 10/2", "5"),
        ("3\\times 10^5", "300000"),
        ("3 \\cdot 10^{-2}", "3/100"),
        ("3×10⁵", "300000"),
        ("10^5", "100000"),
        ("2^{10}", "1024"),
        ("2**10", "1024"),
        ("1 000", "1000"),
        ("12\u2009345\u2009678", "12345678"),
        ("1\u202f000.5", "2001/2"),
        ("10{,}000", "10000"),
        ("10\\,000", "10000"),
        ("1'000", "1000"),
        ("12 3456", "3456"),
        ("**42** apples", "42"),
        ("so 5. **Done**", "5"),
        ("5 m^2", "5"),
        ("5 \\text{ cm}^2", "5"),
        ("\\(42\\)", "42"),
        ("90^\\circ", "90"),
        ("$90^{\\circ}$", "90"),
        ("90°", "90"),
        ("the 3^{rd}", "3"),
        ("5^{\\text{th}}", "5"),
        ("the 3rd", "3"),
        ("\\cfrac{1}{2}", "1/2"),
        ("- 2", "-2"),
        ("x = - 2", "-2"),
        ("so $- 2$", "-2"),
        ("x = -\\,2", "-2"),
        ("–2", "-2"),
        ("−2", "-2"),
        ("it is minus 2", "-2"),
        ("minus 2", "-2"),
        ("5 - 3", "3"),
        ("5 minus 3", "3"),
        ("$5$ - 3", "3"),
        ("pages 3–5", "5"),
        ("12 (units of 10)", "10"),
    ],
)
def test_last_number(text: str, value: str) -> None:
    assert last_number(text) == Fraction(value)


@pytest.mark.parametrize("text", ["", "none", "1/0", "1e999999999", "1e-99999", "9" * 401, "\\frac{1}{0}", "."])
def test_no_number_that_can_be_read(text: str) -> None:
    assert last_number(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "\\frac{x}{2}",
        "\\frac{\\sqrt{2}}{2}",
        "\\sqrt{2}",
        "2\\sqrt{3}",
        "2\\pi",
        "2π",
        "2 pi",
        "2pi",
        "2\\,\\pi",
        "2\\cdot\\pi",
        "x^2",
        "(-2)^2",
        "16^{1/2}",
        "2^x",
        "9**9**9",
        "10^{99999}",
        "2\\frac{3}{2}",
    ],
)
def test_no_part_of_a_formula_passes_for_its_value(text: str) -> None:
    assert last_number(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("72 clips", "72"),
        ("48/2 = 24\n#### 1,072", "1072"),
        ("$1,000.00", "1000"),
        ("x = 3", "3"),
        ("12 km/h", "12"),
        ("7 \\%", "7"),
        ("5 m²", "5"),
        ("$-\\frac{3}{4}$", "-3/4"),
        ("1 1/2", "3/2"),
        ("90^{\\circ}", "90"),
        ("$3^{rd}$", "3"),
        ("#### - 2", "-2"),
        ("5 pints", "5"),
    ],
)
def test_clear_numbers(text: str, value: str) -> None:
    assert clear_number(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "many",
        "3 or 4",
        "3x",
        "2\\pi",
        "π",
        "x^2",
        "3-5",
        "3+5",
        "1,2",
        "-(3)",
        "3!",
        "2024-01-05",
        "3:30",
        "a1",
        "1/0",
        "√2",
        "2 pi",
        "5 - 3",
    ],
)
def test_answers_that_are_not_one_clear_number(text: str) -> None:
    assert clear_number(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "\\frac" * 20_000,
        "\\sqrt[" * 20_000,
        "1 111" * 20_000,
        "2^{2" * 20_000,
        "1 1/1" * 20_000,
        "\\frac{{a}" * 20_000,
        "= - " * 20_000,
        "1^" * 20_000,
    ],
)
def test_long_formulas_are_read_in_bounded_time(text: str) -> None:
    assert clear_number(text) is None


@pytest.mark.parametrize(
    "text", ["1," * 50_000, "1,111" * 50_000, "9" * 100_000, "1e" * 50_000, "-" * 100_000, "1/" * 50_000]
)
def test_long_texts_are_read_in_bounded_time(text: str) -> None:
    value = last_number(text)
    assert value is None or abs(value) < 10**6


@given(st.integers(), st.integers(1, 10**9), st.text(alphabet="abc =.", max_size=5))
def test_fractions_come_back(over: int, under: int, before: str) -> None:
    text = f"{before} {over}/{under}"
    assert last_number(text) == Fraction(over, under)


@given(st.integers(-(10**30), 10**30))
def test_thousands_come_back(value: int) -> None:
    assert last_number(f"so {value:,} people") == value


@given(st.text(alphabet="0123456789.,eE+-/$\\frac{} x", max_size=60))
@example("1e400")
def test_any_text_gives_a_number_or_none(text: str) -> None:
    value = last_number(text)
    assert value is None or isinstance(value, Fraction)
