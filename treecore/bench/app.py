"""How long a click on a step takes in the app, and how much it sends, on forests of several sizes, in a real browser.

A browser and playwright (extra `test`) are needed. The server runs on this machine, so the network is not in the times.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from treecore.bench.app_page import Click, Page, pages
from treecore.bench.measure import Goal, load, machine
from treecore.bench.served import Server, serving
from treecore.bench.synthetic import MEAN_TOKENS, made_up_file

NODES = (100, 10_000, 100_000)
CLICK_BYTES = 20_000
FRAME_MS = {10_000: 1000 / 30}
ROWS = (34.0, 2.0)
"""Pixels from row to row at which is scrolled: as one reads, and as close as rows can be told apart."""
CLICK_MS = {10_000: 150.0, 100_000: 300.0}
UPLOAD_MS = {100_000: 5_000.0}
DESCRIPTION = (
    "one random recursive tree (each step hangs below a uniformly drawn earlier one), 0/1 rewards on all leaves, token "
    f"counts around {MEAN_TOKENS} a step, texts of 12 words, no tables of tokens"
)


def bench_app(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    nodes: Sequence[int] = NODES,
    clicks: int = 15,
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Serve the app, open forests of `nodes` nodes in a browser, click on steps.

    Args:
        command, environment: that serve the app on 127.0.0.1; `--server.port` is added.
        clicks: on steps of each forest, drawn by `seed`.

    Raises:
        TreecoreError: no browser, no playwright, or the app does not start.
    """
    host, total = machine(), len(nodes) + 1
    tell = on_progress or (lambda what, done, total: None)
    cases = []
    with pages() as new_page, serving(command, environment) as server:
        tell("first page", 0, total)
        begun = time.perf_counter()
        page = new_page(server.address)
        first = (time.perf_counter() - begun) * 1000
        for number, n in enumerate(nodes):
            tell(f"{n:,} nodes", number + 1, total)
            cases.append(one_size(page, server, n, clicks=clicks, seed=seed))
    goals = [goal for case in cases for goal in goals_of(case)]
    host["load_after"] = load()
    return {
        "machine": host,
        "data": DESCRIPTION,
        "first_page_ms": first,
        "cases": cases,
        "goals": [{**goal._asdict(), "met": goal.met} for goal in goals],
    }


def one_size(page: Page, server: Server, n: int, *, clicks: int, seed: int) -> dict[str, Any]:
    """Upload a forest of `n` nodes and click on its steps."""
    with forest_file(n, seed=seed) as path:
        upload = page.open_file(path, n)
        size = path.stat().st_size
    rng = np.random.default_rng(seed)
    page.click(0.5)  # fonts and scripts of the panel are loaded with the first
    done = [page.click(share) for share in rng.random(clicks)]
    return {
        "nodes": n,
        "file_bytes": size,
        "upload_ms": upload,
        "click": summary(done),
        "pan": [page.pan(row)._asdict() for row in ROWS],
        "server_bytes": server.memory(),
        "browser_bytes": page.memory(),
    }


def summary(clicks: Sequence[Click]) -> dict[str, Any]:
    """Medians and largest values of some clicks."""
    words, settled = [click.words_ms for click in clicks], [click.settled_ms for click in clicks]
    return {
        "clicks": len(clicks),
        "words_ms": statistics.median(words),
        "words_ms_most": max(words),
        "settled_ms": statistics.median(settled),
        "received_bytes": statistics.median(click.received for click in clicks),
        "received_bytes_most": max(click.received for click in clicks),
        "sent_bytes_most": max(click.sent for click in clicks),
        "requests": sum(click.requests for click in clicks),
    }


def goals_of(case: Mapping[str, Any]) -> Iterator[Goal]:
    """The bounds for a size."""
    n, click = case["nodes"], case["click"]
    at = f"{n:,} nodes"
    most = click["received_bytes_most"] + click["sent_bytes_most"]
    yield Goal("bytes a click, both ways, at most", at, limit=CLICK_BYTES, found=most)
    if n in CLICK_MS:
        yield Goal("ms from click to words, median", at, limit=CLICK_MS[n], found=click["words_ms"])
    if n in FRAME_MS:
        slowest = min(pan["frames"] for pan in case["pan"])
        yield Goal("ms a frame while scrolling", at, limit=FRAME_MS[n], found=1000 / slowest)
    if n in UPLOAD_MS:
        yield Goal("ms from upload to picture", at, limit=UPLOAD_MS[n], found=case["upload_ms"])


@contextlib.contextmanager
def forest_file(n: int, *, seed: int) -> Iterator[Path]:
    """A file of one made-up forest."""
    with tempfile.TemporaryDirectory(prefix="treecore-bench-") as folder:
        path = Path(folder) / f"made_up_{n}.forest.jsonl"
        path.write_bytes(made_up_file(n, seed=seed))
        yield path
