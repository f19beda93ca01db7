"""What comes on paper: the trees, the selected step and its formula, on white and without controls."""

from __future__ import annotations

import pytest
from browser import Open, settled, wait_for_canvas

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_trees_step_and_formula_are_printed_on_white_without_controls(
    open_page: Open, address: str, dark: bool
) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3", dark=dark)
    wait_for_canvas(page)
    page.locator(".st-key-side .equation").first.wait_for()
    settled(page)
    page.emulate_media(media="print")
    for shown in (".tc-canvas", ".st-key-side .card", ".st-key-side .equation", ".st-key-title"):
        assert page.locator(shown).first.is_visible(), shown
    for hidden in (".st-key-header", ".st-key-controls", ".tc-tools", ".stPopover", "[class*=st-key-chart_]"):
        assert not page.locator(hidden).first.is_visible(), hidden
    looks = "(one, name) => getComputedStyle(one)[name]"
    for part in (".stApp", "[data-testid=stColumn]:has(.st-key-side)"):
        assert page.locator(part).first.evaluate(looks, "backgroundColor") == "rgb(255, 255, 255)"
    for words in (".st-key-title [data-testid=stText]", ".st-key-side h5", ".st-key-side .equation"):
        assert page.locator(words).first.evaluate(looks, "color") == "rgb(0, 0, 0)"
    printed = page.pdf(format="A4", print_background=True)
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") > 1, "what is below the first window is printed too"
