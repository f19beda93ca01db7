"""What axe-core finds in every view, light and dark: contrast of all words, names of all controls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import ROOT, Open, serve, settled, wait_for_canvas

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = pytest.mark.browser
OPTIONS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
VIEWS = {
    "step": ("sample=by_hand&node=a3", ".st-key-side .card"),
    "nothing": ("sample=by_hand", ".tc-canvas"),
    "film": ("sample=by_hand&view=step_through", ".st-key-player"),
    "granularity": ("sample=by_hand&view=granularity", ".grain .routes, .grain svg"),
    "compare": ("sample=by_hand&view=compare&node=a3", ".compare .cell"),
    "number": ("sample=by_hand&view=compare&node=a3&aside=number", ".st-key-side .equation"),
    "rollout": ("view=rollout", ".tc-canvas"),
    "library": ("view=library", ".tc-canvas"),
    "lessons": ("view=lessons", ".lessons button"),
    "unit": ("view=lessons&unit=outcome&stage=truth&bet=50", ".lessons button"),
    "tokens": ("sample=early_fork&read=tokens", ".reader .token"),
    "what if": ("sample=by_hand&what_if=1&edit=flip:f3,prune:c1", '.st-key-side button:has-text("Reset")'),
    "methods": ("sample=by_hand", ".tc-canvas", ".st-key-methods button"),
    "keys": ("sample=by_hand", ".tc-canvas", '.st-key-key_sheet button:has-text("?")'),
}
"""Name -> the query, what is there once it is drawn, and what is to be clicked then."""
NARROW = ("step", "film", "compare", "tokens", "unit")
"""Views that are looked at on a phone too."""
LOOKS = 4


@pytest.fixture(scope="module")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = {"TREECORE_LIBRARIES": str(ROOT / "sample_trees"), "TREECORE_CACHE": str(tmp_path_factory.mktemp("cache"))}
    with serve(ROOT / "app" / "main.py", **given) as address:
        yield address


def seen(page: Any) -> list[str]:
    """What axe-core objects to on the whole page, shadow roots included, one line for each place."""
    settled(page)
    result = axe.Axe().run(page, options=OPTIONS).response
    return [
        f"{one['id']}: {place['html'][:160]} {[check['message'] for check in place['any']]}"
        for one in result["violations"]
        for place in one["nodes"]
    ]


def found(page: Any) -> list[str]:
    """What it objects to whenever it looks: Streamlit fades what a run under way is about to replace."""
    said: list[str] = []
    for _ in range(LOOKS):
        said = seen(page)
        if not said:
            break
    return said


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", [*VIEWS, *(f"{name}, narrow" for name in NARROW)])
def test_words_can_be_read_and_controls_have_names(open_page: Open, address: str, name: str, dark: bool) -> None:
    query, drawn, *pressed = VIEWS[name.removesuffix(", narrow")]
    page = open_page(f"{address}/?{query}", dark=dark, width=390 if name.endswith("narrow") else 1400)
    page.emulate_media(reduced_motion="reduce")  # colours on their way are no colours
    page.locator(drawn).first.wait_for()
    for button in pressed:
        page.locator(button).first.click()
        page.get_by_role("dialog").wait_for()
    assert found(page) == []


def test_charts_have_a_text_alternative(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    for key in ("forks", "icicle"):
        chart = page.locator(f".st-key-chart_{key}")
        chart.locator("[aria-label], [alt], [role=img]").first.wait_for(state="attached")


def test_focus_stays_after_a_card(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a4")
    wait_for_canvas(page)
    card = page.locator(".st-key-side .card", has_text="rome")
    card.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**node=b1**")
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .some((host) => host.shadowRoot?.activeElement?.dataset.id === 'b1')"""
    )
