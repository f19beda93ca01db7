"""The search's rules against numbers worked out by hand from the published equations."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.samplers.mcts.distance import edit_distance
from treecore.samplers.mcts.places import Place
from treecore.samplers.mcts.rules import allowed_width, importance, upper_bound

SCORES = st.lists(st.floats(-1, 1), min_size=1, max_size=6)


def test_the_bound_of_the_paper_has_a_factor_two_that_the_code_lacks() -> None:
    paper = upper_bound(0.5, 4, above=16, c=1.5, form="paper")
    assert paper == pytest.approx(0.5 + 1.5 * math.sqrt(2 * math.log(16) / 4))
    assert upper_bound(0.5, 4, above=16, c=1.5, form="code") == pytest.approx(0.5 + 1.5 * math.sqrt(math.log(16) / 4))
    assert upper_bound(0.5, 1, above=1, c=9.0, form="paper") == 0.5, "one visit above: nothing else was tried"


def test_importance_looks_at_the_parent_in_the_paper_and_at_the_siblings_in_the_code() -> None:
    assert importance([0.9, 0.1, 0.2], 0.3, form="paper") == pytest.approx(0.6)
    assert importance([0.9, 0.1, 0.2], 0.3, form="code") == pytest.approx(0.5)
    assert importance([], 0.3, form="paper") == importance([], 0.3, form="code") == 0.0
    assert importance([0.7], 0.3, form="code") == 0.0


@pytest.mark.parametrize(("alpha", "weight", "width"), [(1, 0.3, 2), (4, 1.0, 5), (20, 0.9, 10), (1, 2.0, 3)])
def test_widths_of_the_paper(alpha: float, weight: float, width: int) -> None:
    assert allowed_width(weight, alpha=alpha, least=2, form="paper") == width


def test_the_root_may_be_wider_in_the_paper() -> None:
    assert allowed_width(2.0, alpha=100, least=10, is_root=True, form="paper") == 60
    assert allowed_width(2.0, alpha=20, least=10, is_root=True, form="paper") == 41


@given(SCORES, st.floats(-1, 1))
def test_with_alpha_one_and_scores_within_one_a_step_has_two_or_three_children(values: list[float], own: float) -> None:
    assert allowed_width(importance(values, own, form="paper"), alpha=1, least=2, form="paper") in (2, 3)


def test_widths_of_the_code_have_no_plus_one_a_cap_of_ten_and_never_shrink() -> None:
    assert allowed_width(1.0, alpha=4, least=3, form="code") == 4
    assert allowed_width(0.2, alpha=4, least=3, form="code") == 3
    assert allowed_width(0.2, alpha=4, least=3, before=7, form="code") == 7
    assert allowed_width(2.0, alpha=50, least=3, is_root=True, form="code") == 10
    assert allowed_width(0.0, alpha=4, least=40, is_root=True, form="code") == 40


@pytest.mark.parametrize(
    ("a", "b", "n"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2), ("ab", "ba", 2)]
)
def test_known_edit_distances(a: str, b: str, n: int) -> None:
    assert edit_distance(a, b) == edit_distance(b, a) == n


def slow_distance(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(slow_distance(a[1:], b) + 1, slow_distance(a, b[1:]) + 1, slow_distance(a[1:], b[1:]) + (a[0] != b[0]))


@given(st.text("ab", max_size=5), st.text("abc", max_size=5))
def test_edit_distance_is_the_recursive_definition(a: str, b: str) -> None:
    assert edit_distance(a, b) == slow_distance(a, b)


def test_scores_go_to_every_place_above_as_they_are() -> None:
    root = Place(0)
    first = Place(1, 1, above=root)
    second = Place(2, 1, above=root)
    deep = Place(3, 2, above=first)
    root.children, first.children = [first, second], [deep]
    for place, score in ((deep, 1.0), (deep, 0.5), (second, 0.2)):
        place.back_up(score)
    assert [(one.visits, one.total) for one in (root, first, second, deep)] == [
        (3, pytest.approx(1.7)),
        (2, 1.5),
        (1, 0.2),
        (2, 1.5),
    ]
    assert root.best(c=0.0, form="paper") is first
    assert root.best(c=10.0, form="paper") is second, "it was tried less"
    assert [one.row for one in root.answer()] == [0, 1, 3]
