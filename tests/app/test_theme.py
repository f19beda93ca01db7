"""The choice of light, dark or the system's theme: in force at once, in every part of the page, kept in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browser import settled, wait_for_canvas

from treecore.views.palette import DARK, LIGHT, rgb

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
FILLED = "([what, colour]) => getComputedStyle(document.querySelector(what) ?? document.body).fill === colour"


def panel_ink(page: Any) -> str:
    """Colour of the words in the panel, a component with a style of its own."""
    return str(page.locator(".st-key-side .title").first.evaluate("(words) => getComputedStyle(words).color"))


def choose(page: Any, name: str) -> None:
    page.get_by_role("button", name="Main menu").click()
    page.get_by_role("menuitemradio", name=name).click()
    page.keyboard.press("Escape")


def test_a_theme_is_in_force_everywhere_at_once_and_after_a_reload(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3")
    canvas = wait_for_canvas(page)
    page.locator(".st-key-side .title").first.wait_for()
    settled(page)
    ink = {name: f"rgb{rgb(palette.ink)}" for name, palette in (("light", LIGHT), ("dark", DARK))}
    assert (canvas.evaluate("(one) => one.treecore.theme"), panel_ink(page)) == ("light", ink["light"])
    choose(page, "Dark")
    page.wait_for_function("() => getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")
    page.wait_for_function("(ink) => getComputedStyle(document.querySelector('.stApp')).color === ink", arg=ink["dark"])
    assert (wait_for_canvas(page).evaluate("(one) => one.treecore.theme"), panel_ink(page)) == ("dark", ink["dark"])
    tick = ".st-key-chart_forks .xtick text"
    page.wait_for_function(FILLED, arg=[tick, f"rgb{rgb(DARK.muted)}"])
    page.reload()
    assert wait_for_canvas(page).evaluate("(one) => one.treecore.theme") == "dark"
    page.locator(".st-key-side [data-node=a3]").wait_for()
    choose(page, "System")
    page.wait_for_function(
        "(ink) => getComputedStyle(document.querySelector('.stApp')).color === ink", arg=ink["light"]
    )
