"""The search on small worlds whose every answer is known."""

from __future__ import annotations

import math
from collections import Counter
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from served import Row, Served

from treecore.errors import MethodError
from treecore.samplers import SAMPLERS, Expand
from treecore.samplers.mcts import CRITICS, mcts, register_critic
from treecore.samplers.mcts.critics import Critic
from treecore.samplers.mcts.search import Kind

DEPTH = 3
FAR = {"a": "a" * 30, "b": "b" * 30, "c": "c" * 30}
PLAIN = {"min_distance": 1, "rollouts": 1, "max_repeats": 3, "min_terminals": 0}


class World:
    """Options follow each other in a fixed order; a trajectory has three, and its reward is that of its first."""

    def __init__(self, letters: str = "ab", *, right: str = "b") -> None:
        self.letters, self.right = cycle(letters), right

    def __call__(self, growth: Served, request: Expand) -> list[Row]:
        rows: list[Row] = []
        first = self.first(growth, request.node)
        depth = growth.depth(request.node)
        while depth < DEPTH and (request.steps is None or len(rows) < request.steps):
            letter = next(self.letters)
            first = first or letter
            depth += 1
            over = depth == DEPTH
            rows.append(Row(FAR[letter], float(first == self.right) if over else math.nan, not over))
        return rows

    def first(self, growth: Served, node: int | None) -> str:
        while node is not None and growth.parent[node] >= 0:
            first, node = growth.nodes[node].text, growth.parent[node]
            if growth.parent[node] < 0:
                return first[0]
        return ""


def searched(world: World, **settings: object) -> Served:
    growth = Served(world)
    parsed = SAMPLERS["mcts"].parse({**PLAIN, **settings})
    growth.serve(mcts(growth, **parsed))
    return growth


def places(growth: Served, name: str) -> list[float]:
    return [value for value, kind in zip(growth.column(name), growth.column("mcts_kind"), strict=True) if kind == 0]


@pytest.mark.parametrize("form", ["paper", "code"])
def test_visits_add_up_and_scores_are_backed_up_unweighted(form: str) -> None:
    growth = searched(World(), form=form, simulations=9)
    assert growth.column("mcts_visits")[0] == 9
    for row, kind in enumerate(growth.column("mcts_kind")):
        below = [
            child
            for child, above in enumerate(growth.parent)
            if above == row and growth.column("mcts_kind")[child] == Kind.PLACE
        ]
        if kind != Kind.PLACE or not below:
            continue
        visits, mean = growth.column("mcts_visits"), growth.column("mcts_q")
        made_here = visits[row] - sum(visits[child] for child in below)
        assert made_here in (0, 1), "the visit that made the place itself"
        own = growth.column("mcts_score")[row] * made_here
        assert mean[row] * visits[row] == pytest.approx(own + sum(mean[c] * visits[c] for c in below))


def test_it_goes_where_the_reward_is() -> None:
    growth = searched(World("ab"), simulations=40, c=0.5, root_width=2, alpha=0)
    first = [
        row for row, above in enumerate(growth.parent) if above == 0 and not math.isnan(growth.column("mcts_q")[row])
    ]
    visits = {growth.nodes[row].text[0]: growth.column("mcts_visits")[row] for row in first}
    assert set(visits) == {"a", "b"}
    assert visits["b"] > 2 * visits["a"]
    answer = [row for row, mark in enumerate(growth.column("mcts_answer")) if mark == 1]
    assert growth.nodes[answer[1]].text[0] == "b"
    assert growth.nodes[answer[-1]].reward == 1.0


def test_widths_hold_and_the_last_option_is_written_to_the_end() -> None:
    growth = searched(World("abc"), simulations=30, root_width=3, width=2, alpha=0, max_depth=2)
    children = Counter(
        above for row, above in enumerate(growth.parent) if growth.column("mcts_kind")[row] == Kind.PLACE
    )
    assert children[0] == 3
    options = [request for wave in growth.waves for request in wave if isinstance(request, Expand)]
    deep = [one for one in options if one.node is not None and growth.depth(one.node) == 1]
    assert all(one.steps is None for one in deep)
    assert {one.steps for one in options if growth.depth(one.node) == 0 and len(growth.waves) > 1} == {1, None}


def test_every_place_that_is_not_over_has_room_for_children() -> None:
    growth = searched(World(), simulations=40, min_terminals=3, width=3, root_width=5)
    widths, kinds = growth.column("mcts_width"), growth.column("mcts_kind")
    places = [row for row, kind in enumerate(kinds) if kind == Kind.PLACE]
    over = [row for row in places if row and not growth.nodes[row].open]
    assert over
    assert len(over) < len(places)
    assert all((widths[row] == 0) if row in over else (widths[row] >= 3) for row in places)
    assert widths[0] >= 5


def test_the_first_child_is_greedy_and_no_other_is() -> None:
    growth = searched(World("abc"), simulations=8, rollouts=0, beta_outcome=0)
    greedy = [one for wave in growth.waves for one in wave if isinstance(one, Expand) and one.greedy]
    assert len(greedy) == len({one.node for one in greedy}) > 1
    assert not any(
        one.greedy
        for wave in searched(World(), simulations=8, greedy=False).waves
        for one in wave
        if isinstance(one, Expand)
    )


