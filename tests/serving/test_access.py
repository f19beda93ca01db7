"""What a visitor may do follows from the operator's setting and from the name under which the page was asked for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from browser import ROOT, free_port, serve, wait_until_up
from visitor import Visitor
from websockets.exceptions import InvalidStatus

from app.rollout.request import Limits
from app.serving import permissions
from app.serving.permissions import Access, access
from treecore import quotas

OUTSIDE = "class.example.org"
LOCAL = {"host": "localhost:8501", "origin": "http://localhost:8501"}
OPTIONS = ("server.address", "server.allowedHosts", "server.corsAllowedOrigins")


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server on this machine alone, by default; what a test sets is taken back."""
    before = {name: st.get_option(name) for name in OPTIONS}
    for name in (permissions.PUBLIC_VARIABLE, permissions.HOSTS_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    st.config.set_option("server.address", "localhost")
    yield
    for name, value in before.items():
        st.config.set_option(name, value)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8501", "127.0.0.1:8501", "127.8.9.10", "[::1]:8501", "localhost."]
)
def test_loopback_names_are_private(host: str) -> None:
    assert access({"host": host}) is Access.PRIVATE
    assert access({"host": host, "origin": f"http://{host}"}) is Access.PRIVATE


@pytest.mark.parametrize(
    "host",
    [
        "",
        OUTSIDE,
        "192.168.0.5:8501",
        "localhost.example.org",
        "127.0.0.1.nip.io",
        "a@localhost",
        "localhost/x",
        "localhost:99999",
        "[::1",
        "0.0.0.0",
    ],
)
def test_other_names_are_refused_until_the_operator_allows_any(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert access({"host": host}) is Access.REFUSED
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
    address = host in ("192.168.0.5:8501", "0.0.0.0")
    assert access({"host": host}) is (Access.PUBLIC if address else Access.REFUSED), "an address leads here alone"
    monkeypatch.setenv(permissions.HOSTS_VARIABLE, "*")
    assert access({"host": host}) is Access.PUBLIC


def test_a_public_server_answers_under_the_machines_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Lab7.example.org")
    for host in ("lab7", "lab7:8501", "LAB7.example.org", "lab7.local"):
        assert access({"host": host}) is Access.REFUSED
        monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
        assert access({"host": host}) is Access.PUBLIC
        monkeypatch.delenv(permissions.PUBLIC_VARIABLE)
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
    for host in ("example.org", "lab7.evil.example", "lab70"):
        assert access({"host": host}) is Access.REFUSED


def test_what_a_run_may_take_is_the_operators_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
    assert permissions.limits() == Limits(512, 200_000, 120.0)
    for quota, most in ((quotas.TRAJECTORIES, 9), (quotas.TOKENS, 700), (quotas.SECONDS, 5)):
        monkeypatch.setenv(quota.variable, str(most))
    assert permissions.limits() == Limits(9, 700, 5.0)
    assert quotas.refused() == ""
    monkeypatch.setenv(quotas.SECONDS.variable, "soon")
    assert "TREECORE_PUBLIC_SECONDS='soon' is not a positive whole number" in quotas.refused()


def test_the_document_names_every_quota_with_its_default() -> None:
    text = (ROOT / "docs" / "serving.md").read_text()
    for quota in quotas.ALL:
        assert f"`{quota.variable}` | {quota.default:,} |" in text
        assert quota.option in text


def test_a_page_that_no_request_asked_for_is_the_operators_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert access({}) is Access.PRIVATE
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
    assert access({}) is Access.PUBLIC


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-forwarded-host", *permissions.FORWARDED])
def test_a_proxy_makes_its_visitors_public(header: str) -> None:
    """Whatever name it passes on: many proxies ask for the address that they are configured with."""
    assert access(LOCAL) is Access.PRIVATE
    assert access(LOCAL | {header: "203.0.113.9"}) is Access.PUBLIC


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:3000", "http://localhost:8501.evil"]
)
def test_pages_of_other_origins_are_refused(origin: str) -> None:
    assert access(LOCAL | {"origin": origin}) is Access.REFUSED
    st.config.set_option("server.corsAllowedOrigins", [origin])
    assert access(LOCAL | {"origin": origin}) is Access.PUBLIC


@pytest.mark.parametrize("said", ["1", "true", "yes", "on", "anything"])
def test_a_server_that_is_declared_public_has_no_private_visitor(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, said)
    assert access(LOCAL) is Access.PUBLIC


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.0.5", "", None])
def test_neither_has_one_that_others_reach(address: str | None) -> None:
    st.config.set_option("server.address", address)
    assert access(LOCAL) is Access.PUBLIC


def test_names_that_are_allowed_are_public_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permissions.HOSTS_VARIABLE, f"{OUTSIDE} *.lab.example")
    for public in ("", "1"):
        monkeypatch.setenv(permissions.PUBLIC_VARIABLE, public)
        for host in (OUTSIDE, f"{OUTSIDE}:443", "a.lab.example"):
            assert access({"host": host}) is Access.PUBLIC
        for host in ("lab.example", f"evil.{OUTSIDE}", "evil.example", "evillab.example"):
            assert access({"host": host}) is Access.REFUSED


