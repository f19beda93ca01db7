"""What if in a real browser: keys on the canvas, the list beside it, the address, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from browser import Open, click_node, settled, wait_for_canvas

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]

CHANGE = """() => {
    const hosts = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')].map((one) => one.shadowRoot);
    const scene = hosts.map((root) => root?.querySelector('.tc-canvas')?.treecore).find(Boolean)?.scene;
    const board = hosts.map((root) => root?.querySelector('.board')).find(Boolean);
    return {
        edit: new URL(location.href).searchParams.get('edit'),
        badges: Object.values(scene?.change?.badges ?? {}),
        verbs: [...(board?.querySelectorAll('.verb') ?? [])].map((one) => one.textContent),
    };
}"""


def expect(page: Any, edit: str | None, badges: list[str], verbs: list[str]) -> None:
    wanted = {"edit": edit, "badges": badges, "verbs": verbs}
    same = f"(wanted) => JSON.stringify(({CHANGE})()) === JSON.stringify(wanted)"
    try:
        page.wait_for_function(same, arg=wanted)
    except Exception:
        pytest.fail(f"{wanted} is wanted, but the page shows {page.evaluate(CHANGE)}")


def test_flip_prune_take_back_and_reset(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    wait_for_canvas(page)
    settled(page)
    click_node(page, "f3")
    page.keyboard.press("o")
    expect(page, "flip:f3", ["flipped"], ["flip"])
    click_node(page, "c1")
    page.keyboard.press("x")
    expect(page, "flip:f3,prune:c1", ["pruned", "flipped"], ["flip", "prune"])
    page.get_by_text("answer lima in tree 1").wait_for()
    page.get_by_role("button", name="Take back: flip answer delhi in tree 2").click()
    expect(page, "prune:c1", ["pruned"], ["prune"])
    click_node(page, "f3")
    page.keyboard.press("z")
    expect(page, None, [], [])
    page.get_by_role("button", name="Flip the outcome that moves most").click()
    expect(page, "flip:e3", ["flipped"], ["flip"])
    page.get_by_role("button", name="Reset").click()
    expect(page, None, [], [])
