"""The board of a changed forest: its list, its groups and its reasons, as they are read."""

from __future__ import annotations

import pytest

import treecore as tc
from app.what_if.words import Board, board, outcome, pair
from treecore.analysis.baselines import Pair
from treecore.analysis.what_if import what_if
from treecore.bundled import samples
from treecore.core.changes import from_text
from treecore.core.forest import Forest


@pytest.fixture(scope="module")
def by_hand() -> Forest:
    return tc.read(samples()["by_hand"].path)[0]


def told(forest: Forest, text: str, method: str = "tree_grpo", **numbers: int) -> Board:
    changes = from_text(text)
    found = what_if(forest, changes)
    before, after = tc.credit(forest, method), tc.credit(found.changed, method, **numbers)
    return board(found, before, after, changes, {name: (1, value) for name, value in numbers.items()})


def test_the_board_of_the_drawing(by_hand: Forest) -> None:
    found = told(by_hand, "flip:f3,prune:c1", ddof=0)
    assert found["title"] == "You changed 3 things"
    assert [(one["verb"], one["words"], one["effect"]) for one in found["changes"][:2]] == [
        ("flip", "answer delhi in tree 2", "0.0 → 1.0"),
        ("prune", "answer lima in tree 1", "1 end less"),
    ]
    assert (found["changes"][2]["key"], found["changes"][2]["effect"]) == ("set:ddof", "1 → 0")
    assert found["summary"] == "all 12 steps · 3 changed sign"
    assert [(one["words"], one["place"], one["was"], one["now"]) for one in found["moved"]] == [
        ("find the teacher of paul", "tree 2 · and the 2 after it", "−0.41", "+2.64"),
        ("answer lima", "tree 2 · and 3 other steps", "−0.41", "−1.52"),
        ("answer cairo", "tree 1", "+3.20", "+2.22"),
        ("find the boss of paul", "tree 1 · and the 2 after it", "+1.11", "+0.20"),
        ("answer rome", "tree 1", "−0.99", "−1.82"),
    ]
    assert found["why"] == [
        {"of": "tree 1", "mean": ("0.33", "0.50"), "deviation": ("0.58", "0.50")},
        {"of": "tree 2", "mean": ("0", "0.33"), "deviation": ("0", "0.47")},
        {"of": "all ends", "mean": ("0.17", "0.40"), "deviation": ("0.41", "0.49")},
    ]


def test_nothing_changed_is_an_empty_board(by_hand: Forest) -> None:
    found = told(by_hand, "")
    assert (found["changes"], found["summary"], found["moved"], found["why"]) == ([], "", [], [])


def test_a_change_that_moves_nothing_says_so(by_hand: Forest) -> None:
    assert told(by_hand, "flip:f3,flip:f3")["summary"] == "no step moved"


def test_what_moves_less_than_is_written_is_not_said_to_move() -> None:
    """The only wrong end of six: whatever it gets, normalising leaves its distance to the others as it was."""
    found = told(tc.read(samples()["late_fork"].path)[0], "reward:11=0.25")
    assert (found["summary"], found["moved"]) == ("no step moved by 0.01 or more", [])
    assert [one["of"] for one in found["why"]] == ["tree 1", "all ends"]


def test_forks_are_called_by_the_step_before_them(by_hand: Forest) -> None:
    found = told(by_hand, "flip:b1", "sibling")
    assert [one["of"] for one in found["why"]] == ["first steps", "after find the home of sam"]


@pytest.mark.parametrize(("sample", "method"), [("by_hand", "treerl_paper"), ("monte_carlo", "tree_grpo")])
def test_numbers_of_all_ends_are_told_once(sample: str, method: str) -> None:
    forest = tc.read(samples()[sample].path)[0]
    end = next(row for row in forest.leaves.tolist() if forest.reward[row] in (0, 1))
    found = told(forest, f"flip:{forest.node_id[end]}", method)
    assert [one["of"] for one in found["why"]].count("all ends") == 1
    of_all = [(one["mean"], one["deviation"]) for one in found["why"] if one["of"] in ("all ends", "first steps")]
    assert len(of_all) == len(set(of_all))


def test_numbers_that_differ_are_told_apart() -> None:
    assert pair(Pair(0.501, 0.503)) == ("0.5010", "0.5030")
    assert [outcome(one) for one in (0.0, 1.0, 0.25, float("nan"))] == ["0.0", "1.0", "0.25", "–"]
