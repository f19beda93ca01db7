"""A changed forest as the canvas gets it: ghosts, what is gone, and what was done where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import treecore as tc
from treecore.analysis.what_if import WhatIf, what_if
from treecore.bundled import samples
from treecore.core.changes import from_text
from treecore.core.forest import Forest
from treecore.views.scene import make_scene
from treecore.views.scene.changed import change_of, drawn_credit


@pytest.fixture(scope="module")
def by_hand() -> Forest:
    return tc.read(samples()["by_hand"].path)[0]


def changed(forest: Forest, text: str, method: str = "tree_grpo", colour: Any = "credit") -> tuple[WhatIf, Any]:
    changes = from_text(text)
    found = what_if(forest, changes)
    before, after = tc.credit(forest, method), tc.credit(found.changed, method)
    change = change_of(found, before, after, changes)
    scene = make_scene(found.drawn, drawn_credit(found, after), change=change, ends=before.ends, colour=colour)
    return found, scene


def test_ghosts_are_what_was(by_hand: Forest) -> None:
    found, scene = changed(by_hand, "flip:f3,prune:c1")
    change, names = scene["change"], scene["id"]
    before = tc.credit(by_hand, "tree_grpo").credit
    ghosts = {name: change["fill"][row] for row, name in enumerate(names) if change["fill"][row] is not None}
    assert ghosts.keys() == set(names) - {"r1", "r2"}
    assert ghosts == pytest.approx({name: before[by_hand.row(name)] for name in ghosts}, abs=1e-5)
    assert {names[row] for row, gone in enumerate(change["pruned"]) if gone} == {"c1"}
    assert {names[int(row)]: said for row, said in change["badges"].items()} == {"f3": "flipped", "c1": "pruned"}
    flipped = names.index("f3")
    assert (change["reward"][flipped], scene["reward"][flipped], change["share"][flipped]) == (0, 1, 0)
    assert scene["reward"][names.index("c1")] is scene["credit"][names.index("c1")] is None
    assert found.drawn.node_id == by_hand.node_id


def test_credit_stands_at_its_steps(by_hand: Forest) -> None:
    found, scene = changed(by_hand, "copy:a3,flip:a4~2,prune:d1", "sibling")
    after = tc.credit(found.changed, "sibling")
    for row, name in enumerate(scene["id"]):
        own = np.nan if name == "d1" else after.credit[found.changed.row(name)]
        assert (scene["credit"][row] is None) == np.isnan(own)
        assert np.isnan(own) or scene["credit"][row] == pytest.approx(own, abs=1e-5)
    assert scene["change"]["badges"][str(scene["id"].index("a3~2"))] == "copy"
    assert scene["change"]["fill"][scene["id"].index("a3~2")] is None


@pytest.mark.parametrize("colour", ["granularity", "both"])
def test_pruned_branches_do_not_count_in_granularity(colour: Any) -> None:
    nan = np.nan
    forest = Forest(parent=np.array([-1, 0, 1, 2, 1]), reward=np.array([nan, nan, nan, 1.0, 0.0]))
    found, scene = changed(forest, "prune:3", colour=colour)
    assert scene["governs"] == [1, 0.6, pytest.approx(1 / 3, abs=1e-4), 0, 0]
    assert scene["change"]["governs"] == [1, 0.5, None, None, 0]
    assert scene["fill"]["values" if colour == "granularity" else "hue"] == [None, 1, None, None, 0.5]
    assert found.pruned.tolist() == [False, False, True, True, False]


def test_the_reader_keeps_his_place(by_hand: Forest) -> None:
    """A flip or a pruned branch gives the same shape as before, so zoom and folds stay."""
    plain = make_scene(by_hand, None)
    assert plain["change"] is None
    assert changed(by_hand, "flip:f3,prune:c1")[1]["digest"] == plain["digest"]


def test_a_flip_that_was_taken_back_leaves_no_badge(by_hand: Forest) -> None:
    assert changed(by_hand, "flip:f3,flip:f3")[1]["change"]["badges"] == {}
