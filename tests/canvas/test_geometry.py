"""What the shape of a node says: an end without an outcome looks like none with one."""

from __future__ import annotations

import pytest
from browser import ROOT
from scripts import needs_node, value_in

pytestmark = needs_node
JS = ROOT / "app" / "canvas" / "js"
APP = """
const scene = { parent: [-1, 0, 0, 0, 1], share: [null, null, 1, null, null], table: { outcomes }, folded };
const app = { scene, shape: { children: [[1, 2, 3], [4], [], [], []] } };
"""


@pytest.mark.parametrize(
    ("outcomes", "folded", "ends"), [("true", "null", [3, 4]), ("false", "null", []), ("true", "[]", [])]
)
def test_ends_without_an_outcome_are_known_where_outcomes_are(outcomes: str, folded: str, ends: list[int]) -> None:
    made = f"const outcomes = {outcomes}, folded = {folded};{APP}"
    assert value_in(JS / "geometry.js", "[0, 1, 2, 3, 4].filter((i) => isUnscored(app, i))", before=made) == ends


def test_a_pruned_end_is_none_without_an_outcome() -> None:
    made = f"const outcomes = true, folded = null;{APP} scene.change = {{ pruned: [0, 0, 0, 1, 0] }};"
    assert value_in(JS / "geometry.js", "[3, 4].filter((i) => isUnscored(app, i))", before=made) == [4]


def test_ends_without_an_outcome_are_diamonds() -> None:
    """Others are round or square; steps before the end are round."""
    made = f"""
    const outcomes = true, folded = null;{APP}
    const drawn = [];
    const context = {{ beginPath() {{}}, closePath() {{}}, moveTo: () => drawn.push("diamond"), lineTo() {{}},
        arc: () => drawn.push("disc"), roundRect: () => drawn.push("square") }};
    for (let i = 1; i < 5; i++) outline(context, app, i, 0, 0, 5);
    """
    assert value_in(JS / "nodes.js", "drawn", before=made) == ["disc", "disc", "diamond", "diamond"]
