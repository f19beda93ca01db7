"""What the canvas draws of a folded forest: the scripts' own functions against going through all ends."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from browser import ROOT
from forests import random_forest
from scripts import needs_node, value_in

from treecore.core.forest import Forest
from treecore.methods import compute
from treecore.views.scene.scene import Stage, make_scene
from treecore.views.scene.subtrees import Subtrees, subtrees_of

pytestmark = needs_node
WANTED = ("id", "parent", "row", "x", "leaves", "label", "folded")


def drawn(forest: Forest) -> tuple[dict[str, Any], list[int]]:
    """The folded scene as the canvas makes it, and the drawn row of each row of the forest."""
    scene = make_scene(forest, compute(forest, "grpo"), stage=Stage(folds=True))
    given = f"const full = {{...{scene.forest.body.decode()}, ...{scene.look.body.decode()}}};\n"
    given += "const made = foldedScene(full, new Set(full.subtrees.shown));\n"
    taken = f"Object.fromEntries({json.dumps(WANTED)}.map((name) => [name, made[name]]))"
    folds = ROOT / "app" / "canvas" / "js" / "folds.js"
    made, rows = value_in(folds, f"[{taken}, [...drawnRows(full, made)]]", before=given)
    return made, rows


def under(found: Subtrees, groups: list[int]) -> list[int]:
    """Rows of the ends under some groups, one by one."""
    every = set(groups)
    for group in range(len(found)):
        if found.parent[group] in every:
            every.add(group)
    leaf = found.forest.topology.is_leaf
    return [row for row in range(len(found.forest)) if found.group[row] in every and leaf[row]]


@pytest.mark.parametrize("seed", range(3))
def test_every_end_stands_under_one_drawn_row_and_is_counted_there(seed: int) -> None:
    forest = random_forest(np.random.default_rng(seed), 300, n_trees=4, unscored=0.1)
    credit, found = compute(forest, "grpo"), subtrees_of(forest)
    made, rows = drawn(forest)
    inner = set(made["parent"])
    ends = [row for row in range(len(made["id"])) if row not in inner]
    assert sum(made["folded"][row]["ends"] for row in ends) == len(forest.leaves)
    for row, shape in enumerate(made["folded"]):
        own = under(found, shape["rest"] or [shape["group"]])
        known = [float(credit.leaves["advantage"][end]) for end in own]
        known = [value for value in known if not np.isnan(value)]
        assert (shape["ends"], shape["n"], sum(shape["bins"])) == (len(own), len(known), len(known))
        if known:
            assert shape["mean"] == pytest.approx(np.mean(known), abs=1e-5)
        if row in ends:
            assert {rows[end] for end in own} == {row}
    assert [made["row"][row] for row in ends] == sorted(made["row"][row] for row in ends)
    assert len(set(made["id"])) == len(made["id"])


def test_what_is_left_of_a_family_says_how_many_ways_it_holds() -> None:
    forest = Forest(np.array([-1, *[0] * 40]), text=["", *map(str, range(40))], reward=[np.nan, *[1.0, 0.0] * 20])
    made, _ = drawn(forest)
    left = 40 - 19
    assert made["label"][-1] == f"{left} other ways"
    assert made["folded"][-1]["ends"] == left
    assert made["x"][0] == 0
