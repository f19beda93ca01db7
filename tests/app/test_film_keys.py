"""Step through by keyboard in a real browser: keys work wherever the focus is, and the buttons keep their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browser import Open, click_node, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]


def film(open_page: Open, address: str, **size: int) -> Any:
    page = open_page(f"{address}/?sample=by_hand&view=step_through", **size)
    wait_for_canvas(page)
    page.locator(".st-key-player").wait_for()
    page.wait_for_function("() => document.documentElement.dataset.filmKeys === 'on'")
    return page


def expect_frame(page: Any, number: int) -> None:
    page.locator(".st-key-side").get_by_text(f"Frame {number} of ", exact=False).wait_for()


def total(page: Any) -> int:
    return int(page.locator(".st-key-side").get_by_text("Frame ", exact=False).last.inner_text().split(" of ")[1])


def focus_tab(page: Any) -> None:
    page.locator(".st-key-header button", has_text="Step through").click()


def focus_canvas(page: Any) -> None:
    click_node(page, "a1")


def focus_beside(page: Any) -> None:
    page.locator(".st-key-side h4").first.click()


def focus_next(page: Any) -> None:
    page.locator(".st-key-player").get_by_role("button", name="Next").focus()


def focus_slider(page: Any) -> None:
    page.locator(".st-key-frame input[type=range]").focus()


@pytest.mark.parametrize("focus", [focus_tab, focus_canvas, focus_beside, focus_next, focus_slider])
def test_keys_work_wherever_the_focus_is(open_page: Open, address: str, focus: Callable[[Any], None]) -> None:
    page = film(open_page, address)
    last = total(page)
    page.keyboard.press("End")
    expect_frame(page, last)
    focus(page)
    page.keyboard.press("ArrowLeft")
    expect_frame(page, last - 1)
    page.keyboard.press("Home")
    expect_frame(page, 1)
    page.keyboard.press("ArrowRight")
    expect_frame(page, 2)


def test_fast_presses_are_all_counted(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect_frame(page, 7)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect_frame(page, 4)


def test_space_plays_and_pauses(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    player = page.locator(".st-key-player")
    page.keyboard.press("Space")
    player.get_by_role("button", name="Pause").wait_for()
    expect_frame(page, 2)
    page.keyboard.press("Space")
    player.get_by_role("button", name="Play").wait_for()


def test_keys_in_an_open_menu_are_the_menus_own(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    page.get_by_role("button", name="Written by hand").click()
    page.locator("[data-testid=stPopoverBody]").wait_for()
    page.locator("[data-testid=stPopoverBody] input").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.locator("[data-testid=stPopoverBody]").wait_for(state="hidden")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect_frame(page, total(page) - 1)


def test_space_plays_after_a_menu_that_escape_closed(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    page.get_by_role("button", name="Written by hand").click()
    menu = page.locator("[data-testid=stPopoverBody]")
    menu.wait_for()
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    page.keyboard.press("Space")
    page.locator(".st-key-player").get_by_role("button", name="Pause").wait_for()
    assert not menu.is_visible()


def test_space_presses_a_button_that_was_reached_with_tab(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    page.locator(".st-key-player").get_by_role("button", name="Back").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect_frame(page, 2)
    page.locator(".st-key-player").get_by_role("button", name="Play").wait_for()


def test_the_frame_is_in_the_address(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    for number in (2, 3):
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**frame={number}**")
    page.reload()
    expect_frame(page, 3)
    page.locator(".st-key-header button", has_text="Explore").click()
    page.wait_for_url("**view=explore**")
    page.locator(".st-key-header button", has_text="Step through").click()
    page.wait_for_url("**frame=3**")
    expect_frame(page, 3)
    page.go_back()
    page.wait_for_url("**view=explore**")
    page.go_forward()
    expect_frame(page, 3)


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1024, 768)])
def test_next_stands_still_and_in_sight_on_every_frame(open_page: Open, address: str, width: int, height: int) -> None:
    page = film(open_page, address, width=width, height=height)
    button = page.locator(".st-key-player").get_by_role("button", name="Next")
    places = set()
    for number in range(1, total(page) + 1):
        expect_frame(page, number)
        box = button.bounding_box()
        places.add((round(box["x"]), round(box["y"])))
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        page.keyboard.press("ArrowRight")
    assert len(places) == 1


def asking(open_page: Open, address: str, sample: str, method: str) -> Any:
    page = open_page(f"{address}/?sample={sample}&method={method}&view=step_through")
    wait_for_canvas(page)
    page.locator(".st-key-stages").get_by_role("button", name="Your prediction").click()
    page.get_by_text("Before you look").wait_for()
    return page


def chosen(page: Any, words: str) -> None:
    page.locator(".st-key-step_through-guess button[data-selected]", has_text=words).wait_for()


def test_a_click_on_a_branch_answers_the_question(open_page: Open, address: str) -> None:
    page = asking(open_page, address, "early_fork", "sibling")
    click_node(page, "8")
    chosen(page, "i recall the teacher of jade")
    click_node(page, "4")
    chosen(page, "find the teacher of jade, branch 1")
    page.get_by_text("Noted.").wait_for()
    page.keyboard.press("End")
    page.get_by_text("You said find the teacher of jade, branch 1: not so.").wait_for()


def test_a_click_beside_the_branches_answers_nothing(open_page: Open, address: str) -> None:
    page = asking(open_page, address, "by_hand", "tree_grpo")
    click_node(page, "b1")
    page.wait_for_url("**node=b1**")
    click_node(page, "a4")
    chosen(page, "answer cairo")
    click_node(page, "a2")
    page.wait_for_url("**node=a2**")
    chosen(page, "answer cairo")


MARKED = """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .map((host) => host.shadowRoot?.querySelector('.tc-canvas')?.treecore?.marked).find(Boolean)?.join()"""


def test_the_step_whose_numbers_are_told_is_marked(open_page: Open, address: str) -> None:
    page = film(open_page, address)
    assert page.evaluate(MARKED) == ""
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("For “answer cairo”:").wait_for()
    page.wait_for_function(f"() => ({MARKED})() === 'a4'")
