"""The sheet of keys, and a page that is used with the keyboard alone."""

from __future__ import annotations

import pytest
from browser import Open, settled, wait_for_canvas

from app.view_keys import EVERYWHERE
from app.view_registry import VIEWS

pytestmark = pytest.mark.usefixtures("no_charts")


def test_every_view_declares_its_keys_and_no_key_does_two_things_in_one_place() -> None:
    for view in VIEWS.values():
        if not view.render.__module__.startswith("app.views"):
            continue
        assert view.keys, view.name
        for group in (*view.keys, EVERYWHERE):
            pressed = [press for press, _ in group.keys]
            assert len(set(pressed)) == len(pressed), (view.name, group.title)
            assert all(press.strip() and does.strip() for press, does in group.keys)


@pytest.mark.browser
@pytest.mark.parametrize("name", ["explore", "compare", "granularity"])
def test_the_sheet_lists_the_keys_of_the_view_and_gives_the_focus_back(
    open_page: Open, address: str, name: str
) -> None:
    page = open_page(f"{address}/?sample=by_hand&view={name}")
    page.locator(".st-key-side").wait_for()
    page.get_by_role("button", name="Keys of this view").wait_for()
    settled(page)
    choice = page.locator(".st-key-controls button").first
    choice.focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    sheet.wait_for()
    listed = sheet.locator("dd").all_inner_texts()
    assert listed == [does for group in (*VIEWS[name].keys, EVERYWHERE) for _, does in group.keys]
    page.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    assert choice.evaluate("(button) => button === document.activeElement")


@pytest.mark.browser
def test_the_first_stop_of_tab_leads_past_the_header_to_the_trees(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    wait_for_canvas(page)
    settled(page)
    past = page.get_by_role("button", name="Skip to the content")
    for _ in range(6):
        page.keyboard.press("Tab")
        if past.evaluate("(button) => button.matches(':focus')"):
            break
    box = past.bounding_box()
    assert box["height"] > 20
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**node=**")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()


CHOSEN = """(id) => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .some((host) => host.shadowRoot?.querySelector(id ? `[data-selected="${id}"]` : '[data-selected]'))"""


@pytest.mark.browser
@pytest.mark.parametrize("query", ["view=explore", "view=step_through", "view=rollout"])
def test_keys_of_the_trees_work_before_these_have_the_focus(open_page: Open, address: str, query: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&{query}")
    wait_for_canvas(page)
    settled(page)
    page.keyboard.press("l")
    page.wait_for_function(CHOSEN)
    page.keyboard.press("/")
    page.locator("input:focus").wait_for()


@pytest.mark.browser
def test_keys_of_the_page_work_in_the_trees_and_escape_takes_back_one_thing(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3")
    wait_for_canvas(page).focus()
    settled(page)
    page.keyboard.press("p")
    page.locator(".st-key-leave").wait_for()
    settled(page)
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => !({CHOSEN})()")
    settled(page)
    assert page.locator(".st-key-leave").count() == 1
    page.keyboard.press("Escape")
    page.locator(".st-key-leave").wait_for(state="detached")


@pytest.mark.browser
def test_a_button_and_a_choice_keep_the_keys_that_work_them(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3")
    wait_for_canvas(page)
    settled(page)
    axis = page.get_by_role("radiogroup", name="Axis").get_by_role("radio").first
    axis.focus()
    page.keyboard.press("ArrowLeft")
    button = page.get_by_role("button", name="Keys of this view")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("f")
    assert page.evaluate(CHOSEN, "a3")
