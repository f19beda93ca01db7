"""Forests whose first steps are roots are drawn with a prompt, and their credit stays where it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from families import KINDS, annotated, computed

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.rooted import rooted
from treecore.methods import METHODS, Credit, compute
from treecore.views.page import Page
from treecore.views.prompted import prompted


def spoken(n_trees: int) -> Forest:
    forest = annotated(np.random.default_rng(n_trees), **{**KINDS["bush"], "n_trees": n_trees})
    return forest.with_columns(text=tuple(text or "so" for text in forest.text), id=f"q{n_trees}")


def shown(credit: Credit) -> dict[str, Any]:
    steps = ~credit.forests.is_prompt
    found = {name: values[steps] for name, values in {**credit.nodes, **credit.leaves}.items()}
    if credit.tokens is not None:
        found["start"], found["tokens"] = credit.tokens
    return found | {"siblings": [sorted(credit.shape.siblings(row).tolist()) for row in np.flatnonzero(steps)]}


@pytest.mark.parametrize("n_trees", [1, 3])
@pytest.mark.parametrize("method", list(METHODS))
def test_credit_is_that_of_the_drawn_forest(method: str, n_trees: int) -> None:
    batch = Forests(spoken(n_trees))
    drawn, credit = prompted(batch, computed(batch, method))
    assert credit is not None
    wanted = shown(computed(rooted(batch), method))
    found = shown(credit)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        if name == "siblings":
            assert found[name] == values
        else:
            np.testing.assert_allclose(found[name], values, atol=1e-9, err_msg=name)
    assert drawn.is_prompt[drawn.topology.roots].all()


def test_a_page_draws_the_prompt_of_each() -> None:
    batch = Forests([spoken(1), spoken(3)])
    page = Page(batch, compute(batch, "sibling"))
    assert [len(forest.prompts) for forest in page.forests] == [1, 3]
    page.chunks()


def test_what_has_its_prompts_is_drawn_as_it_is() -> None:
    batch = Forests(Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1, 0]))
    credit = compute(batch, "sibling")
    assert prompted(batch, credit) == (batch, credit)
