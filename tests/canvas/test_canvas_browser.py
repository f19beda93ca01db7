"""The canvas in a browser: a click reports, keys walk, the view survives new colours, data stays text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, Open, click_node, serve, wait_for_canvas

from app.canvas import component_script
from treecore.views.sources import script

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(browser: Any) -> Iterator[str]:
    with serve(Path(__file__).parent / "canvas_app.py") as address:
        yield address


def held(page: Any, name: str) -> Any:
    return wait_for_canvas(page).evaluate("(canvas, name) => canvas.treecore[name]", name)


def expect_selected(page: Any, node_id: str | None) -> None:
    page.get_by_text(f"selected: {node_id}", exact=True).wait_for()


def test_a_click_reports_the_node(open_page: Open, address: str) -> None:
    page = open_page(address)
    wait_for_canvas(page)
    expect_selected(page, None)
    click_node(page, "4")
    expect_selected(page, "4")
    assert held(page, "selected") == "4"


def test_keys_walk_the_tree(open_page: Open, address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    click_node(page, "1")
    for key, expected in [
        ("ArrowRight", "3"),
        ("ArrowDown", "4"),
        ("ArrowDown", "5"),
        ("ArrowLeft", "2"),
        ("ArrowUp", "1"),
        ("Shift+F", "0"),
        ("f", "1"),
        ("l", "3"),
        ("Shift+L", "7"),
        ("Home", "0"),
        ("End", "7"),
    ]:
        canvas.press(key)
        assert held(page, "selected") == expected, key
    expect_selected(page, "7")


def test_folding_hides_a_subtree(open_page: Open, address: str) -> None:
    page = open_page(address)
    click_node(page, "1")
    wait_for_canvas(page).press("Enter")
    assert held(page, "ids") == ["0", "1", "2", "5", "6", "7"]
    wait_for_canvas(page).press("Enter")
    assert "3" in held(page, "ids")


def test_zoom_and_folds_survive_new_colours(open_page: Open, address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    click_node(page, "2")
    canvas.press("Enter")
    canvas.press("+")
    canvas.press("+")
    before = held(page, "view")
    for colour in ("granularity", "both", "value", "entropy"):
        page.get_by_text(colour, exact=True).first.click()
        page.wait_for_function(
            """(title) => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .map((host) => host.shadowRoot).find((root) => root?.querySelector('.tc-canvas'))
                ?.querySelector('.tc-canvas').treecore.scene.fill.title === title""",
            arg="|credit|" if colour == "both" else colour,
        )
        assert held(page, "view") == before
        assert "5" not in held(page, "ids")
        assert held(page, "selected") == "2"


def test_python_can_select(open_page: Open, address: str) -> None:
    page = open_page(address)
    wait_for_canvas(page)
    page.get_by_text("jump to 7").click()
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .map((host) => host.shadowRoot).find((root) => root?.querySelector('.tc-canvas'))
            ?.querySelector('.tc-canvas').treecore.selected === '7'"""
    )
    click_node(page, "3")
    expect_selected(page, "3")
    assert held(page, "selected") == "3"


def test_what_is_chosen_before_the_page_takes_it_is_not_lost(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?late=1")
    click_node(page, "4")
    assert held(page, "selected") == "4"
    page.get_by_text("go on").click()
    expect_selected(page, "4")
    assert held(page, "selected") == "4"


def test_a_hit_stays_while_words_are_typed_whatever_the_page_says(open_page: Open, address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    canvas.press("/")
    found = page.locator(".tc-search input").evaluate(
        """(input) => {
            input.value = "answer";
            input.dispatchEvent(new Event("input"));
            document.dispatchEvent(new CustomEvent("treecore-selected", { detail: null }));
            return input.getRootNode().querySelector(".tc-canvas").treecore.selected;
        }"""
    )
    assert found == "3"
    expect_selected(page, "3")


def test_hits_are_lit_and_stepped_through_and_a_word_is_offered_for_none(open_page: Open, address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    canvas.press("/")
    page.keyboard.type("answer")
    assert (held(page, "selected"), held(page, "lit")) == ("3", ["3", "4", "5", "7"])
    assert page.locator(".tc-found").inner_text() == "1 of 4"
    page.keyboard.press("Enter")
    assert held(page, "selected") == "4"
    for key, expected in [("n", "5"), ("n", "7"), ("n", "3"), ("Shift+N", "7"), ("Home", "0"), ("n", "3")]:
        canvas.press(key)
        assert held(page, "selected") == expected, key
    page.locator(".tc-search input").fill("anwser")
    assert held(page, "lit") == []
    page.get_by_role("button", name="find “answer”").click()
    assert held(page, "lit") == ["3", "4", "5", "7"]
    page.keyboard.press("Escape")
    assert page.locator(".tc-search").is_hidden()
    assert held(page, "lit") == []


def test_the_tooltip_has_the_words_of_a_step_without_tags(open_page: Open, address: str) -> None:
    page = open_page(address)
    click_node(page, "5")
    assert page.locator(".tc-tooltip .tc-title").inner_text() == "answer c"
    assert page.locator(".tc-tooltip .tc-text").inner_text() == "so it is c\nc"


def test_text_of_the_data_is_never_markup(open_page: Open, address: str) -> None:
    page = open_page(address)
    click_node(page, "2")
    assert "<img src=x" in page.locator(".tc-tooltip").inner_text()
    assert page.locator(".tc img").count() == 0


def test_the_tooltip_shows_code_as_the_panel_does(open_page: Open, address: str) -> None:
    faces = {}
    for node in ("2", "5"):
        page = open_page(address)
        click_node(page, node)
        faces[node] = page.locator(".tc-tooltip .tc-text").evaluate("(box) => getComputedStyle(box).fontFamily")
    assert "monospace" in faces["2"]
    assert "monospace" not in faces["5"]
    panel, canvas = script(ROOT / "app" / "panel" / "panel.js"), component_script()
    rules = [[line for line in text.splitlines() if "const CODE" in line] for text in (panel, canvas)]
    assert rules[0] == rules[1] != []


def test_the_theme_follows_the_page(open_page: Open, address: str) -> None:
    page = open_page(address, dark=True)
    assert held(page, "theme") == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .map((host) => host.shadowRoot).find((root) => root?.querySelector('.tc-canvas'))
            ?.querySelector('.tc-canvas').treecore.theme === 'light'"""
    )


def test_a_browser_that_lacks_parts_asks_for_them(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?lost=1")
    wait_for_canvas(page)
    click_node(page, "4")
    expect_selected(page, "4")
    page.reload()
    wait_for_canvas(page)
