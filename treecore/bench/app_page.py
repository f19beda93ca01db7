"""A page of the app in a headless browser: open a file, click on a step, and count what goes over the wire."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from treecore.errors import TreecoreError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
TIMEOUT_MS = 120_000
PAN_MS = 3000.0
MENU = ".st-key-controls [data-testid=stPopover] button"
FIND = """
const hosts = '[data-testid=stBidiComponentIsolated]';
const roots = () => [...document.querySelectorAll(hosts)].map((host) => host.shadowRoot);
const canvas = () => roots().map((root) => root?.querySelector('.tc-canvas')).find(Boolean);
const said = () => roots().map((root) => root?.querySelector('.panel')?.dataset.node).find(Boolean);
const quiet = () => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning';
"""
DRAWN = f"""(n) => {{ {FIND}
    return canvas()?.treecore.ready && (!n || Number(canvas().closest('.tc').dataset.nodes) === n);
}}"""
PLACE = f"""(share) => {{ {FIND}
    const held = canvas().treecore;
    const box = canvas().getBoundingClientRect();
    const inside = (at) => at && at.y > box.top + 60 && at.y < box.bottom - 10 && at.x < box.right - 300;
    const known = held.ids.filter((id) => id !== held.selected && inside(held.position(id)));
    return held.position(known[Math.floor(share * known.length)]);
}}"""
COUNT = """
window.wire = [0, 0];
const size = (data) => data.byteLength ?? data.size ?? data.length;
window.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given);
        this.addEventListener('message', ({ data }) => { window.wire[0] += size(data); });
    }
    send(data) {
        window.wire[1] += size(data);
        super.send(data);
    }
};
"""
"""Counts the bytes of the socket in the page: a browser that is asked for every message copies each of them."""
WATCH = f"""() => {{ {FIND}
    const before = said();
    window.clicked = new Promise((resolve) => canvas().addEventListener('pointerup', () => {{
        const begun = performance.now();
        let words = 0;
        const look = () => {{
            const now = performance.now() - begun;
            if (!words && said() !== before && said() === canvas().treecore.selected) words = now;
            if (words && quiet()) resolve([words, now]);
            else setTimeout(look, 2);
        }};
        setTimeout(look, 2);
    }}, {{ once: true }}));
}}"""


UNFOLD = f"""() => {{ {FIND}
    if (!canvas().treecore.folded) return;
    [...canvas().closest('.tc').querySelectorAll('button')].find((one) => one.textContent === 'fold').click();
}}"""
PAN = f"""async ([ky, ms]) => {{ {FIND}
    const held = canvas().treecore, frame = () => new Promise((go) => requestAnimationFrame(go));
    const box = canvas().getBoundingClientRect(), at = {{ clientX: box.left + 300, clientY: box.top + 200 }};
    const wheel = (more) => canvas().dispatchEvent(
        new WheelEvent('wheel', {{ ...at, bubbles: true, cancelable: true, ...more }}));
    for (let k = 0; k < 60 && held.view.ky > ky; k++) {{ wheel({{ deltaY: 40, ctrlKey: true }}); await frame(); }}
    await new Promise((go) => requestIdleCallback(go, {{ timeout: 5000 }}));
    const begun = performance.now();
    let frames = 0, way = 60;
    for (let last = NaN; performance.now() - begun < ms; frames++) {{
        if (held.view.oy === last) way = -way;
        last = held.view.oy;
        wheel({{ deltaY: way }});
        await frame();
    }}
    return [held.ids.length, held.view.ky, 1000 * frames / (performance.now() - begun)];
}}"""
"""Zooms out until rows are at most `ky` pixels high, then scrolls by 60 pixels in every frame."""


class Click(NamedTuple):
    """One click on a step.

    Attributes:
        words_ms: until the words of the step stand in the panel; settled_ms: until the server's run was over.
        received, sent: bytes over the socket meanwhile; requests: over HTTP, fonts aside, which a browser fetches once.
    """

    words_ms: float
    settled_ms: float
    received: int
    sent: int
    requests: int


class Pan(NamedTuple):
    """A scripted scroll: how many nodes were laid out, pixels from row to row, and frames a second."""

    nodes: int
    row: float
    frames: float


class Page:
    """One page, with what went over its socket."""

    def __init__(self, page: Any, address: str) -> None:
        self._page = page
        self._requests = 0
        page.set_default_timeout(TIMEOUT_MS)
        page.add_init_script(COUNT)
        page.on("request", self._count)
        page.goto(address)
        page.wait_for_function(DRAWN, arg=0)

    def open_file(self, path: Path, n: int) -> float:
        """Upload a forest of `n` nodes; milliseconds until it is drawn."""
        self._page.locator(MENU).first.click()
        field = self._page.locator("input[type=file]").first
        field.wait_for(state="attached")
        begun = time.perf_counter()
        field.set_input_files(path)
        self._page.wait_for_function(DRAWN, arg=n)
        spent = (time.perf_counter() - begun) * 1000
        self._page.keyboard.press("Escape")
        self._page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
        self._page.wait_for_function(f"() => {{ {FIND} return quiet(); }}")
        return spent

    def click(self, share: float) -> Click:
        """Click on a step; which one, by its share of those in sight."""
        at = self._page.evaluate(PLACE, share)
        self._page.mouse.move(at["x"], at["y"])
        self._page.evaluate(WATCH)
        (received, sent), requests = self._bytes(), self._requests
        self._page.mouse.down()
        self._page.mouse.up()
        words, settled = self._page.evaluate("() => window.clicked")
        received_now, sent_now = self._bytes()
        return Click(
            words_ms=words,
            settled_ms=settled,
            received=received_now - received,
            sent=sent_now - sent,
            requests=self._requests - requests,
        )

    def pan(self, row: float, *, ms: float = PAN_MS) -> Pan:
        """Scroll through all trajectories, one a row, for `ms`.

        Args:
            row: most pixels from one row to the next.
        """
        self._page.evaluate(UNFOLD)
        self._page.wait_for_function(DRAWN, arg=0)
        return Pan(*self._page.evaluate(PAN, [row, ms]))

    def memory(self) -> int | None:
        """Bytes that the page's scripts hold, None where the browser does not tell."""
        held: int | None = self._page.evaluate("() => performance.memory?.usedJSHeapSize ?? null")
        return held

    def _bytes(self) -> tuple[int, int]:
        """Received and sent so far."""
        received, sent = self._page.evaluate("() => window.wire")
        return received, sent

    def _count(self, request: Any) -> None:
        once = request.resource_type == "font"
        self._requests += not once and not request.url.startswith(("blob:", "data:"))


@contextmanager
def pages() -> Iterator[Callable[[str], Page]]:
    """A browser; what is yielded opens an address in it and returns once trees are drawn.

    Raises:
        TreecoreError: playwright or a browser is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise TreecoreError("playwright is not installed", todo="pip install -e '.[test]'") from None
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise TreecoreError("no Chromium or Chrome in PATH", todo="install one of them")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield lambda address: Page(browser.new_page(viewport={"width": 1400, "height": 900}), address)
        browser.close()
