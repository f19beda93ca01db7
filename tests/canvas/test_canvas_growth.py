"""The canvas in a browser while a forest grows, and what it writes of leaves, forks and trees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Open, click_node, serve, wait_for_canvas

pytestmark = pytest.mark.browser
HOST = """[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .find((host) => host.shadowRoot?.querySelector('.tc-canvas'))"""
HELD = f"{HOST}?.shadowRoot.querySelector('.tc-canvas').treecore"

RECORD = """() => {
    const kind = CanvasRenderingContext2D.prototype;
    const { clearRect, fillText } = kind;
    kind.clearRect = function (...box) {
        if (this.canvas.matches('.tc-canvas')) window.drawn = [];
        clearRect.apply(this, box);
    };
    kind.fillText = function (text, x, y) {
        const { width } = this.measureText(text);
        const left = x - { left: 0, center: width / 2, right: width }[this.textAlign];
        const bottom = y + (this.textBaseline === 'middle' ? 5 : 2);
        window.drawn.push({ text, left, right: left + width, top: bottom - 11, bottom });
        fillText.call(this, text, x, y);
    };
}"""


@pytest.fixture(scope="module")
def address(browser: Any) -> Iterator[str]:
    with serve(Path(__file__).parent / "growing_app.py") as address:
        yield address


def ids(page: Any) -> dict[str, str]:
    """Ids of the steps that are shown, by their words."""
    wait_for_canvas(page)
    found = page.evaluate(f"{HELD}.ids.map((id) => [{HELD}.scene.label[{HELD}.scene.id.indexOf(id)], id])")
    return {label: node_id for label, node_id in found if label}


def position(page: Any, node_id: str) -> Any:
    return page.evaluate(f"(id) => {HELD}.position(id)", node_id)


def grow(page: Any, times: int = 1) -> None:
    """The next scene; by the keyboard, so that the pointer stays where it is."""
    for _ in range(times):
        before = page.locator(".tc").get_attribute("data-digest")
        page.get_by_role("button", name="grow").press("Enter")
        page.locator(f".tc:not([data-digest='{before}'])").wait_for()
    wait_for_canvas(page)


def look_at_the_plan(page: Any) -> tuple[str, Any]:
    """Scroll, then fold the step "plan a way", which stays selected and under the pointer."""
    canvas = wait_for_canvas(page)
    canvas.hover(position={"x": 300, "y": 200})
    page.mouse.wheel(0, 80)
    plan = ids(page)["plan a way"]
    click_node(page, plan)
    canvas.press("Enter")
    wait_for_canvas(page)
    at = position(page, plan)
    page.mouse.move(at["x"] + 1, at["y"])
    return plan, at


def test_view_folds_and_selection_stay_where_the_forest_has_grown(open_page: Open, address: str) -> None:
    page = open_page(address)
    plan, at = look_at_the_plan(page)
    zoom = page.evaluate(f"{HELD}.view.ky")
    grow(page)
    now = ids(page)
    assert now["a way"] != plan, "growing is meant to change the id"
    assert position(page, now["a way"])["y"] == pytest.approx(at["y"], abs=1)
    assert page.evaluate(f"{HELD}.view.ky") == zoom
    assert page.evaluate(f"{HELD}.selected") == now["a way"]
    assert "left" not in now
    assert "another way" in now
    page.get_by_text(f"selected: {now['a way']}", exact=True).wait_for()
    assert page.evaluate(f"{HELD}.selected") == now["a way"]


def test_another_forest_starts_from_the_top(open_page: Open, address: str) -> None:
    page = open_page(address)
    look_at_the_plan(page)
    assert page.evaluate(f"{HELD}.view.oy") < 0
    grow(page, 2)
    assert page.evaluate(f"{HELD}.view.oy") == 0
    assert "left" in ids(page)


@pytest.mark.parametrize(("before", "after"), [("be", "beta"), ("second 0", None)])
def test_the_tooltip_stays_with_its_node_or_hides(
    open_page: Open, address: str, before: str, after: str | None
) -> None:
    page = open_page(address)
    tooltip = page.locator(".tc-tooltip")
    at = position(page, ids(page)[before])
    page.mouse.move(at["x"], at["y"])
    assert tooltip.locator(".tc-title").inner_text() == before
    grow(page)
    if after is None:
        assert tooltip.is_hidden()
    else:
        assert tooltip.locator(".tc-title").inner_text() == after


def test_a_view_of_everything_keeps_everything_in_sight(open_page: Open, address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    canvas.press("0")
    wait_for_canvas(page)
    grow(page)
    box = canvas.bounding_box()
    last = position(page, ids(page)["second 13"])
    assert last["y"] < box["y"] + box["height"]


def test_a_leaf_without_an_outcome_is_marked_where_outcomes_are_shown(open_page: Open, address: str) -> None:
    page = open_page(address)
    grow(page, 3)
    legend = page.locator(".tc-legend")
    assert "not assigned" not in legend.inner_text()
    page.get_by_text("outcomes").click()
    legend.get_by_text("right", exact=True).wait_for()
    assert "not assigned" in legend.inner_text()


def test_the_legend_names_forks_where_there_are_some(open_page: Open, address: str) -> None:
    page = open_page(address)
    wait_for_canvas(page)
    legend = page.locator(".tc-legend")
    assert "fork:" in legend.inner_text()
    grow(page, 3)
    assert "fork:" not in legend.inner_text()


@pytest.mark.parametrize("width", [600, 700, 1400])
def test_headings_of_trees_are_never_printed_over_words(open_page: Open, address: str, width: int) -> None:
    page = open_page(address, width=width)
    canvas = wait_for_canvas(page)
    page.evaluate(RECORD)
    grow(page, 3)
    for _ in range(8):
        canvas.press("+")
        wait_for_canvas(page)
        drawn = page.evaluate("window.drawn")
        headings = [one for one in drawn if one["text"].startswith("tree ")]
        words = [one for one in drawn if "lena" in one["text"]]
        assert headings
        assert words
        assert not [
            (one["text"], other["text"])
            for one in headings
            for other in words
            if one["left"] < other["right"] + 2
            and other["left"] < one["right"] + 2
            and one["top"] < other["bottom"]
            and other["top"] < one["bottom"]
        ]
