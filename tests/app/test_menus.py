"""Opening and closing a menu changes nothing, whatever was run anew before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, Open, click_node, serve, settled, wait_for_canvas

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
METHOD, EPSILON = "Tree-GRPO", "0.25"
CONTROLS = ".st-key-controls"


def menus(page: Any) -> Any:
    return page.locator(f"{CONTROLS} [data-testid=stPopover] button")


def opened(page: Any, number: int) -> Any:
    """The body of a menu, opened now."""
    menus(page).nth(number).click()
    body = page.locator("[data-testid=stPopoverBody]")
    body.wait_for()
    return body


def closed(page: Any) -> None:
    page.keyboard.press("Escape")
    page.locator("[data-testid=stPopoverBody], [role=dialog]").locator("visible=true").first.wait_for(state="detached")
    settled(page)


def methods(page: Any) -> Any:
    """The list of methods, opened now."""
    page.locator(".st-key-methods button").click()
    page.locator(".method[aria-current]").wait_for()
    settled(page)
    return page.get_by_role("dialog")


def epsilon(body: Any) -> Any:
    return body.locator("input[aria-label=epsilon]")


def chooser(body: Any) -> Any:
    """Where a menu shows what is chosen."""
    return body.locator("[data-testid=stSelectbox] input").first


def set_up(page: Any) -> None:
    """A method and a parameter that are not the first and not the default."""
    body = methods(page)
    epsilon(body).fill(EPSILON)
    body.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**set.epsilon={EPSILON}**")
    settled(page)
    closed(page)


def in_force(page: Any) -> tuple[str, ...]:
    """What the page says is computed and shown: method, prompt, the last result beside the trees."""
    results = page.locator(".st-key-side .equation")
    texts = results.all_text_contents()
    return (page.locator(".st-key-methods").inner_text(), page.locator(".st-key-title").inner_text(), *texts)


def click_step(page: Any) -> None:
    click_node(page, "b1")
    page.wait_for_url("**node=b1**")


def click_card(page: Any) -> None:
    page.locator(".st-key-side .card", has_text="rome").click()
    page.wait_for_url("**node=b1**")


def click_chart(page: Any) -> None:
    page.locator(".st-key-chart_icicle .slice", has_text="…iris").first.click()
    page.wait_for_url("**node=a2**")


def change_colour(page: Any) -> None:
    page.locator(CONTROLS).get_by_text("value", exact=True).click()


def change_view(page: Any) -> None:
    page.locator(".st-key-header").get_by_text("Step through").click()
    page.locator(".st-key-stages").wait_for()
    page.locator(".st-key-header").get_by_text("Explore").click()
    page.locator(".st-key-chart_icicle").wait_for()


RERUNS = (click_step, click_card, click_chart, change_colour, change_view)


@pytest.mark.parametrize("seen", [False, True], ids=["first_time", "seen_before"])
@pytest.mark.parametrize("rerun", RERUNS, ids=lambda rerun: rerun.__name__)
def test_a_menu_opened_and_closed_changes_nothing(
    open_page: Open, address: str, rerun: Callable[[Any], None], seen: bool
) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3&method=tree_grpo")
    wait_for_canvas(page)
    settled(page)
    if seen:
        set_up(page)
    rerun(page)
    settled(page)
    before = in_force(page)
    for number in range(menus(page).count()):
        opened(page, number)
        closed(page)
    body = methods(page)
    expect(body.locator(".method[aria-current] .name")).to_have_text(METHOD)
    expect(epsilon(body)).to_have_value(EPSILON if seen else "0.000001")
    epsilon(body).fill("0.75")
    closed(page)
    page.get_by_role("radiogroup", name="Axis").get_by_text("tokens", exact=True).click()
    settled(page)
    assert in_force(page) == before
    assert "method=tree_grpo" in page.url


def test_a_menu_of_the_film_shows_what_is_in_force(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&view=step_through&method=rloo")
    wait_for_canvas(page)
    page.get_by_role("button", name="Next").click()
    settled(page)
    body = methods(page)
    expect(body.locator(".method[aria-current] .name")).to_have_text("RLOO")
    closed(page)
    page.get_by_role("button", name="Next").click()
    settled(page)
    assert page.locator(".st-key-methods").get_by_text("RLOO").is_visible()
    assert "method=rloo" in page.url


def test_the_prompt_chooser_stays_at_its_prompt(open_page: Open, browser: Any, tmp_path: Path) -> None:
    one = json.loads((ROOT / "sample_trees" / "by_hand.forest.json").read_text())
    path = tmp_path / "two.forest.json"
    path.write_text(json.dumps({"forests": [one, {**one, "id": "other", "prompt": "another question"}]}))
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(path)) as address:
        page = open_page(address)
        turn_and_look(page)


def turn_and_look(page: Any) -> None:
    wait_for_canvas(page)
    page.get_by_role("button", name="Next prompt").click()
    page.get_by_text("prompt 2 of").wait_for()
    settled(page)
    body = opened(page, 0)
    expect(chooser(body)).to_have_value("2 · another question")
    closed(page)
    page.get_by_role("radiogroup", name="Axis").get_by_text("tokens", exact=True).click()
    settled(page)
    assert page.get_by_text("prompt 2 of").is_visible()


@pytest.mark.parametrize("typed", ["5", "-3", "1e300", ""])
def test_a_number_that_is_not_allowed_is_shown_and_stops(open_page: Open, address: str, typed: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3&method=tree_grpo")
    wait_for_canvas(page)
    body = methods(page)
    epsilon(body).fill(typed)
    epsilon(body).press("Enter")
    body.get_by_text("is not a number from 0 to 1").wait_for()
    settled(page)
    assert page.locator(".st-key-side .equation").count() == 0
    expect(epsilon(body)).to_have_value(typed.replace("1e300", "1e+300"))
