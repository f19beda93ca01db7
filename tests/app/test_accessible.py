"""What axe-core finds in every view, light and dark: contrast of all words, names of all controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import ROOT, serve, wait_for_canvas

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = pytest.mark.browser
Open = Callable[..., Any]
RULES = ["color-contrast", "button-name", "image-alt", "scrollable-region-focusable", "aria-required-attr", "label"]
PARTS = [".st-key-title", ".st-key-controls", ".st-key-side", ".st-key-header", ".st-key-library"]
OPTIONS = {"runOnly": {"type": "rule", "values": RULES}}


@pytest.fixture(scope="module")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = {"TREECORE_LIBRARIES": str(ROOT / "sample_trees"), "TREECORE_CACHE": str(tmp_path_factory.mktemp("cache"))}
    with serve(ROOT / "app" / "main.py", **given) as address:
        yield address


def found(page: Any) -> list[str]:
    """What axe-core objects to, one line for each place."""
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )
    there = [part for part in PARTS if page.locator(part).count()]
    result = axe.Axe().run(page, context=there, options=OPTIONS).response
    return [
        f"{one['id']}: {place['html'][:160]} {[check['message'] for check in place['any']]}"
        for one in result["violations"]
        for place in one["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "query",
    ["sample=by_hand&node=a3", "sample=by_hand", "sample=by_hand&view=step_through", "view=rollout", "view=library"],
    ids=["step", "nothing", "film", "rollout", "library"],
)
def test_words_can_be_read_and_controls_have_names(open_page: Open, address: str, query: str, dark: bool) -> None:
    page = open_page(f"{address}/?{query}", dark=dark)
    wait_for_canvas(page)
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
