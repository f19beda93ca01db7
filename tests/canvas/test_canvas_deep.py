"""A chain of 300 steps with one fork: the fork has its ring, and its answers have their words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import ROOT, Open, click_node, serve, wait_for_canvas

from treecore.core.builder import ForestBuilder
from treecore.formats import write

pytestmark = pytest.mark.browser
DEPTH = 300
RINGS = """() => {
    const kind = CanvasRenderingContext2D.prototype, { arc } = kind;
    window.rings = [];
    kind.arc = function (x, y, r, ...rest) {
        window.rings.push([x, y, r]);
        arc.call(this, x, y, r, ...rest);
    };
}"""


@pytest.fixture(scope="module", params=[DEPTH // 2, DEPTH], ids=["middle", "end"])
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    builder = ForestBuilder(prompt="count to 300")
    fork = row = builder.root()
    for number in range(1, DEPTH + 1):
        row = builder.add(row, text=f"count {number}")
        fork = row if number == request.param else fork
    builder.add(row, text="answer three hundred", reward=1.0)
    builder.add(fork, text="answer too early", reward=0.0)
    path = tmp_path_factory.mktemp("deep") / "deep.forest.json"
    write([builder.build()], path)
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(path)) as address:
        yield address


def test_the_fork_has_a_ring_and_the_answers_have_words(open_page: Open, address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    written = dict(canvas.evaluate("(canvas) => canvas.treecore.written"))
    answers = {written[str(DEPTH + 1)], written[str(DEPTH + 2)]}
    assert answers == {"answer three hundred", "answer too early"}
    scene = canvas.evaluate("(canvas) => canvas.treecore.scene")
    fork = scene["parent"][DEPTH + 2]
    page.evaluate(RINGS)
    click_node(page, str(DEPTH + 2))
    at = canvas.evaluate("(canvas, id) => canvas.treecore.position(id)", str(fork))
    box = canvas.bounding_box()
    x, y = at["x"] - box["x"], at["y"] - box["y"]
    page.wait_for_function(
        "([x, y]) => window.rings.some(([a, b, r]) => Math.abs(a - x) < 2 && Math.abs(b - y) < 2 && r > 6)", arg=[x, y]
    )


def test_the_icicle_is_drawn(open_page: Open, address: str) -> None:
    page = open_page(address)
    sectors = page.locator(".st-key-chart_icicle .slice path.surface")
    sectors.first.wait_for()
    widths = sectors.evaluate_all("(all) => all.map((one) => one.getBBox().width)")
    assert sum(width > 20 for width in widths) >= 3
