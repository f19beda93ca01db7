"""Explore in a browser where a forest is large or the window small: filters, folded subtrees, the drawer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import ROOT, click_node, serve, settled, wait_for_canvas

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def address(browser: Any) -> Iterator[str]:
    with serve(ROOT / "app" / "main.py") as address:
        yield address


def held(page: Any, name: str) -> Any:
    return wait_for_canvas(page).evaluate("(canvas, name) => canvas.treecore[name]", name)


def test_a_filter_dims_all_else_and_removes_nothing(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    everything = held(page, "ids")
    assert held(page, "faded") == []
    page.locator(".st-key-filters button").first.click()
    page.get_by_text("ends right · 5").click()
    page.wait_for_url("**only=right*")
    settled(page)
    assert held(page, "ids") == everything
    assert set(everything) - set(held(page, "faded")) == {"r1", "a1", "a2", "a3", "a4"}
    page.get_by_text("path to the selected step").click()
    page.wait_for_url("**only=path*")
    settled(page)
    page.keyboard.press("Escape")
    click_node(page, "a2")
    assert set(everything) - set(held(page, "faded")) == {"r1", "a1", "a2"}