def offered(visitor: Visitor) -> dict[str, list[str]]:
    """What the form offers: tasks, kinds of models, and whether there is a field for an address."""
    visitor.run("view=rollout")
    drawn = {key: visitor.widgets.get(visitor.widget(key)) for key in ("roll:task", "roll:kind")}
    tasks = drawn["roll:task"]
    return {"tasks": list(tasks[1].options) if tasks else [], "kinds": ["some"] if drawn["roll:kind"] else []}


def test_a_proxy_before_a_private_server_gives_visitors_nothing() -> None:
    with serve(ROOT / "app" / "main.py", TREECORE_PUBLIC="") as address:
        with Visitor(address) as own:
            assert (len(offered(own)["tasks"]), offered(own)["kinds"]) == (3, ["some"])
        with Visitor(address, host=OUTSIDE) as outside:
            assert offered(outside) == {"tasks": [], "kinds": []}
            assert outside.says("does not answer under this name")
        with Visitor(address, headers={"X-Forwarded-For": "203.0.113.9"}) as passed_on:
            assert (len(offered(passed_on)["tasks"]), offered(passed_on)["kinds"]) == (2, [])


def test_a_proxy_before_a_public_server_gives_the_public_form() -> None:
    with serve(ROOT / "app" / "main.py", TREECORE_PUBLIC="1", TREECORE_HOSTS=OUTSIDE) as address:
        for host in (OUTSIDE, "localhost"):
            with Visitor(address, host=host) as visitor:
                assert (len(offered(visitor)["tasks"]), offered(visitor)["kinds"]) == (2, [])


@contextmanager
def command(*more: str, paths: str = "") -> Iterator[str]:
    """The address of `treecore app` with some options."""
    port = free_port()
    words = [
        sys.executable,
        "-c",
        "from treecore.cli import main; main()",
        "app",
        "--no-browser",
        "--port",
        str(port),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [paths, os.environ.get("PYTHONPATH")]))}
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([*words, *more], cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    try:
        wait_until_up(server, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.parametrize("more", [(), ("--public", "--address", "127.0.0.1", "--host", "other.example.org")])
def test_the_command_refuses_other_names_before_a_page_runs(more: tuple[str, ...]) -> None:
    with command(*more) as address:
        with Visitor(address) as visitor:
            assert offered(visitor)["tasks"]
        with pytest.raises(InvalidStatus), Visitor(address, host=OUTSIDE):
            pass


LISTENS = """
import os, socket
asked = socket.getaddrinfo
open(os.environ["TREECORE_ASKED"], "a").close()
def getaddrinfo(host, *rest, **more):
    with open(os.environ["TREECORE_ASKED"], "a") as file:
        file.write(f"{host}\\n")
    return asked(host if host in (None, "", "0.0.0.0", "127.0.0.1", "localhost") else "127.0.0.1", *rest, **more)
socket.getaddrinfo = getaddrinfo
"""
"""Writes down every name that a process looks up, and lets none lead to another machine."""


@pytest.mark.parametrize("more", [(), ("--public",), ("--public", "--address", "127.0.0.1")])
def test_nothing_is_asked_of_the_network(
    more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither at the start nor for a page of another origin, which is refused."""
    names = tmp_path / "names"
    (tmp_path / "sitecustomize.py").write_text(LISTENS)
    monkeypatch.setenv("TREECORE_ASKED", str(names))
    with command(*more, paths=str(tmp_path)) as address:
        with pytest.raises(InvalidStatus), Visitor(address, origin="https://evil.example"):
            pass
        with Visitor(address) as visitor:
            visitor.run("view=explore")
    assert set(names.read_text().split()) <= {"localhost", "127.0.0.1", "0.0.0.0", "None"}


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_public_is_told_nothing_of_the_servers_insides() -> None:
    with command("--public", "--address", "127.0.0.1") as address:
        assert status(f"{address}/_stcore/metrics") == 404
        assert status(f"{address}/_stcore/metrics?families=session_events") == 404
        assert status(f"{address}/_stcore/health") == 200
    with serve(ROOT / "app" / "main.py", TREECORE_PUBLIC="1") as address, Visitor(address) as visitor:
        visitor.run("view=explore")
        assert status(f"{address}/_stcore/metrics") == 404
    with command() as address:
        assert status(f"{address}/_stcore/metrics") == 200


def test_a_file_of_the_operator_that_cannot_be_opened_is_named_without_its_folder(tmp_path: Path) -> None:
    missing = tmp_path / "private" / "run.forest.jsonl"
    opened = serve(ROOT / "app" / "main.py", TREECORE_PUBLIC="1", TREECORE_FILE=str(missing))
    with opened as address, Visitor(address) as visitor:
        visitor.run("view=explore")
        assert visitor.says("sample instead")
        assert not visitor.says("private", str(tmp_path))
