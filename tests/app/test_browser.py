"""The real app in a real browser: the main paths, from first paint to a rollout."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, Open, click_node, wait_for_canvas

pytestmark = pytest.mark.browser
FILE = ROOT / "sample_trees" / "by_hand.forest.json"


def side(page: Any) -> Any:
    return page.locator(".st-key-side")


def test_opens_on_a_sample_and_asks_nothing_of_the_network(open_page: Open, address: str) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    wait_for_canvas(page)
    page.get_by_text("Where the tokens went").wait_for()
    foreign = [url for url in asked if not url.startswith((address, "ws://127.0.0.1", "data:", "blob:"))]
    assert foreign == []


@pytest.mark.usefixtures("no_charts")
def test_a_click_on_a_step_shows_its_numbers(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    click_node(page, "a3")
    side(page).get_by_text("2 branches from the same prefix").wait_for()
    side(page).get_by_text("2 leaves beneath").wait_for()
    side(page).locator(".equation", has_text="+1.1052").wait_for()
    page.wait_for_url("**node=a3**")


@pytest.mark.usefixtures("no_charts")
def test_a_click_on_a_sibling_moves_on(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3")
    side(page).locator(".card", has_text="rome").click()
    page.wait_for_url("**node=b1**")
    wait_for_canvas(page)
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .some((host) => host.shadowRoot?.querySelector('.tc-canvas')?.treecore.selected === 'b1')"""
    )


def test_a_click_on_a_chart_selects_the_step(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    point = page.locator(".st-key-chart_forks .scatterlayer .points path").first
    point.wait_for()
    point.scroll_into_view_if_needed()
    point.click(force=True)
    page.wait_for_url("**node=r1**")
    sector = page.locator(".st-key-chart_icicle .slice", has_text="…iris").first
    sector.click()
    page.wait_for_url("**node=a2**")


@pytest.mark.usefixtures("no_charts")
def test_step_through_reaches_the_end_by_keyboard(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&view=step_through")
    wait_for_canvas(page)
    counter = side(page).get_by_text("Frame ", exact=False).last
    total = int(counter.inner_text().split(" of ")[1])
    for number in range(2, total + 1):
        page.keyboard.press("ArrowRight")
        side(page).get_by_text(f"Frame {number} of {total}", exact=True).wait_for()
    side(page).locator("h4", has_text="Weight on every token").wait_for()


@pytest.mark.usefixtures("no_charts")
def test_upload_of_a_valid_and_of_a_broken_file(open_page: Open, address: str, tmp_path: Path) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    wait_for_canvas(page)
    page.locator(".st-key-controls").get_by_role("button").first.click()
    broken = tmp_path / "broken.forest.json"
    broken.write_text(FILE.read_text().replace('"parent": "a2"', '"parent": "nowhere"'))
    page.locator("input[type=file]").first.set_input_files(broken)
    page.get_by_text("nowhere", exact=False).first.wait_for()
    page.get_by_text("where is the home of the teacher of the boss of paul ?").first.wait_for()
    good = tmp_path / "mine.forest.json"
    good.write_text(FILE.read_text().replace("where is the home", "where was the home"))
    page.locator("input[type=file]").first.set_input_files(good)
    page.get_by_text("where was the home", exact=False).first.wait_for()
    page.get_by_text("1 prompt, 6 trajectories", exact=False).first.wait_for()


@pytest.mark.usefixtures("no_charts")
def test_a_rollout_from_the_browser_becomes_a_drawn_tree(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=rollout")
    page.get_by_role("button", name="Grow trees").click()
    page.set_default_timeout(90_000)
    page.get_by_role("button", name="Open in Explore").click()
    wait_for_canvas(page)
    page.get_by_text("6 trajectories", exact=False).first.wait_for()
    page.get_by_role("button", name="Show the fork that matters most").wait_for()


def fill_in(page: Any, *, prompts: int, trees: int = 2) -> None:
    """Ask for so many prompts and trees for each, of three trajectories."""
    for label, number in (("Prompts", prompts), ("m", trees)):
        field = page.get_by_label(label, exact=True)
        field.fill(str(number))
        field.press("Enter")
    page.get_by_text(f"Trajectories a prompt: {3 * trees}", exact=True).wait_for()


def grow(page: Any) -> None:
    """Start the run that was asked for."""
    page.get_by_role("button", name="Grow trees").click()


def test_two_visitors_queue_and_cancel(open_page: Open, address: str) -> None:
    first, second = (open_page(f"{address}/?view=rollout") for _ in range(2))
    for page in (first, second):
        page.set_default_timeout(90_000)
    fill_in(first, prompts=32, trees=48)
    fill_in(second, prompts=1)
    grow(first)
    first.get_by_text("of 4,608 trajectories").wait_for()
    grow(second)
    second.get_by_text("next in line").wait_for()
    second.get_by_role("button", name="Cancel").click()
    second.get_by_text("Cancelled before anything was written").wait_for()
    first.get_by_role("button", name="Cancel").click()
    first.get_by_text("cancelled", exact=False).first.wait_for()
    grow(second)
    second.get_by_role("button", name="Open in Explore").wait_for()


def test_a_question_outside_the_vocabulary_is_refused(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=rollout")
    page.get_by_text("my own", exact=True).click()
    field = page.get_by_label("Your question")
    field.fill("what is the meaning of life ?")
    field.press("Enter")
    page.get_by_role("button", name="Grow trees").click()
    side(page).get_by_role("alert").wait_for()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1024, 768)])
@pytest.mark.parametrize("view", ["explore", "step_through", "rollout"])
def test_nothing_overflows_sideways(
    open_page: Open, address: str, view: str, width: int, height: int, dark: bool
) -> None:
    page = open_page(f"{address}/?sample=by_hand&node=a3&view={view}", width=width, height=height, dark=dark)
    side(page).wait_for()
    assert page.evaluate("() => document.querySelector('.stMain').scrollWidth - window.innerWidth") <= 0


def test_badges_of_the_film_never_overlap(open_page: Open, address: str) -> None:
    """At the usual size of a small laptop the badges of neighbours have no room beside each other."""
    page = open_page(f"{address}/?sample=surprisal&method=deepconf&view=step_through&frame=13", width=1024, height=768)
    wait_for_canvas(page)
    held = """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
        .map((host) => host.shadowRoot?.querySelector('.tc-canvas')?.treecore).find(Boolean)"""
    page.wait_for_function(f"() => ({held})()?.ready && ({held})().badges.length > 1")
    badges = page.evaluate(f"() => ({held})().badges")
    asked = page.evaluate(f"() => Object.keys(({held})().scene.stage.badges).length")
    assert len(badges) < asked
    for one, other in itertools.combinations(badges, 2):
        assert abs(one["x"] - other["x"]) >= one["half"] + other["half"] or abs(one["y"] - other["y"]) >= 16
    assert set(page.evaluate(f"() => ({held})().marked")) <= {badge["id"] for badge in badges}
