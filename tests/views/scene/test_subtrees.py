"""Steps with the same words as one: sums under each against going through every end, and what is shown first."""

from __future__ import annotations

import numpy as np
import pytest
from forests import random_forest

from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.methods import compute
from treecore.views.scene.scene import Stage, make_scene
from treecore.views.scene.subtrees import BINS, MIN_ENDS, Subtrees, first_shown, subtrees_of

SEEDS = range(6)


def some_forest(seed: int, n: int = 120) -> Forest:
    return random_forest(np.random.default_rng(seed), n, n_trees=3, unscored=0.2)


def words_to(forest: Forest, row: int) -> list[tuple[str, str]]:
    """Words of every step from the root to this one."""
    own = [(forest.text[row], forest.observation[row])]
    return own if forest.parent[row] < 0 else [*words_to(forest, int(forest.parent[row])), *own]


def ends_under(forest: Forest, row: int) -> list[int]:
    below = forest.topology.children(row).tolist()
    return [row] if not below else [end for child in below for end in ends_under(forest, child)]


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_are_one_where_all_words_up_to_them_are_the_same(seed: int) -> None:
    forest = some_forest(seed)
    found, is_leaf = subtrees_of(forest), forest.topology.is_leaf
    for one in range(len(forest)):
        for other in range(one):
            same = words_to(forest, one) == words_to(forest, other) and is_leaf[one] == is_leaf[other]
            assert (found.group[one] == found.group[other]) == same
    assert (found.parent < np.arange(len(found))).all()
    assert [found.group[row] for row in found.first] == list(range(len(found)))


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_are_those_of_the_ends_under_each_group(seed: int) -> None:
    forest = some_forest(seed)
    scene, found = make_scene(forest, compute(forest, "tree_grpo"), stage=Stage(folds=True)), subtrees_of(forest)
    values = [np.nan if value is None else value for value in scene["table"]["values"]]
    limit, sums, groups = scene["table"]["limit"], scene["sums"], scene["subtrees"]
    for one in range(len(found)):
        rows = np.flatnonzero(found.group == one).tolist()
        ends = [end for row in rows for end in ends_under(forest, row)]
        known = [values[end] for end in ends if not np.isnan(values[end])]
        bins = [0] * BINS
        for value in known:
            bins[min(int((value + limit) / (2 * limit) * BINS), BINS - 1)] += 1
        assert (groups["count"][one], groups["ends"][one], sums["n"][one]) == (len(rows), len(ends), len(known))
        assert groups["right"][one] == sum(bool(is_right(forest)[end]) for end in ends)
        assert groups["scored"][one] == sum(not np.isnan(forest.reward[end]) for end in ends)
        assert sums["sum"][one] == pytest.approx(sum(known), abs=1e-4)
        at = range(sums["bins"]["start"][one], sums["bins"]["start"][one + 1])
        assert {sums["bins"]["bar"][k]: sums["bins"]["count"][k] for k in at} == {k: n for k, n in enumerate(bins) if n}


def rows_full(found: Subtrees, shown: set[int]) -> int:
    """Rows of the picture that shows these groups, counted as it is drawn."""

    def rows(one: int) -> int:
        ways = found.children[one]
        apart = [child for child in ways if child in shown]
        return sum(map(rows, apart)) + (len(ways) > len(apart)) if apart else 1

    return sum(rows(one) for one in range(len(found)) if found.parent[one] < 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_forest_opens_with_its_roots_and_as_many_rows_as_there_is_room_for(seed: int) -> None:
    forest = some_forest(seed, 400)
    found = subtrees_of(forest)
    shown = set(first_shown(found))
    assert {one for one in range(len(found)) if found.parent[one] < 0} <= shown
    assert all(found.parent[one] < 0 or found.parent[one] in shown for one in shown)
    assert rows_full(found, shown) == 20
    assert rows_full(found, set(first_shown(found, room=7))) == 7


def test_what_is_largest_is_opened_first() -> None:
    #   0 ─┬─ 1 ─┬─ 2, 3, 4      5 ─ 6
    parent = np.array([-1, 0, 1, 1, 1, 0, 5])
    forest = Forest(parent, text=["", "a", "x", "y", "z", "b", "w"])
    assert first_shown(subtrees_of(forest), room=1) == [0]
    assert first_shown(subtrees_of(forest), room=3) == [0, 1, 2, 5, 6]
    assert first_shown(subtrees_of(forest), room=4) == [0, 1, 2, 3, 4, 5, 6]


def test_few_ends_are_not_folded() -> None:
    forest = Forest(np.array([-1, *[0] * (MIN_ENDS - 1)]))
    assert make_scene(forest, None, stage=Stage(folds=True))["subtrees"] is None
    forest = Forest(np.array([-1, *[0] * MIN_ENDS]))
    assert make_scene(forest, None, stage=Stage(folds=True))["subtrees"]["folds"] is False
    assert make_scene(forest, None)["subtrees"] is None


def test_steps_with_different_calls_are_not_one() -> None:
    calls = {row: {"tool_calls": [{"name": "look", "arguments": {"at": row % 2}}]} for row in (1, 2, 3)}
    forest = Forest(parent=[-1, 0, 0, 0], reward=[np.nan, 1, 0, 1], node_extra=calls)
    assert subtrees_of(forest).group.tolist() == [0, 1, 2, 1]
