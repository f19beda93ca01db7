"""What was chosen in a menu, once something else has set it while the menu was closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, Open, click_node, serve, settled, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
WRONG = "[data-testid=stPopoverBody] label:has-text('ends wrong')"
PROMPTS, SECOND = "[data-testid=stPopoverBody] [data-testid=stSelectbox] input", "[role=option]:has-text('question 1')"
FILTERS, FILE = ".st-key-filters button", ".st-key-controls [data-testid=stPopover] button"


@pytest.fixture
def three_prompts(tmp_path: Path) -> Iterator[str]:
    """The app with a file of three prompts open."""
    one = json.loads((ROOT / "sample_trees" / "by_hand.forest.json").read_text())
    lines = [json.dumps({**one, "id": f"f{number}", "prompt": f"question {number}"}) for number in range(3)]
    path = tmp_path / "three.forest.jsonl"
    path.write_text("\n".join(lines))
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(path), TREECORE_CACHE=str(tmp_path)) as address:
        yield address


def choose(page: Any, menu: str, *clicks: str, field: str) -> None:
    """Open a menu, click in it, one after another, and close it once the address has the choice."""
    page.locator(menu).first.click()
    for selector in clicks:
        page.locator(selector).first.click()
    page.wait_for_url(f"**{field}**")
    settled(page)
    page.keyboard.press("Escape")
    page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")


def did(page: Any, act: Callable[[], object], field: str) -> None:
    act()
    page.wait_for_url(f"**{field}**")
    settled(page)


def with_a_filter(open_page: Open, address: str) -> Any:
    """A page with a step selected and all others dimmed but those that end wrong."""
    page = open_page(f"{address}/?sample=by_hand&node=a3")
    wait_for_canvas(page)
    settled(page)
    choose(page, FILTERS, WRONG, field="only=wrong")
    return page


def test_back_takes_a_filter_away_for_good(open_page: Open, address: str) -> None:
    page = with_a_filter(open_page, address)
    did(page, lambda: click_node(page, "b1"), "node=b1")
    assert "only=wrong" in page.url
    did(page, page.go_back, "node=a3")
    page.go_back()
    page.wait_for_function("!location.search.includes('only=')")
    settled(page)
    did(page, lambda: click_node(page, "a1"), "node=a1")
    assert "only=" not in page.url
    page.locator(FILTERS, has_text="filter").first.wait_for()


def test_a_filter_stays_when_it_is_about_fewer_steps(open_page: Open, address: str) -> None:
    page = with_a_filter(open_page, address)
    page.locator(".tc-canvas").focus()
    did(page, lambda: page.keyboard.press("x"), "edit=")
    did(page, lambda: click_node(page, "b1"), "node=b1")
    assert "only=wrong" in page.url


def test_a_prompt_chosen_in_the_menu_gives_way_to_the_next(open_page: Open, three_prompts: str) -> None:
    page = open_page(three_prompts)
    page.get_by_role("button", name="Next prompt").wait_for()
    wait_for_canvas(page)
    settled(page)
    choose(page, FILE, PROMPTS, SECOND, field="prompt=2")
    did(page, lambda: page.get_by_role("button", name="Next prompt").click(), "prompt=3")
    did(page, lambda: click_node(page, "b1"), "node=b1")
    assert "prompt=3" in page.url
    did(page, page.go_back, "prompt=3")
    did(page, page.go_back, "prompt=2")
    page.go_back()
    page.wait_for_function("!location.search.includes('prompt=')")
    settled(page)
    did(page, lambda: click_node(page, "a1"), "node=a1")
    assert "prompt=" not in page.url
