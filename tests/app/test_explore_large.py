"""Explore in a browser where a forest is large or the window small: filters, folded subtrees, the drawer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser import ROOT, Open, click_node, serve, settled, wait_for_canvas

import treecore as tc
from app.drawer import FOLDER
from treecore.core.forest import Forest
from treecore.views.sources import script

WIDE = 12
ENDS, STEPS = WIDE * WIDE, 1 + WIDE + WIDE * WIDE
NEEDLE = str(STEPS - 1)
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]


@pytest.fixture(scope="module")
def large(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app on a forest of a root, some plans and as many answers to each."""
    parent = np.concatenate([[-1], np.zeros(WIDE, dtype=np.int64), np.repeat(np.arange(1, WIDE + 1), WIDE)])
    text = ["", *(f"plan {k}" for k in range(WIDE)), *(f"answer {k}" for k in range(ENDS - 1)), "answer needle"]
    reward = [np.nan] * (1 + WIDE) + [float(k % 3 == 0) for k in range(ENDS)]
    path = tmp_path_factory.mktemp("large") / "large.forest.jsonl"
    tc.write([Forest(parent, text=text, reward=reward, prompt="which plan?")], path)
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(path)) as address:
        yield address


def held(page: Any, name: str) -> Any:
    return wait_for_canvas(page).evaluate("(canvas, name) => canvas.treecore[name]", name)


