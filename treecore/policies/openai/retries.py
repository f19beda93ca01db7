"""Retries: how long to pause before a request is sent again, and what progress reports say meanwhile."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from time import monotonic, time
from weakref import WeakSet

from treecore.core.numerals import counted

FIRST_WAIT, MAX_BACKOFF, MAX_ASKED = 0.5, 30.0, 300.0
WORTH_TELLING = 5.0
"""Seconds from which on a pause is reported."""

log = logging.getLogger(__name__)


def backoff(tries: int, jitter: float) -> float:
    """Seconds to wait after so many tries where nobody says how long: twice as long each time.

    Args:
        tries: how often a try was repeated already.
        jitter: in `[0, 1)`; so that requests that failed together are not repeated together.
    """
    return float(min(FIRST_WAIT * 2**tries, MAX_BACKOFF) * (1 + jitter) / 2)


def pause(asked: float | None, tries: int, jitter: float) -> float | None:
    """Seconds before the next try: what the server asks for, but no less than without it; None where it asks for more
    than anybody waits."""
    own = backoff(tries, jitter)
    if asked is None:
        return own
    return None if asked > MAX_ASKED else max(own, asked + FIRST_WAIT * jitter)


def seconds_to_wait(header: str | None) -> float | None:
    """Seconds of a Retry-After header, a number or a date; None where it is neither, or below 0 or in the past."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time()
        except (ValueError, OverflowError):
            return None
    return seconds if 0 <= seconds < math.inf else None


class Waits:
    """Requests that wait to be tried again. Any thread may ask for a `message` about them.

    Args:
        url: of the server.
        sleep: how to wait.
    """

    def __init__(self, url: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.url, self._sleep = url, sleep
        self._lock = threading.Lock()
        self._ends: dict[object, tuple[float, str]] = {}
        self._logged = -math.inf
        OPEN.add(self)

    async def wait(self, seconds: float, why: str) -> None:
        """Wait so long; `why` is what the server said, a clause."""
        if seconds < WORTH_TELLING:
            await self._sleep(seconds)
            return
        one, end = object(), monotonic() + seconds
        with self._lock:
            news, self._logged = end > self._logged + WORTH_TELLING, max(end, self._logged)
            self._ends[one] = end, why
        if news:
            log.warning("server %s: %s; waiting %.0f seconds before the next try", self.url, why, seconds)
        try:
            await self._sleep(seconds)
        finally:
            with self._lock:
                del self._ends[one]

    @property
    def message(self) -> str:
        """How many requests wait, for how long yet and why, as a clause; empty where none waits for long."""
        with self._lock:
            waiting = sorted(self._ends.values())
        if not waiting:
            return ""
        end, why = waiting[0]
        many = counted(len(waiting), "request waits", "requests wait")
        return f"{many} for the server, next try in {max(0.0, end - monotonic()):.0f} s ({why})"


OPEN: WeakSet[Waits] = WeakSet()
"""Of all connections of this process."""


def message_of(url: str) -> str:
    """What is waited for at a server, also while its policy is still being made; see `Waits.message`."""
    return next((message for waits in list(OPEN) if waits.url == url and (message := waits.message)), "")
