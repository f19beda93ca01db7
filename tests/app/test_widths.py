"""Views from a phone to a large screen: nothing scrolls sideways, nothing stands beyond the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import ROOT, Open, serve, settled, wait_for_canvas

pytestmark = pytest.mark.browser
WIDTHS = ((390, 844), (768, 1024), (1024, 768), (1400, 900), (2560, 1440), (3840, 2160))
VIEWS = {
    "explore": ("sample=by_hand&node=a3", ".st-key-side .card"),
    "step_through": ("sample=by_hand", ".st-key-player"),
    "granularity": ("sample=by_hand", ".grain svg"),
    "compare": ("sample=by_hand&node=a3", ".compare .cell"),
    "rollout": ("", ".tc-canvas"),
    "library": ("", ".tc-canvas"),
    "lessons": ("", ".lessons button"),
}
"""View -> the query, and what is there once it is drawn."""
BEYOND = """() => {
    const main = document.querySelector('[data-testid=stMain]'), found = [];
    const above = (one) => one.parentElement ?? one.getRootNode().host;
    const isCut = (one) => {
        for (let at = above(one); at && at !== main; at = above(at)) {
            if (getComputedStyle(at).overflowX !== 'visible') return true;
        }
        return false;
    };
    const walk = (root) => {
        for (const one of root.querySelectorAll('*')) {
            if (one.shadowRoot) walk(one.shadowRoot);
            const box = one.getBoundingClientRect();
            const stands = box.width > 1 && box.height > 1 && box.right > innerWidth + 1;
            if (stands && !isCut(one)) found.push(one.outerHTML.slice(0, 90));
        }
    };
    walk(main);
    return [Math.max(0, main.scrollWidth - main.clientWidth), found.slice(0, 5)];
}"""
"""Pixels by which the page scrolls sideways, and what stands beyond the window and in no scroller of its own."""


@pytest.fixture(scope="module")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = {"TREECORE_LIBRARIES": str(ROOT / "sample_trees"), "TREECORE_CACHE": str(tmp_path_factory.mktemp("cache"))}
    with serve(ROOT / "app" / "main.py", **given) as address:
        yield address


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_stands_beyond_the_window_at_any_width(open_page: Open, address: str, view: str) -> None:
    query, drawn = VIEWS[view]
    page = open_page(f"{address}/?view={view}&{query}")
    page.locator(drawn).first.wait_for()
    settled(page)
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(f"() => JSON.stringify(({BEYOND})()) === '[0,[]]'")


PLACES = """() => [...document.querySelectorAll('[data-testid=stButtonGroup] button')].map((one) => {
    const { x, y, width } = one.getBoundingClientRect();
    return [one.innerText, Math.round(x), Math.round(y), Math.round(width)];
})"""
"""Where all choices of the page stand."""


def test_what_is_chosen_takes_no_more_room(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=granularity&sample=large")
    page.locator(".grain svg").first.wait_for()
    settled(page)
    before = page.evaluate(PLACES)
    page.locator(".st-key-controls").get_by_text("depth", exact=True).click()
    page.wait_for_url("**rows=depth**")
    settled(page)
    assert page.evaluate(PLACES) == before


def test_a_method_of_a_longer_name_moves_nothing_beside_it(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&method=rloo")
    wait_for_canvas(page)
    settled(page)
    before = page.evaluate(PLACES)
    page.locator(".st-key-methods button").click()
    page.get_by_role("button", name="REINFORCE++ baseline").click()
    page.wait_for_url("**method=reinforce_pp_baseline**")
    page.keyboard.press("Escape")
    page.locator(".st-key-methods button", has_text="REINFORCE++ baseline").wait_for()
    settled(page)
    assert page.evaluate(PLACES) == before


ABOVE = """(by) => {
    document.querySelector('.stMain').scrollTop = by;
    const lowest = (what) => document.querySelector(what).getBoundingClientRect().bottom;
    return lowest('[data-testid=stMainMenuButton]') <= Math.max(0, lowest('.st-key-header'));
}"""


def test_the_menu_of_the_page_scrolls_along_with_the_header(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3", width=390, height=844)
    page.locator("[data-testid=stMainMenuButton]").wait_for()
    settled(page)
    for by in (0, 300):
        page.wait_for_function(ABOVE, arg=by)
