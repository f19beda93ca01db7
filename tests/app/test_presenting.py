"""Presenting: the trees alone and large, in the address; clicks meet what they are at, and Escape leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browser import click_node, settled, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
Open = Callable[..., Any]
PROJECTED = """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .map((one) => one.shadowRoot?.querySelector('.tc-canvas')?.treecore).find(Boolean).projected"""


def test_presenting_shows_the_trees_alone_and_escape_leaves(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork")
    wait_for_canvas(page)
    settled(page)
    width = wait_for_canvas(page).bounding_box()["width"]
    page.get_by_role("button", name="find").click()
    page.keyboard.type("p")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.value") == "p"
    page.keyboard.press("Escape")
    settled(page)
    assert "projector=" not in page.url
    page.locator(".st-key-title").click()
    page.keyboard.press("p")
    page.wait_for_url("**projector=1*")
    page.locator(".st-key-controls").wait_for(state="hidden")
    settled(page)
    page.reload()
    wait_for_canvas(page)
    settled(page)
    assert not page.locator(".st-key-side").is_visible()
    assert wait_for_canvas(page).bounding_box()["width"] > 1.2 * width
    click_node(page, "5")
    page.wait_for_url("**node=5*")
    settled(page)
    assert page.evaluate(PROJECTED)
    page.get_by_role("button", name="Leave").click()
    page.locator(".st-key-controls").wait_for()
    settled(page)
    assert "projector=" not in page.url
    assert not page.evaluate(PROJECTED), "colours are those of a page again"
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "node=" not in url)
    settled(page)
    page.keyboard.press("p")
    page.wait_for_url("**projector=1*")
    settled(page)
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "projector=" not in url)


def test_the_film_keeps_its_player_and_its_words(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&view=step_through&projector=1")
    wait_for_canvas(page)
    settled(page)
    assert page.locator(".st-key-player").is_visible()
    assert page.locator(".st-key-sentence").is_visible()
