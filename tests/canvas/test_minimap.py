"""The map beside trees larger than the window: in proportion, moved by pointer and keys, absent where all fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import serve, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
HERE = Path(__file__).parent
COLOURS = """(map) => {
    const { width, height } = map, { data } = map.getContext('2d').getImageData(0, 0, width, height);
    const strong = (y) => [...Array(width).keys()].filter((x) => {
        const [r, g, b] = data.slice(4 * (y * width + x), 4 * (y * width + x) + 3);
        return Math.max(r, g, b) - Math.min(r, g, b) > 24;
    }).length;
    return Array.from({ length: height }, (_, y) => strong(y));
}"""
"""Pixels of each line that have a colour; white and grey have none."""


def test_the_map_moves_the_view_and_is_absent_where_all_fits(open_page: Callable[..., Any]) -> None:
    with serve(HERE / "canvas_app.py") as address:
        wait_for_canvas(page := open_page(address))
        assert not page.locator(".tc-map").is_visible()
        page.close()
    with serve(HERE / "large_app.py") as address:
        page = open_page(address)
        canvas, overview = wait_for_canvas(page), page.locator(".tc-map")

        def view() -> dict[str, float]:
            return dict(wait_for_canvas(page).evaluate("(canvas) => canvas.treecore.view"))

        assert page.get_by_role("scrollbar", name="All 5,000 steps").is_visible()
        lines = overview.evaluate(COLOURS)
        assert sum(count > 10 for count in lines[60:]) < 0.2 * len(lines), "what is out of sight is not pale"
        box, tree = overview.bounding_box(), canvas.bounding_box()
        assert tree["x"] + tree["width"] <= box["x"] + 1
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 44 + (box["height"] - 52) / 2)
        at = view()
        middle = (tree["height"] - 44) / 2 - 36 - at["oy"]
        assert middle / at["ky"] == pytest.approx(2500, abs=60)
        overview.focus()
        for key, moved in (("ArrowDown", -at["ky"]), ("ArrowUp", 0.0)):
            page.keyboard.press(key)
            assert view()["oy"] - at["oy"] == pytest.approx(moved, abs=0.01)
        page.keyboard.press("Home")
        assert view()["oy"] == 0
        page.keyboard.press("End")
        assert overview.get_attribute("aria-valuenow") == "100"
        page.close()
