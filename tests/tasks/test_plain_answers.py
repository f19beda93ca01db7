from __future__ import annotations

from fractions import Fraction

import pytest

from treecore.tasks.plain_answers import bare_number, plain_words, said_number, said_words


@pytest.mark.parametrize("text", ["2 pi", "2a", "2e", "50%", "x = 3", "5 cm", "(1,234)", "east", "5ab"])
def test_what_is_no_bare_number(text: str) -> None:
    assert bare_number(text) is None


@pytest.mark.parametrize("text", ["the answer: 5", "5 apples", "$5$", "5."])
def test_numbers_in_sentences(text: str) -> None:
    assert said_number(text) == Fraction(5)


@pytest.mark.parametrize("text", ["2 pi", "5 or 6", "5 x", "5ab", "\\sqrt{5}", "5 exp"])
def test_sentences_that_hold_more_than_a_number(text: str) -> None:
    assert said_number(text) is None


@pytest.mark.parametrize("text", ["east", "no solution", "\\text{No  solution}", "Evelyn's cat", "Восток"])
def test_words(text: str) -> None:
    assert plain_words(text) == said_words(f"It is ${text}$.") is not None


@pytest.mark.parametrize(
    "text", ["x", "xy", "sin", "pi", "\\infty", "a cat", "even, odd", "north-east", "2x", "", "x y"]
)
def test_what_may_be_mathematics(text: str) -> None:
    assert plain_words(text) is None
