"""Addresses, waits and messages: what comes from outside is checked before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from treecore.errors import PolicyError
from treecore.policies.openai.client import base_url, clean, key_of, said_by
from treecore.policies.openai.retries import Waits, backoff, pause, seconds_to_wait


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://h/v1",
        "file:///etc/passwd",
        "http://",
        "http://a:b@h/v1",
        "http://h/?q=1",
        "http://h:99999/",
        "http://[::1",
        "",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(PolicyError) as caught:
        base_url(url)
    assert "a:b" not in str(caught.value)


def test_addresses() -> None:
    assert base_url("http://h:1") == base_url("http://h:1/") == base_url(" http://h:1/v1/ ") == "http://h:1/v1"
    assert base_url("https://[::1]:2/api/v2") == "https://[::1]:2/api/v2"


def test_keys() -> None:
    assert key_of({}) == ""
    assert key_of({"OPENAI_API_KEY": " sk-a1 \n"}) == "sk-a1"


@pytest.mark.parametrize("key", ["sk-ä\n", "sk-\nb", "sk-\x7f", "sk-\udce4"])
def test_keys_that_cannot_be_sent(key: str) -> None:
    with pytest.raises(PolicyError, match="the key in OPENAI_API_KEY holds characters that cannot be sent; ") as caught:
        key_of({"OPENAI_API_KEY": key})
    assert "sk-" not in str(caught.value)


def test_waits_that_servers_ask_for() -> None:
    assert seconds_to_wait("2.5") == 2.5
    assert seconds_to_wait("0") == 0.0
    assert seconds_to_wait("-1") is None
    assert seconds_to_wait(format_datetime(datetime.now(UTC) - timedelta(days=1))) is None
    assert seconds_to_wait(format_datetime(datetime.now(UTC) + timedelta(hours=1))) > 3000
    assert [seconds_to_wait(one) for one in (None, "soon", "nan", "inf")] == [None] * 4


@pytest.mark.parametrize("asked", [None, "0", "0.01", "-1", "-86400", "soon"])
def test_no_answer_makes_the_pause_shorter(asked: str | None) -> None:
    pauses = [pause(seconds_to_wait(asked), tries, 0.5) for tries in range(6)]
    assert all(one is not None and one >= backoff(tries, 0.5) for tries, one in enumerate(pauses))
    assert backoff(5, 0.5) > 10


def test_the_longest_pause() -> None:
    assert pause(290.0, 0, 0.5) == 290.25
    assert pause(301.0, 0, 0.5) is None


def run(job: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread of its own: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, job).result()


def test_what_is_told_of_pauses(caplog: pytest.LogCaptureFixture) -> None:
    told = list[str]()

    async def sleep(seconds: float) -> None:
        told.append(waits.message)
        if len(told) == 1:
            await waits.wait(100.0, "busy")

    waits = Waits("http://h/v1", sleep)
    run(waits.wait(290.0, "the server answers 429: slow down"))
    assert told == [
        "1 request waits for the server, next try in 290 s (the server answers 429: slow down)",
        "2 requests wait for the server, next try in 100 s (busy)",
    ]
    assert waits.message == ""
    run(waits.wait(1.0, "busy"))
    assert told[2:] == [""]
    assert [record.getMessage() for record in caplog.records] == [
        "server http://h/v1: the server answers 429: slow down; waiting 290 seconds before the next try"
    ]


def test_messages_are_one_short_line() -> None:
    assert clean("a\n\x1b[31mb\u202e") == "a [31mb"
    assert len(clean("x" * 9999)) == 300


def test_the_message_of_an_error_in_the_usual_shapes() -> None:
    bodies = (b'{"error": {"message": "no"}}', b'{"error": "no"}', b'{"detail": "no"}', b'{"message": "no"}', b"no")
    assert [said_by(body) for body in bodies] == ["no"] * 5
    assert said_by(b'{"detail": [{"loc": 1}]}') == '[{"loc":1}]'
    assert said_by(b"{}") == said_by(b"") == ""
