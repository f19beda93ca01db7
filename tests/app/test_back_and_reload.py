"""Copy link, Back, Forward and a reload in a browser, which also keeps what was uploaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import ROOT, Open, click_node, settled, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
KEPT = """new Promise((resolve) => { const opening = indexedDB.open("treecore", 1); opening.onsuccess = () => {
  const all = opening.result.transaction("files").objectStore("files").getAllKeys();
  all.onsuccess = () => resolve(all.result.length); }; })"""


def test_back_forward_reload_and_a_copied_link(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    wait_for_canvas(page)
    settled(page)
    click_node(page, "b1")
    page.wait_for_url("**node=b1**")
    settled(page)
    page.locator(".st-key-controls").get_by_text("value", exact=True).click()
    page.wait_for_url("**colour=value**")
    settled(page)
    page.locator(".st-key-copy_link button").click()
    page.locator(".st-key-copy_link").get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.go_back()
    page.wait_for_function("!location.search.includes('colour=')")
    page.locator(".st-key-controls button[data-selected]", has_text="credit").wait_for()
    settled(page)
    page.go_back()
    page.wait_for_url("**node=a3**")
    page.locator(".st-key-side [data-node=a3]").wait_for()
    settled(page)
    page.go_forward()
    page.wait_for_url("**node=b1**")
    page.locator(".st-key-side [data-node=b1]").wait_for()
    settled(page)
    page.reload()
    wait_for_canvas(page)
    page.locator(".st-key-side [data-node=b1]").wait_for()
    assert "node=b1" in page.url


def test_words_that_were_looked_for_are_one_step_back(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=b1")
    canvas = wait_for_canvas(page)
    settled(page)
    canvas.focus()
    page.keyboard.press("/")
    page.keyboard.type("boss")
    page.wait_for_url("**find=boss**")
    settled(page)
    assert "node=b1" not in page.url
    page.go_back()
    page.wait_for_function("!location.search.includes('find=')")
    settled(page)
    assert "node=b1" in page.url


def test_an_upload_is_kept_in_this_browser_and_forgotten(open_page: Open, address: str, tmp_path: Path) -> None:
    forest = json.loads((ROOT / "sample_trees" / "by_hand.forest.json").read_text())
    path = tmp_path / "mine.forest.json"
    path.write_text(json.dumps({**forest, "prompt": "a question of my own"}))
    page = open_page(address)
    wait_for_canvas(page)
    page.locator(".st-key-controls [data-testid=stPopover] button").first.click()
    page.locator("[data-testid=stPopoverBody] input[type=file]").first.set_input_files(str(path))
    page.wait_for_url("**file=**")
    settled(page)
    page.keyboard.press("Escape")
    settled(page)
    click_node(page, "b1")
    page.wait_for_url("**node=b1**")
    settled(page)
    link = page.url
    page.reload()
    page.locator(".st-key-kept_offer", has_text="mine.forest.json").wait_for()
    assert page.url == link
    page.locator(".st-key-kept_open button").click()
    page.locator(".st-key-title", has_text="a question of my own").wait_for()
    page.locator(".st-key-side [data-node=b1]").wait_for()
    settled(page)
    assert page.url == link
    page.reload()
    page.locator(".st-key-kept_drop button").click()
    page.locator(".st-key-kept_offer").wait_for(state="detached")
    settled(page)
    assert page.evaluate(KEPT) == 0
