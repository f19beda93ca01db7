"""Hints of controls: where they stand among the controls of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, Open, settled
from scripts import needs_node, value_in

SCRIPT: Path = ROOT / "app" / "signals" / "tooltips.js"
ANCHOR = {"left": 100, "right": 200, "top": 100, "bottom": 130}
WIDE = {"left": 0, "right": 400, "top": 132, "bottom": 160}
WINDOW = {"width": 400, "height": 300}


def at(*boxes: dict[str, int], near: tuple[dict[str, int], ...] = ()) -> tuple[float, float]:
    """Where a hint of 80 by 20 stands."""
    given = f"{ANCHOR}, {list(near)}, {list(boxes)}, {{width: 80, height: 20}}, {WINDOW}"
    found: dict[str, float] = value_in(SCRIPT, f"clearPlace({given})")
    return found["x"], found["y"]


@needs_node
def test_a_hint_stands_where_it_covers_nothing_and_rather_another_than_what_is_next() -> None:
    assert at() == (110, 138)
    assert at(WIDE) == (110, 72)
    over = {"left": 0, "right": 400, "top": 0, "bottom": 98}
    assert at(WIDE, over) == (208, 105)
    beside = [{"left": 0, "right": 99, "top": 98, "bottom": 132}, {"left": 201, "right": 400, "top": 98, "bottom": 132}]
    x, y = at(WIDE, over, *beside, near=(WIDE,))
    assert y + 20 <= WIDE["top"] or y >= WIDE["bottom"]
    assert 4 <= x <= 316


COVERED = """([own, next]) => {
    const hint = document.querySelector('[role=tooltip][data-placed]')?.getBoundingClientRect();
    const covers = ({ left, right, top, bottom }) => Math.min(right, hint.right) - Math.max(left, hint.left) > 1
        && Math.min(bottom, hint.bottom) - Math.max(top, hint.top) > 1;
    return [own, next].map((one) => one.getBoundingClientRect()).some(covers);
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1024, 1400])
def test_hints_of_the_film_cover_neither_their_button_nor_the_next(open_page: Open, address: str, width: int) -> None:
    page: Any = open_page(f"{address}/?sample=by_hand&view=step_through&frame=3", width=width, height=768)
    page.locator(".st-key-player").wait_for()
    settled(page)
    buttons = page.locator(".st-key-player").get_by_role("button")
    for name, beside in (("Back", "Play"), ("Play", "Next"), ("Next", "Play")):
        own, other = (buttons.filter(has_text=one) for one in (name, beside))
        own.hover()
        page.wait_for_function("() => document.querySelectorAll('[role=tooltip][data-placed]').length === 1")
        assert page.evaluate(COVERED, [own.element_handle(), other.element_handle()]) is False
        page.mouse.move(5, 760)
        page.wait_for_function("() => !document.querySelector('[role=tooltip]')")