def test_a_filter_dims_all_else_and_removes_nothing(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    everything = held(page, "ids")
    assert held(page, "faded") == []
    page.locator(".st-key-filters button").first.click()
    page.get_by_text("ends right · 5").click()
    page.wait_for_url("**only=right*")
    settled(page)
    assert held(page, "ids") == everything
    assert set(everything) - set(held(page, "faded")) == {"r1", "a1", "a2", "a3", "a4"}
    page.get_by_text("path to the selected step").click()
    page.wait_for_url("**only=path*")
    settled(page)
    page.keyboard.press("Escape")
    click_node(page, "a2")
    assert set(everything) - set(held(page, "faded")) == {"r1", "a1", "a2"}


def ends_drawn(page: Any) -> list[tuple[str, int]]:
    """Id and ends of each row of the picture."""
    script = """(canvas) => { const { ids, folded, scene } = canvas.treecore;
        return ids.map((id, i) => [id, folded[i].ends]).filter((_, i) => !scene.parent.includes(i)); }"""
    return [(name, ends) for name, ends in wait_for_canvas(page).evaluate(script)]


def test_a_large_forest_opens_folded_and_search_leads_into_it(open_page: Open, large: str) -> None:
    page = open_page(large)
    canvas = wait_for_canvas(page)
    before = ends_drawn(page)
    assert len(before) == 20
    assert sum(ends for _, ends in before) == ENDS
    group, folded = page.locator(".group"), held(page, "folded")
    canvas.press("End")
    assert group.locator(".title").inner_text() == "plan 11"
    assert f"{WIDE} ends" in group.inner_text()
    at = next(row for row, shape in enumerate(folded) if shape["rest"])
    for _ in range(len(folded)):
        canvas.press("l")
        if held(page, "selected") == held(page, "scene")["id"][at]:
            break
    ends, right = folded[at]["ends"], folded[at]["right"]
    assert group.locator(".title").inner_text() == f"{len(folded[at]['rest'])} other ways"
    assert f"{right} right, {ends - right} not" in group.inner_text()
    assert not page.get_by_text("Click a step").is_visible()
    canvas.press("Escape")
    assert not group.is_visible()
    canvas.press("/")
    page.keyboard.type("needle")
    assert page.locator(".tc-found").inner_text() == "1 step"
    assert sum(shape["hits"] for shape in held(page, "folded")) == 1
    page.keyboard.press("Enter")
    assert held(page, "selected") == NEEDLE
    assert sum(ends for _, ends in ends_drawn(page)) == ENDS
    page.wait_for_url(f"**node={NEEDLE}*")
    page.keyboard.press("Escape")
    canvas.press("Backspace")
    assert ends_drawn(page) == before
    page.get_by_role("button", name="Subtrees as shapes").click()
    assert (held(page, "folded"), len(held(page, "ids"))) == (None, STEPS)


def test_digits_open_to_a_depth_and_every_step_is_under_a_row(open_page: Open, large: str) -> None:
    page = open_page(large)
    canvas = wait_for_canvas(page)
    for key, rows in (("1", WIDE), ("2", ENDS), ("Backspace", WIDE)):
        canvas.press(key)
        assert len(ends_drawn(page)) == rows
        assert sum(ends for _, ends in ends_drawn(page)) == ENDS


def drawer_height(page: Any) -> float:
    return float(page.locator("[data-testid=stColumn]:has(.st-key-drawer)").bounding_box()["height"])


def test_a_step_of_a_link_is_not_under_the_drawer(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&node=6", width=1024, height=768)
    canvas = wait_for_canvas(page)
    page.wait_for_function("() => document.documentElement.dataset.drawer === 'open'")
    settled(page)
    at = canvas.evaluate("(canvas) => canvas.treecore.position('6').y")
    assert at < page.locator(".st-key-drawer").bounding_box()["y"] - 20


def test_a_drawer_opens_at_a_selection_and_escape_or_its_button_close_it(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand", width=1024, height=768)
    canvas, turn = wait_for_canvas(page), page.locator(".st-key-drawer button")
    assert canvas.bounding_box()["width"] > 900
    assert drawer_height(page) == pytest.approx(40, abs=2)
    canvas.focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.documentElement.dataset.drawer === 'open'")
    page.locator(".panel .title").wait_for()
    top = page.locator(".st-key-drawer").bounding_box()["y"]
    page.wait_for_function("(at) => at", arg=wait_for_canvas(page).evaluate("(c) => c.treecore.selected"))
    at = wait_for_canvas(page).evaluate("(c) => c.treecore.position(c.treecore.selected)")
    assert at["y"] < top - 20, "the drawer hides the selected step"
    assert drawer_height(page) > 200
    page.keyboard.press("ArrowUp")
    assert turn.get_attribute("aria-expanded") == "true", "the focus has left the trees, or the drawer has closed"
    page.keyboard.press("Escape")
    assert (turn.get_attribute("aria-expanded"), held(page, "selected")) == ("false", None)
    page.keyboard.press("ArrowRight")
    assert turn.get_attribute("aria-expanded") == "true"
    turn.click()
    assert (turn.get_attribute("aria-expanded"), drawer_height(page)) == ("false", pytest.approx(40, abs=2))
    assert held(page, "selected") is not None
    canvas.press("i")
    assert turn.get_attribute("aria-expanded") == "true"


def test_a_phone_shows_one_trajectory_and_turns_to_siblings(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand", width=390, height=844)
    steps = page.locator(".tc-step .tc-said")
    steps.first.wait_for()
    assert not page.locator(".tc-canvas").is_visible()
    first = steps.all_inner_texts()
    assert page.locator(".tc-which span").inner_text() == "Trajectory 1 of 6"
    page.get_by_role("button", name="Next way").last.click()
    page.get_by_text("Trajectory 2 of 6").wait_for()
    second = steps.all_inner_texts()
    assert second[:-1] == first[:-1]
    assert second[-1] != first[-1]
    steps.last.click()
    page.wait_for_function("() => document.documentElement.dataset.drawer === 'open'")
    page.locator(".panel .title").wait_for()
    assert page.locator(".tc-step[aria-current=step]").count() == 1
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollLeft") == 0


DRAWN_ANEW = """async (source) => {
    const { default: head } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const place = () => {
        const host = document.createElement("div");
        document.body.append(host);
        return host.attachShadow({ mode: "open" });
    };
    const [before, now] = [place(), place()], data = { asked: false };
    const [leave, stay] = [before, now].map((parentElement) => head({ data, parentElement }));
    before.host.remove();
    leave();
    await new Promise((go) => setTimeout(go));
    const known = globalThis.treecoreDrawer !== undefined;
    now.host.remove();
    stay();
    await new Promise((go) => setTimeout(go));
    return [known, globalThis.treecoreDrawer === undefined];
}"""


def test_a_drawer_that_is_drawn_anew_is_not_forgotten_with_the_one_before(open_page: Open) -> None:
    page = open_page("about:blank")
    assert page.evaluate(DRAWN_ANEW, script(FOLDER / "drawer.js")) == [True, True]
