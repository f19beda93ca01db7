"""Runs of several visitors on a real server: whose they are, how much each may take, that they outlive it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, free_port, serve, wait_until_up
from visitor import Sent, Visitor

PATIENCE = 240.0
LARGE = {
    "roll:prompts": 8.0,
    "set:random_expansion:m": 4.0,
    "set:random_expansion:n": 3.0,
    "set:random_expansion:l": 3.0,
}
HUGE = LARGE | {"roll:prompts": 32.0, "set:random_expansion:m": 8.0, "set:random_expansion:n": 16.0}
TOTAL = "of 12,544 trajectories"
"""On the operator's own machine; more than ends while a test looks at it."""
BROWSER = {"Cookie": "_streamlit_xsrf=2|01020304|00112233445566778899aabbccddeeff|1700000000"}
SAME_BROWSER = {"Cookie": "_streamlit_xsrf=2|00000000|0113213745576573899ba9bfcddfedfb|1700000009"}
"""The same token behind another mask, as the next page of one browser sends it."""


def filled(visitor: Visitor, values: dict[str, float]) -> list[Sent]:
    """The number fields with these values."""
    return [Sent(visitor.widget(key), "double_value", value) for key, value in values.items()]


def begun(visitor: Visitor, values: dict[str, float]) -> str:
    """Begin a run; the link to it, "" where none was begun."""
    visitor.run("view=rollout")
    sent = filled(visitor, values)
    visitor.run("view=rollout", *sent)
    visitor.run("view=rollout", *sent, visitor.press("Grow trees"))
    return visitor.query if "run=" in visitor.query else ""


def until(visitor: Visitor, link: str, holds: Callable[[Visitor], Any]) -> None:
    """Look at a link until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds(visitor.run(link)):
        assert time.monotonic() < end, visitor.texts
        time.sleep(0.2)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for its operator alone, so that a run may last."""
    with serve(ROOT / "app" / "main.py", TREECORE_CACHE=str(tmp_path_factory.mktemp("own"))) as address:
        yield address


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that others reach."""
    cache = str(tmp_path_factory.mktemp("public"))
    with serve(ROOT / "app" / "main.py", TREECORE_PUBLIC="1", TREECORE_CACHE=cache) as address:
        yield address


def test_who_looks_at_a_link_cannot_end_the_run(own: str) -> None:
    with Visitor(own, headers=BROWSER) as first, Visitor(own) as second:
        link = begun(first, HUGE)
        until(first, link, lambda page: page.says(TOTAL))
        cancel = first.press("Cancel")
        second.run(link)
        assert second.says("Another visitor's run")
        assert second.widget("Cancel") == ""
        second.run(link, cancel)
        with Visitor(own, headers=SAME_BROWSER) as again:
            assert again.run(link).widget("Cancel"), "the page was loaded anew, by the browser that began it"
            assert not again.says("stopping", "cancelled")
            again.run(link, again.press("Cancel"))
            until(again, link, lambda page: page.says("cancelled", "Cancelled"))


def test_a_public_server_bounds_a_run_before_it_begins(public: str) -> None:
    with Visitor(public) as visitor:
        visitor.run("view=rollout")
        visitor.run("view=rollout", *filled(visitor, HUGE))
        assert visitor.says("this server grows at most 512")
        assert visitor.widgets[visitor.widget("Grow trees")][1].disabled
        assert begun(visitor, HUGE) == ""


def test_many_pages_do_not_keep_others_waiting(public: str) -> None:
    """Twelve pages ask for as much as one may; one more asks for little and has its turn next."""
    large = {"roll:prompts": 32.0, "set:random_expansion:m": 4.0, "set:random_expansion:n": 3.0}
    pages = [Visitor(public).__enter__() for _ in range(12)]
    try:
        assert all(begun(page, large) for page in pages)
        with Visitor(public) as late:
            link = begun(late, {"roll:prompts": 1.0})
            assert late.run(link).says("next in line", "of 6 trajectories", "6 trajectories")
            until(late, link, lambda page: page.says("done"))
            waiting = [page for page in pages if page.run(page.query).says("in line")]
            assert waiting, "it was served before those who asked for more"
    finally:
        for page in pages:
            page.__exit__()


def test_one_visitor_has_a_share_of_the_line(public: str) -> None:
    pages = [Visitor(public, headers=BROWSER).__enter__() for _ in range(5)]
    try:
        large = {"roll:prompts": 32.0, "set:random_expansion:m": 4.0, "set:random_expansion:n": 3.0}
        links = [begun(page, large) for page in pages]
        assert [bool(link) for link in links] == [True] * 4 + [False]
        assert pages[-1].says("4 of your runs are not over yet")
    finally:
        for page, link in zip(pages, links, strict=True):
            if link and page.run(link).widget("Cancel"):
                page.run(link, page.press("Cancel"))
            page.__exit__()


@contextmanager
def killed(cache: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server that may be killed."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py"), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true"]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TREECORE_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(server, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.kill()
        server.wait(timeout=20)


def test_a_run_survives_the_death_of_its_server(tmp_path: Path) -> None:
    with killed(tmp_path) as (address, server), Visitor(address, headers=BROWSER) as visitor:
        link = begun(visitor, HUGE)
        end = time.monotonic() + PATIENCE
        while not list((tmp_path / "runs").glob("*.growing.jsonl")):
            assert time.monotonic() < end
            visitor.run(link)
        server.send_signal(signal.SIGKILL)
        server.wait(timeout=20)
    (kept,) = (tmp_path / "runs").glob("*.json")
    assert json.loads(kept.read_bytes())["phase"] in ("waiting", "running")
    with killed(tmp_path) as (address, _):
        with Visitor(address) as other:
            other.run(link)
            assert other.says("The server ended while this run was under way. What was written until then is below.")
            assert other.widget("Go on with it") == ""
        with Visitor(address) as other:
            assert other.run("view=rollout").widget("Go back to it") == ""
        with Visitor(address, headers=SAME_BROWSER) as owner:
            owner.run("view=rollout")
            owner.run("view=rollout", owner.press("Go back to it"))
            assert f"run={kept.stem}" in owner.query
            assert owner.widget("Open in Explore")
            assert owner.widget("Go on with it")
            owner.run(link, owner.press("Go on with it"))
            until(owner, link, lambda page: page.says(TOTAL))
            owner.run(link, owner.press("Cancel"))
            until(owner, link, lambda page: page.says("cancelled"))


def test_the_address_follows_where_the_browser_is_behind(own: str) -> None:
    """What was written last had not arrived when the next choice was sent: the browser sends the address before it."""
    link = "view=explore&colour=value&sample=by_hand"
    with Visitor(own) as visitor:
        visitor.run(link)
        name = visitor.widget("colour")
        visitor.run(link, Sent(name, "string_array_value", ["entropy"]))
        assert "colour=entropy" in visitor.query
        visitor.query = ""
        visitor.run(link, Sent(name, "string_array_value", ["value"]))
        assert "colour=value" in visitor.query