def test_options_too_like_a_sibling_are_drawn_again_and_the_farthest_is_kept() -> None:
    growth = searched(World("aaab"), simulations=2, rollouts=0, beta_outcome=0, min_distance=20, max_repeats=5)
    kinds = growth.column("mcts_kind")
    assert [kind for kind in kinds if not math.isnan(kind)] == [0, 2, 2, 0]
    assert growth.column("mcts_distance")[2:5] == [0, 0, 30]
    given_up = searched(World("a"), simulations=2, rollouts=0, beta_outcome=0, min_distance=20, max_repeats=4)
    assert [kind for kind in given_up.column("mcts_kind") if not math.isnan(kind)] == [0, 0, 2, 2, 2]


def test_terminals_are_judged_by_themselves_and_rollouts_only_before_the_end() -> None:
    growth = searched(World(), simulations=12, rollouts=3)
    for wave in growth.waves:
        if len(wave) == 3:
            assert all(isinstance(one, Expand) and one.node is not None and growth.nodes[one.node].open for one in wave)
    over = [row for row, node in enumerate(growth.nodes) if not node.open and growth.column("mcts_kind")[row] == 0]
    assert over
    assert all(growth.column("mcts_score")[row] == growth.nodes[row].reward for row in over)


def test_it_goes_on_until_enough_terminals_but_not_forever() -> None:
    more = searched(World(), simulations=2, min_terminals=3)
    assert more.column("mcts_visits")[0] > 2
    stuck = searched(World(), simulations=2, min_terminals=1000, root_width=1, width=1, alpha=0)
    assert stuck.column("mcts_visits")[0] == 20, "ten times the simulations"


def test_who_judged_is_said_and_the_oracle_is_called_one() -> None:
    assert searched(World(), simulations=1).notes["critics"]["outcome"] == "oracle: uses the label"
    assert "bias" in SAMPLERS["mcts"].as_json()
    assert "biased" in SAMPLERS["mcts"].bias


def test_a_critic_that_gives_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (float("nan"), "high", None, True):
        judge: Any = lambda growth, row, given=given: given  # noqa: E731
        monkeypatch.setitem(CRITICS, "odd", Critic("odd", "odd", True, judge))
        with pytest.raises(MethodError, match=r"critic 'odd' gave .*; let it return a finite number"):
            searched(World(), outcome="odd")
    for given, message in ((1e300, r"gave 1e\+300; let it return a number between"), (10**400, "failed with Overflow")):
        judge = lambda growth, row, given=given: given  # noqa: E731
        monkeypatch.setitem(CRITICS, "odd", Critic("odd", "odd", True, judge))
        with pytest.raises(MethodError, match=f"critic 'odd' {message}"):
            searched(World(), outcome="odd")
    monkeypatch.setitem(CRITICS, "odd", Critic("odd", "odd", True, lambda growth, row: 1 / 0))
    with pytest.raises(MethodError, match="critic 'odd' failed with ZeroDivisionError"):
        searched(World(), outcome="odd")


def test_a_search_that_nothing_judges_says_so() -> None:
    notes = searched(World(), simulations=3, outcome="none").notes
    assert "no critic was set" in notes["unjudged"]
    assert "unjudged" not in searched(World(), simulations=3).notes


def test_how_far_the_search_got_is_noted() -> None:
    growth = searched(World(), simulations=2, min_terminals=1000, root_width=1, width=1, alpha=0)
    assert growth.notes["simulations"] == 20
    assert growth.notes["terminals"] < 1000


def test_a_critic_of_ones_own() -> None:
    register_critic("likes_b", label="likes the letter b", judges_ends=False)(
        lambda growth, row: float("b" in growth.nodes[row].text)
    )
    try:
        growth = searched(World("ab"), simulations=6, value="likes_b", outcome="none")
        assert growth.notes["critics"] == {"value": "likes the letter b", "process": "none", "outcome": "none"}
        scores = {growth.nodes[r].text[:1]: s for r, s in enumerate(growth.column("mcts_score")) if r and s == s}
        assert scores == {"a": 0.0, "b": 1.0}
        halved = searched(World("ab"), simulations=6, process="likes_b", outcome="none", beta_process=0.5)
        assert np.nanmax(halved.column("mcts_score")) == 0.5
        with pytest.raises(MethodError, match="process makes no difference with form=code"):
            searched(World("ab"), simulations=6, process="likes_b", outcome="none", form="code")
        with pytest.raises(MethodError, match="outcome=likes_b: no critic of finished trajectories has this name"):
            searched(World(), outcome="likes_b")
        with pytest.raises(MethodError, match="two of one name: critic"):
            register_critic("likes_b", label="again", judges_ends=False)(lambda growth, row: 0.0)
    finally:
        CRITICS.pop("likes_b", None)
    with pytest.raises(MethodError, match="choose one of none, oracle, prompted, or give module:factory"):
        searched(World(), outcome="judge")
