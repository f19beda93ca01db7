"""What the inspector says of a sampler's own numbers."""

from __future__ import annotations

import pytest

from app.chrome import sampler_numbers
from treecore import read
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.views.inspector.recorded import recorded


def sample(name: str) -> Forest:
    (forest,) = read(samples()[name].path)
    return forest


def said(name: str) -> list[str]:
    forest = sample(name)
    return [sentence for row in range(len(forest)) for sentence in recorded(forest, row)]


def test_values_from_fresh_continuations_come_with_their_interval() -> None:
    forest = sample("monte_carlo")
    assert recorded(forest, 2) == [
        "8 fresh continuations from here earned 0 on average, 95\N{NO-BREAK SPACE}% interval 0 to 0.32."
    ]
    assert recorded(forest, 3) == []


def test_the_frontier_of_a_curriculum_is_named_once() -> None:
    forest = sample("reverse_curriculum")
    assert sum("The frontier" in sentence for sentence in said("reverse_curriculum")) == 1
    assert any("frontier" in sentence for sentence in recorded(forest, 1))
    assert "Start state 0 of the curriculum." in recorded(forest, 0)


def test_a_search_tells_its_places_from_what_only_informed_it() -> None:
    forest = sample("mcts")
    assert recorded(forest, 1) == [
        "The likeliest tokens were taken here, none was drawn.",
        "The search: 6 visits, mean score 0.92, room for 3 children. On the way that the search would answer.",
    ]
    everything = said("mcts")
    assert sum("fast rollout" in sentence for sentence in everything) > 0
    assert sum("Too like a sibling" in sentence for sentence in everything) == 2


@pytest.mark.parametrize("name", ["by_hand", "chains", "surprisal", "fixed_width", "tool_entropy", "late_fork"])
def test_other_samplers_record_nothing_of_the_kind(name: str) -> None:
    assert said(name) == []


def test_few_parameters_are_all_shown_and_of_many_those_that_differ() -> None:
    assert sampler_numbers(sample("late_fork")) == ["m=2", "n=2", "l=1"]
    assert sampler_numbers(sample("mcts")) == [
        "simulations=10",
        "min_terminals=2",
        "root_width=3",
        "max_repeats=2",
        "rollouts=2",
    ]


def test_steps_that_nobody_drew_say_so() -> None:
    recited = "Recited from the task's own solution: the model wrote none of it."
    forest = sample("reverse_curriculum")
    assert [row for row in range(len(forest)) if recited in recorded(forest, row)] == [1, 2, 3]
    odd = sample("late_fork").with_columns(node_extra={1: {"sampled_by": ["task"]}})
    assert recorded(odd, 1) == []
