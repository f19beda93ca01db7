"""Fixtures that drive an app in a real browser: find one, serve a script, open pages that must stay free of errors.

The top `conftest.py` imports the fixtures, so that one browser serves all folders.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
Open = Callable[..., Any]
"""What `open_page` gives."""
SERVER_SECONDS = 60
PATIENCE_MS = 20_000
CHARTS = re.compile(r"/PlotlyChart\.[^/]+\.js$")
"""The script with which Streamlit draws charts."""
ORIGIN = re.compile(r"https?://[^/]*|")
"""Of an address, where what its pages keep belongs to; empty for others."""
KEPT_BY_PAGES = "cookies,local_storage,indexeddb"
NO_CHARTS = "export default () => null;"


def find_browser() -> str | None:
    """Path of a Chromium or Chrome: `TREECORE_BROWSER`, else the first one in PATH."""
    named = os.environ.get("TREECORE_BROWSER")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def skip_or_fail(reason: str) -> None:
    """Skip, unless `TREECORE_REQUIRE_BROWSER=1` says that a browser must be there."""
    if os.environ.get("TREECORE_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser (playwright's `Browser`), started once."""
    path = find_browser()
    if path is None:
        skip_or_fail("no Chromium or Chrome in PATH; install one or name it in TREECORE_BROWSER")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("playwright is not installed; pip install playwright")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def no_charts() -> None:
    """Pages without Plotly's charts, for tests of what stands beside them: they take as long as the rest of a page."""


@pytest.fixture(scope="session")
def profiles(browser: Any) -> list[Any]:
    """Profiles of the browser (playwright's `BrowserContext`), one for each page that a test has open at once.

    Later tests use them again: what they hold of Streamlit's scripts is read and compiled once, which is most of what
    a page takes. Whatever a test left in a profile is removed at its end.
    """
    return []


@pytest.fixture
def open_page(browser: Any, profiles: list[Any], request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`open_page(url, width=, height=, dark=)` gives a page; errors it logged fail the test at its end."""
    used: list[Any] = []
    origins: set[str] = set()
    errors: list[str] = []

    def open_(url: str, *, width: int = 1400, height: int = 900, dark: bool = False) -> Any:
        if len(used) == len(profiles):
            profiles.append(browser.new_context())
        used.append(profiles[len(used)])
        page = used[-1].new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        if "no_charts" in request.fixturenames:
            page.route(CHARTS, lambda route: route.fulfill(content_type="text/javascript", body=NO_CHARTS))
        page.set_default_timeout(PATIENCE_MS)
        page.on("framenavigated", lambda frame: origins.add(ORIGIN.match(frame.url)[0]))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(url)
        return page

    yield open_
    for profile in used:
        forget(profile, origins)
    found = [error for error in errors if "Failed to load resource" not in error]
    assert not found, found


def forget(profile: Any, origins: Iterable[str]) -> None:
    """Close all pages of a profile, and remove what pages of these addresses keep in it and may do."""
    left, empty = profile.pages, profile.new_page()
    for page in left:
        page.close()
    connection = profile.new_cdp_session(empty)
    for origin in filter(None, origins):
        connection.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": KEPT_BY_PAGES})
    profile.clear_permissions()
    empty.close()


@pytest.fixture(scope="session")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, started once: a server's first page takes longer than most tests."""
    with serve(ROOT / "app" / "main.py", TREECORE_CACHE=str(tmp_path_factory.mktemp("cache"))) as address:
        yield address


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(script: Path, *arguments: str, log: Path | None = None, **environment: str) -> Iterator[str]:
    """Run `script` under Streamlit on a free port; the address is yielded once the server answers.

    Args:
        arguments: given to the script.
        log: where what the server prints goes; nowhere by default.
        environment: variables on top of our own.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    command += ["--server.fileWatcherType", "none", *(["--", *arguments] if arguments else [])]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with open(log or os.devnull, "wb") as printed:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(server, address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_up(server: subprocess.Popen[bytes], address: str) -> None:
    """Return once the server says it is healthy; fail when it ends or takes too long."""
    end = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"the server ended with {server.returncode} before it answered")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no answer from {address} within {SERVER_SECONDS} seconds")


CANVAS = ".tc-canvas"


def wait_for_canvas(page: Any) -> Any:
    """The locator of the tree canvas, once it has drawn and stands still."""
    canvas = page.locator(CANVAS)
    canvas.wait_for()
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
            .map((host) => host.shadowRoot?.querySelector('.tc-canvas')?.treecore).some((held) => held?.ready)"""
    )
    return canvas


def settled(page: Any) -> None:
    """Return when no run is under way."""
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )


STILL = """async (canvas, id) => {
    const frame = () => new Promise((go) => requestAnimationFrame(go));
    let at = canvas.treecore.position(id);
    for (let same = 0; same < 8; ) {
        await frame();
        const now = canvas.treecore.position(id);
        same = JSON.stringify(now) === JSON.stringify(at) ? same + 1 : 0;
        at = now;
    }
    return at;
}"""
"""Where a node of the canvas is, once it has been there for some frames: the page may still lay itself out."""


def click_node(page: Any, node_id: str) -> None:
    """Click on a node of the tree canvas."""
    at = wait_for_canvas(page).evaluate(STILL, node_id)
    assert at is not None, f"node {node_id} is not on the canvas"
    page.mouse.click(at["x"], at["y"])


AXE_RULES = ["color-contrast", "button-name", "image-alt", "scrollable-region-focusable", "aria-required-attr", "label"]


def seen_by_axe(page: Any) -> list[str]:
    """What axe-core objects to on a page that is not of Streamlit, shadow roots included: one line for each place."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page, options={"runOnly": {"type": "rule", "values": AXE_RULES}}).response
    return [f"{one['id']}: {place['html'][:160]}" for one in found["violations"] for place in one["nodes"]]
