"""The canvas in the film: words keep their contrast while the picture is dimmed, and the legend is in the window."""

from __future__ import annotations

from typing import Any

import pytest
from browser import Open, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
AA = 4.5
RECORD = """() => {
    const kind = CanvasRenderingContext2D.prototype, { clearRect, fillText } = kind;
    const drawnOn = (one) => one.canvas.classList.contains('tc-canvas');
    window.drawn = [];
    kind.clearRect = function (...box) { if (drawnOn(this)) window.drawn = []; clearRect.apply(this, box); };
    kind.fillText = function (text, ...at) {
        const { fillStyle, globalAlpha } = this;
        if (drawnOn(this)) window.drawn.push({ text, colour: fillStyle, alpha: globalAlpha });
        fillText.call(this, text, ...at);
    };
}"""
DRAWN = """() => {
    const channels = (colour) => [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16) / 255);
    const light = (rgb) => rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const paper = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor
        .match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255);
    return window.drawn.map(({ text, colour, alpha }) => {
        const ink = channels(colour).map((c, k) => alpha * c + (1 - alpha) * paper[k]);
        const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b);
        return { text, contrast: (high + 0.05) / (low + 0.05) };
    });
}"""
FRAME = """(number) => [...document.querySelectorAll('.st-key-side p')].some((one) =>
    one.textContent.startsWith(`Frame ${number} of `))"""
HELD = """[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .map((host) => host.shadowRoot?.querySelector('.tc-canvas')?.treecore).find(Boolean)"""


def settled(page: Any) -> None:
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )
    page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    wait_for_canvas(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_can_be_read_in_every_frame(open_page: Open, address: str, dark: bool) -> None:
    page = open_page(f"{address}/?sample=by_hand&view=step_through", width=1024, height=768, dark=dark)
    wait_for_canvas(page)
    page.evaluate(RECORD)
    dimmed, frames = 0, page.evaluate("() => +document.body.innerText.match(/Frame 1 of (\\d+)/)[1]")
    for number in range(2, frames + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_function(FRAME, arg=number)
        settled(page)
        drawn = page.evaluate(DRAWN)
        assert drawn
        assert [one for one in drawn if one["contrast"] < AA] == []
        dimmed += bool(page.evaluate(f"({HELD}).scene.stage.highlight.length"))
    assert dimmed


@pytest.mark.parametrize("view", ["step_through", "explore"])
@pytest.mark.parametrize("name", ["early_fork", "mcts"])
def test_the_legend_is_in_the_window(open_page: Open, address: str, name: str, view: str) -> None:
    page = open_page(f"{address}/?sample={name}&view={view}", width=1024, height=768)
    settled(page)
    if view == "step_through":
        page.keyboard.press("End")
        page.get_by_text("fork: ring shows").wait_for()
        settled(page)
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .map((host) => host.shadowRoot?.querySelector('.tc-bar')).find(Boolean)
            .getBoundingClientRect().bottom <= innerHeight"""
    )


def test_numbers_light_their_nodes_and_nodes_mark_their_numbers(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&method=sibling&view=step_through", width=1024, height=768)
    settled(page)
    page.get_by_role("button", name="Compare siblings").click()
    number = page.locator(".tc-card .tc-equation").last.locator("[data-term]").last
    number.wait_for()
    settled(page)
    number.focus()
    page.wait_for_function(f"() => !({HELD}).faded.includes('22')")
    page.wait_for_function(f"() => ({HELD}).faded.includes('2')")
    number.blur()
    at = page.evaluate(f"({HELD}).position('22')")
    page.mouse.move(at["x"], at["y"])
    page.locator(".tc-card [data-term][data-lit]").first.wait_for()


def test_values_travel_to_the_parent_and_then_stand_there(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&method=sibling&view=step_through", width=1024, height=768)
    settled(page)
    page.get_by_role("button", name="Back up values").click()
    page.wait_for_function(f"() => ({HELD}).travelling > 0")
    page.wait_for_function(f"() => ({HELD}).ready")
    page.emulate_media(reduced_motion="reduce")
    shown = page.evaluate(f"Object.keys(({HELD}).scene.stage.badges).length")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"(before) => Object.keys(({HELD}).scene.stage.badges).length > before", arg=shown)
    assert page.evaluate(f"({HELD}).scene.stage.moves.length") > 0
    assert page.evaluate(f"({HELD}).travelling") == 0


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1024, 768)])
@pytest.mark.parametrize(("name", "method"), [("by_hand", "tree_grpo"), ("early_fork", "sibling"), ("mcts", "sibling")])
def test_badges_brackets_and_the_equation_hide_no_words(
    open_page: Open, address: str, name: str, method: str, width: int, height: int
) -> None:
    place = f"{address}/?sample={name}&method={method}&view=step_through"
    page = open_page(place, width=width, height=height)
    settled(page)
    brackets, spoken = 0, 0
    frames = page.evaluate("() => +document.body.innerText.match(/Frame 1 of (\\d+)/)[1]")
    for number in range(2, frames + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_function(FRAME, arg=number)
        settled(page)
        page.wait_for_function(f"() => ({HELD}).ready")
        shown = page.evaluate(f"(({{ boxes, badges, bracket, card }}) => ({{ boxes, badges, bracket, card }}))({HELD})")
        pills = [
            (one["x"] - one["half"], one["y"] - 8, one["x"] + one["half"], one["y"] + 8) for one in shown["badges"]
        ]
        if shown["bracket"]:
            brackets += 1
            pills.append(tuple(shown["bracket"][side] for side in ("x0", "y0", "x1", "y1")))
        if card := shown["card"]:
            pills.append((card["x"], card["y"], card["x"] + card["width"], card["y"] + card["height"]))
        seen = page.evaluate(f"({HELD}).height")
        words = [tuple(one[side] for side in ("x0", "y0", "x1", "y1")) for one in shown["boxes"] if one["y1"] < seen]
        spoken += len(words)
        hidden = [
            (pill, box)
            for pill in pills
            for box in words
            if pill[0] < box[2] and box[0] < pill[2] and pill[1] < box[3] and box[1] < pill[3]
        ]
        assert hidden == [], number
    assert spoken
    assert brackets or method != "sibling"
