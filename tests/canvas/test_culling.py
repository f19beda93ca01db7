"""What is near the window: the same as a look at every node would find, without one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from browser import ROOT
from forests import random_forest
from scripts import needs_node, value_in

from treecore.core.forest import Forest
from treecore.views.scene.scene import make_scene

pytestmark = needs_node
ARRANGED = """
const view = { zx: 1, ky: 30, ox: 0, oy: 0 };
const app = { scene, shape: readShape(scene), collapsed: new Set(folded), motion: null, view };
arrange(app);
let looks = 0;
app.ay = new Proxy(Float32Array.from(app.row), { get: (all, k) => (looks++, all[k]) });
const crosses = (i) => {
    const y = screenY(app, i), from = scene.parent[i] < 0 ? y : screenY(app, scene.parent[i]);
    return Math.max(y, from) >= 0 && Math.min(y, from) <= 600;
};
const stands = (i) => screenY(app, i) >= 0 && screenY(app, i) <= 600;
const lookFrom = (oy) => {
    view.oy = oy;
    const every = { nodes: app.order.filter(crosses), ends: app.ends.filter(stands) };
    looks = 0;
    return { ...every, near: nodesBetween(app, 0, 600), lines: endsBetween(app, 0, 600), looks };
};
"""


def looked_at(forest: Forest, places: list[float], folded: list[int]) -> list[dict[str, Any]]:
    """For each place of the view: what a look at everything finds, what the canvas finds, and how often it looked."""
    scene = make_scene(forest, None)
    given = f"const scene = {{...{scene.forest.body.decode()}, ...{scene.look.body.decode()}}}, folded = {folded};"
    culling = ROOT / "app" / "canvas" / "js" / "culling.js"
    found: list[dict[str, Any]] = value_in(culling, f"{json.dumps(places)}.map(lookFrom)", before=given + ARRANGED)
    return found


@pytest.mark.parametrize(("seed", "folded"), [(0, []), (1, [3, 40]), (2, [6, 11])])
def test_all_that_is_near_and_nothing_else(seed: int, folded: list[int]) -> None:
    forest = random_forest(np.random.default_rng(seed), 400, n_trees=5)
    for one in looked_at(forest, [0, -37.5, -900, -3000, -9000], folded):
        assert one["near"] == one["nodes"]
        assert one["lines"] == one["ends"]


def test_most_of_a_large_forest_is_not_looked_at() -> None:
    forest = random_forest(np.random.default_rng(0), 20_000)
    for one in looked_at(forest, [0, -30_000, -150_000], []):
        assert one["near"] == one["nodes"] != []
        assert one["looks"] < 3_000
