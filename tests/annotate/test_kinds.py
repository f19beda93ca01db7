"""OmegaPRM's search on trees whose values are known: what it asks, in which round, what it finds."""

from __future__ import annotations

from typing import Any

import pytest
from served import Row, Served

from treecore.annotate.kinds import KINDS, branches, first_error
from treecore.errors import MethodError
from treecore.samplers import Expand


def tree(values: dict[int, float], *ways: list[int], target: int | None = None) -> Served:
    """Trajectories as rows, wrong at the end; a continuation of row r succeeds if `values[r]` is above 0."""
    growth = Served(lambda served, request: [Row(reward=float(values[request.node] > 0), open=False)], target=target)
    growth.add(-1, Row())
    for way in ways:
        for above, row in zip([0, *way], way, strict=False):
            if row == len(growth.nodes):
                growth.add(above, Row(reward=0.0, open=False) if row == way[-1] else Row())
    return growth


def searched(growth: Served, k: int = 2) -> Served:
    growth.serve(first_error(growth, k=k))
    return growth


def asked(growth: Served) -> list[list[int | None]]:
    return [list(dict.fromkeys(one.node for one in wave if isinstance(one, Expand))) for wave in growth.waves]


@pytest.mark.parametrize("wrong", range(1, 8))
def test_the_first_wrong_step_is_found_in_few_rounds(wrong: int) -> None:
    way = list(range(1, 9))
    growth = searched(tree({row: float(row < wrong) for row in way}, way))
    assert [row for row, flag in enumerate(growth.column("first_error")) if flag == 1] == [wrong]
    assert growth.column("first_error")[0] != growth.column("first_error")[0], "the prompt is no step"
    assert len(growth.waves) <= 3
    assert growth.waves[0][0] == Expand(4, note={"sampled_for": "mc_value"})
    assert all(len(wave) == 2 for wave in growth.waves)


def test_values_are_shared_and_rounds_are_written() -> None:
    growth = searched(tree({1: 1, 2: 1, 3: 1, 5: 0}, [1, 2, 3, 4], [1, 2, 5, 6]))
    assert asked(growth) == [[2], [3, 5]]
    assert [growth.column("probe")[row] for row in (2, 3, 5)] == [1, 2, 2]
    assert [row for row, flag in enumerate(growth.column("first_error")) if flag == 1] == [4, 5]
    assert [growth.column("mc_value")[row] for row in (2, 3, 5)] == [1, 1, 0]


def test_right_trajectories_are_not_searched() -> None:
    growth = tree({1: 1}, [1, 2])
    growth.nodes[2].reward = 1.0
    assert searched(growth).waves == []
    assert growth.column("first_error") != [0.0] * 3


def test_a_chosen_step_is_searched_up_to() -> None:
    growth = searched(tree({1: 1, 2: 1, 3: 0, 4: 0}, [1, 2, 3, 4, 5], target=4))
    assert [row for row, flag in enumerate(growth.column("first_error")) if flag == 1] == [3]
    assert growth.column("first_error")[5] != growth.column("first_error")[5]


def test_partial_rewards_are_no_success_where_more_can_be_had() -> None:
    def write(served: Served, request: Expand) -> list[Row]:
        return [Row(reward=0.2, open=False)]

    growth = Served(write)
    for above, row in ((-1, Row()), (0, Row()), (1, Row(reward=0.2, open=False))):
        growth.add(above, row)
    searched(growth)
    assert growth.column("first_error")[1] == 1.0
    assert growth.column("mc_value")[1] == pytest.approx(0.2)


def test_branches_grow_from_the_named_step_alone() -> None:
    growth = tree({1: 1, 2: 1}, [1, 2, 3], target=2)
    growth.serve(branches(growth, k=3))
    assert growth.waves == [[Expand(2, note={"sampled_for": "branches"})] * 3]
    assert growth.parent[4:] == [2, 2, 2]


@pytest.mark.parametrize(("target", "said"), [(None, "no step is named"), (3, "the trajectory ends with this step")])
def test_branches_need_a_step_that_goes_on(target: int | None, said: str) -> None:
    growth = tree({1: 1, 2: 1}, [1, 2, 3], target=target)
    with pytest.raises(MethodError, match=said):
        growth.serve(branches(growth, k=3))


def test_kinds_say_what_they_are() -> None:
    documents: list[dict[str, Any]] = [kind.as_json() for kind in KINDS.values()]
    assert {one["name"] for one in documents} == {"monte_carlo", "first_error", "branches"}
    assert all(one["summary"] and one["citation"] and one["parameters"][0]["meaning"] for one in documents)
