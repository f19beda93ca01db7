"""One selection in a real browser: after every way of choosing a step, canvas, panel, address and charts agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, Open, click_node, settled, wait_for_canvas

pytestmark = pytest.mark.browser

SHOWN = """() => {
    const hosts = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')];
    const inside = hosts.map((host) => host.shadowRoot);
    const canvas = inside.map((root) => root?.querySelector('.tc-canvas')?.treecore).find(Boolean);
    const panel = inside.map((root) => root?.querySelector('.panel')).find(Boolean);
    const at = (element) => element.__data__.data?.data?.id ?? element.parentNode.__data__.data.data.id;
    const sectors = [...document.querySelectorAll('.st-key-chart_icicle .tc-marked')].map(at);
    const plot = document.querySelector('.st-key-chart_forks .js-plotly-plot');
    const points = [...(plot?.querySelectorAll('.points path') ?? [])];
    const forks = points.flatMap((path, k) => path.matches('.tc-marked') ? [plot.data[0].customdata[k]] : []);
    return {
        canvas: canvas?.ready ? canvas.selected : 'moving', panel: panel?.dataset.node ?? null,
        address: new URL(location.href).searchParams.get('node'), sectors, forks,
        isFork: Boolean(plot?.data?.[0].customdata.includes(canvas?.selected)),
    };
}"""


def expect(page: Any, node_id: str | None, *, charts: bool = True) -> None:
    """Everything on the page says that this step is selected, and goes on saying so."""
    told = f"""(wanted) => {{
        const shown = ({SHOWN})();
        const same = [shown.canvas, shown.panel, shown.address].every((id) => id === wanted.id);
        const list = JSON.stringify(wanted.id === null ? [] : [wanted.id]);
        const forks = JSON.stringify(shown.isFork ? [wanted.id] : []);
        const marked = JSON.stringify(shown.sectors) === list && JSON.stringify(shown.forks) === forks;
        return same && (marked || !wanted.charts);
    }}"""
    try:
        page.wait_for_function(told, arg={"id": node_id, "charts": charts})
    except Exception:
        pytest.fail(f"{node_id} is selected, but the page shows {page.evaluate(SHOWN)}")


def explore(open_page: Open, address: str, query: str = "sample=by_hand") -> Any:
    page = open_page(f"{address}/?{query}")
    wait_for_canvas(page)
    page.locator(".st-key-chart_icicle g.slice").first.wait_for()
    settled(page)
    return page


def card(page: Any, words: str) -> None:
    page.locator(".st-key-side .card", has_text=words).click()


def sector(page: Any, words: str) -> None:
    page.locator(".st-key-chart_icicle .slice", has_text=f"…{words.split()[-1]}").first.click()


def test_canvas_arrows_and_cards(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    expect(page, None)
    click_node(page, "a3")
    expect(page, "a3")
    page.keyboard.press("ArrowLeft")
    expect(page, "a2")
    page.keyboard.press("ArrowRight")
    expect(page, "a3")
    card(page, "rome")
    expect(page, "b1")
    click_node(page, "a3")
    expect(page, "a3")
    card(page, "rome")
    expect(page, "b1")


def test_the_same_step_by_different_ways(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    click_node(page, "a2")
    expect(page, "a2")
    sector(page, "find the teacher of iris")
    expect(page, "a2", charts=False)
    click_node(page, "a1")
    expect(page, "a1", charts=False)
    sector(page, "find the teacher of iris")
    expect(page, "a2", charts=False)
    click_node(page, "a2")
    expect(page, "a2", charts=False)


def test_charts(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    point = page.locator(".st-key-chart_forks .points path").first
    point.scroll_into_view_if_needed()
    for _ in range(2):
        point.click(force=True)
        expect(page, "r1")
        click_node(page, "a1")
        expect(page, "a1")


def test_the_fork_button_and_escape(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    for _ in range(2):
        page.get_by_role("button", name="Show the fork that matters most").click()
        expect(page, "a3")
        page.keyboard.press("Escape")
        expect(page, None)
    click_node(page, "a1")
    expect(page, "a1")
    page.locator(".tc-canvas").press("Escape")
    expect(page, None)


def test_back_and_forward(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    for node in ("a1", "a2"):
        click_node(page, node)
        expect(page, node)
    for way, node in (("back", "a1"), ("back", None), ("forward", "a1"), ("forward", "a2"), ("back", "a1")):
        page.go_back() if way == "back" else page.go_forward()
        expect(page, node)
    click_node(page, "a2")
    expect(page, "a2")


def test_another_sample_and_another_prompt(open_page: Open, address: str, tmp_path: Path) -> None:
    page = explore(open_page, address)
    click_node(page, "a2")
    expect(page, "a2")
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.get_by_role("button", name="Late fork").click()
    page.wait_for_url("**sample=late_fork**")
    expect(page, None)
    page.go_back()
    expect(page, "a2")
    one = (ROOT / "sample_trees" / "by_hand.forest.json").read_text()
    lines = [" ".join(text.split("\n")) for text in (one, one.replace("where is", "where was"))]
    many = tmp_path / "two.forest.jsonl"
    many.write_text("\n".join(lines))
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.locator("input[type=file]").first.set_input_files(many)
    page.get_by_text("prompt 1 of 2").wait_for()
    expect(page, None)
    page.keyboard.press("Escape")
    page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
    settled(page)
    click_node(page, "a1")
    expect(page, "a1")
    page.get_by_role("button", name="Next prompt").click()
    page.get_by_text("prompt 2 of 2").wait_for()
    expect(page, None)
    click_node(page, "a3")
    expect(page, "a3")
    page.go_back()
    page.go_back()
    page.get_by_text("prompt 1 of 2").wait_for()
    expect(page, "a1")
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.locator("[data-testid=stPopoverBody] [data-testid=stSelectbox] input").last.click()
    page.get_by_role("option", name="where was the home").click()
    page.get_by_text("prompt 2 of 2").wait_for()
    expect(page, None)


def test_another_method_and_another_view(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    click_node(page, "a3")
    expect(page, "a3")
    page.locator(".st-key-controls").get_by_text("granularity", exact=True).click()
    expect(page, "a3")
    page.locator(".st-key-header").get_by_text("Step through").click()
    page.locator(".st-key-player").wait_for()
    page.get_by_role("button", name="Weight on every token").click()
    page.locator(".st-key-side h4", has_text="Weight on every token").wait_for()
    click_node(page, "b1")
    page.wait_for_url("**node=b1**")
    page.locator(".st-key-header").get_by_text("Explore").click()
    page.locator(".st-key-chart_icicle").wait_for()
    expect(page, "b1")
    card(page, "cairo")
    expect(page, "a4")


FOCUS = """() => {
    const inside = document.activeElement?.shadowRoot?.activeElement;
    return inside && { kind: inside.className, id: inside.dataset.id ?? null };
}"""


def test_the_focus_stays_after_a_card_and_the_fork_button(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    page.get_by_role("button", name="Show the fork that matters most").press("Enter")
    expect(page, "a3")
    page.wait_for_function(f"() => ({FOCUS})()?.kind === 'panel'")
    page.locator(".st-key-side .card", has_text="rome").press("Enter")
    expect(page, "b1")
    assert page.evaluate(FOCUS) == {"kind": "card", "id": "b1"}
    page.locator(".st-key-side .card", has_text="cairo").press("Enter")
    expect(page, "a4")
    assert page.evaluate(FOCUS) == {"kind": "card", "id": "a4"}
    page.reload()
    expect(page, "a4")
    assert page.evaluate(FOCUS) is None


def test_fast_clicks_end_where_the_last_one_was(open_page: Open, address: str) -> None:
    page = explore(open_page, address)
    for node in ("a1", "a2", "a3", "a4", "a1", "a2", "a3", "a2"):
        click_node(page, node)
    expect(page, "a2")
