"""Words of the glossary on a page, in a browser: underlined once, told by key and by click, left alone in code."""

from __future__ import annotations

import pytest
from browser import Open

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
PAINTED = "() => [...(CSS.highlights.get('treecore-word') ?? [])].map(String)"

IN_SHEET = "[...CSS.highlights.get('treecore-word')][0].startContainer.parentElement.closest('dialog') !== null"


def test_words_say_what_they_mean(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=library")
    page.wait_for_function(f"() => ({PAINTED})().length > 2")
    painted = page.evaluate(PAINTED)
    assert painted[:3] == ["rollouts", "outcomes", "credit"]
    assert len({word.lower() for word in painted}) == len(painted)
    box = page.locator(".word")
    page.keyboard.press("w")
    assert "to its end" in box.inner_text()
    page.keyboard.press("w")
    assert "What the verifier says" in box.inner_text()
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    at = page.evaluate("() => [...CSS.highlights.get('treecore-word')][2].getBoundingClientRect().toJSON()")
    page.mouse.click(at["x"] + 5, at["y"] + 5)
    assert box.inner_text().startswith("credit")
    page.goto(f"{address}/?view=lessons&unit=outcome&stage=why&mark=3&bet=-60")
    page.locator(".panel .term", has_text="continuations").click()
    page.get_by_text("A fresh ending of an answer").wait_for()
    assert page.locator(".panel .term", has_text="continuations").count() == 1


def test_words_are_found_in_a_dialog_a_menu_and_a_legend(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&view=step_through&frame=1")
    page.wait_for_function(f"() => ({PAINTED})().includes('fork')")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    page.wait_for_function(f"() => {IN_SHEET}")
    page.keyboard.press("w")
    assert page.locator(".word").inner_text().startswith("fork")
    page.keyboard.press("Escape")
    assert sheet.is_visible()
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => !({IN_SHEET})")
    page.locator(".st-key-methods button").click()
    dialog = page.get_by_role("dialog")
    page.wait_for_function(f"() => ({PAINTED})().includes('outcomes')")
    page.keyboard.press("w")
    page.locator(".word", has_text="on this page").wait_for()
    at = page.evaluate("() => [...CSS.highlights.get('treecore-word')][0].getBoundingClientRect().toJSON()")
    box = dialog.first.bounding_box()
    assert box["x"] < at["x"] < box["x"] + box["width"]
    page.keyboard.press("Escape")
    assert dialog.first.is_visible()
    page.keyboard.press("Escape")
    dialog.first.wait_for(state="hidden")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("combobox", name="Kind").click()
    page.get_by_role("option", name="labelled steps").click()
    page.wait_for_function(f"() => ({PAINTED})().includes('labels')")
