"""One queue for all visitors of a server: a single worker samples, everyone else sees their place in line.

Knows threads and callbacks; the work itself is a plain function `run(job)` that reads `job.stop`, sets `job.progress`
and tells `job.pace`. A job's fields are written by the worker and only read by views.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import takewhile
from secrets import token_urlsafe
from typing import Any, NamedTuple

from app.rollout.fair_queueing import FairLine
from treecore import quotas
from treecore.errors import TreecoreError

_LOG = logging.getLogger(__name__)

GRACE = 60.0
"""Seconds for which others wait for a visitor whose page is closed: a page that is loaded again is back by then."""
MAX_OVER = 32
"""Jobs that are over and can still be found, with what came out."""
CROWDED = "the line was full, and others asked for less; try again in a minute"
ENOUGH = 0.1
"""Share of a job that must be done before its speed says something."""


class Phase(Enum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    BROKEN = "broken off"

    @property
    def live(self) -> bool:
        """Whether there is still something to wait for."""
        return self in (Phase.WAITING, Phase.RUNNING)


@dataclass(frozen=True)
class Pace:
    """How far a running job was when it last reported.

    Attributes:
        done, total: pieces of work.
        seconds: since the work itself began.
        recent: pieces a second in the later half of that time; many begin at once and end late, so the first half is
            slower than the rest.
        at: `time.monotonic()` of the telling.
    """

    done: int
    total: int
    seconds: float
    recent: float
    at: float

    @property
    def known(self) -> bool:
        """Whether enough is done to say how fast it goes."""
        return self.done > 0 and self.done >= ENOUGH * self.total and self.seconds > 0

    @property
    def speed(self) -> float | None:
        """Pieces a second over all the time, None while that is not known."""
        return self.done / self.seconds if self.known else None

    def left(self, now: float) -> float | None:
        """Seconds to go at the recent speed, None while that is not known."""
        if not self.known or self.recent <= 0:
            return None
        return max((self.total - self.done) / self.recent - (now - self.at), 0.0)


class Wait(NamedTuple):
    """What a waiting job waits for: jobs ahead that have not begun, and seconds until its turn, None if not known."""

    ahead: int
    seconds: float | None


@dataclass(eq=False)
class Job:
    """Work that one visitor asked for.

    Attributes:
        run: the work; its return value becomes `result`.
        title: for people.
        begins: what it does before it reports anything, for people.
        size: pieces of work, as far as known before it begins; 0 for not known.
        owner: who asked for it and alone may cancel it; "" for a program of this machine.
        frank: errors that nobody foresaw are shown in their own words, which may name files of the server.
        kind: jobs of one kind take about as long a piece.
        pace: how far it was when it last reported; None before.
        progress: whatever the work last reported; None before it reports.
        error: one sentence, "" unless it failed.
        note: why it ended before all was done, a clause; "" unless it did so by itself.
        present: whether a page that shows it is open.
        again: what to ask for to continue it.
        changed: called when it entered another phase.
        name: that nobody can guess, to find it again after the page was loaded anew.
        stop: set to ask the work to stop soon.
    """

    run: Callable[[Job], Any]
    title: str
    begins: str = "starting"
    size: int = 0
    owner: str = ""
    frank: bool = True
    kind: str = ""
    pace: Pace | None = None
    phase: Phase = Phase.WAITING
    progress: Any = None
    result: Any = None
    error: str = ""
    note: str = ""
    present: Callable[[], bool] = lambda: True
    again: Any = None
    changed: Callable[[], None] = lambda: None
    name: str = field(default_factory=partial(token_urlsafe, 9))
    stop: threading.Event = field(default_factory=threading.Event)
    _reports: deque[tuple[float, int]] = field(default_factory=deque)
    _away: float | None = None

    @property
    def live(self) -> bool:
        """Whether there is still something to wait for."""
        return self.phase.live

    def tell(self, done: int, total: int, seconds: float) -> None:
        """Say how far the work is, from the worker."""
        self._reports.append((seconds, done))
        while len(self._reports) > 1 and self._reports[1][0] <= seconds / 2:
            self._reports.popleft()
        since, before = self._reports[0] if self._reports[0][0] <= seconds / 2 else (0.0, 0)
        recent = (done - before) / (seconds - since) if seconds > since else 0.0
        self.pace = Pace(done, total, seconds, recent, time.monotonic())

    def left_behind(self) -> bool:
        """Whether the visitor has been away for longer than others should wait."""
        now = time.monotonic()
        self._away = None if self.present() else now if self._away is None else self._away
        return self._away is not None and now - self._away > GRACE

    def seconds_left(self) -> float | None:
        """Until a running job ends, None if that is not known."""
        return None if self.pace is None else self.pace.left(time.monotonic())


class JobQueue:
    """One at a time, each visitor a fair share; who has left holds up nobody.

    Attributes:
        ended: how many jobs have ended so far.
    """

    def __init__(self) -> None:
        self.ended = 0
        self._waiting = FairLine[Job]()
        self._over: deque[Job] = deque(maxlen=MAX_OVER)
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None
        self._running: Job | None = None
        self._speed: dict[str, float] = {}

    def submit(self, job: Job) -> None:
        """Put a job in the line. In a full one it takes the place of the job whose turn would be last.

        Raises:
            TreecoreError: the line is full and this one's turn would be last, or its owner has enough in it.
        """
        with self._changed:
            own = [one for one in self._unfinished() if job.owner and one.owner == job.owner]
            if len(own) >= quotas.RUNS.most:
                raise TreecoreError(f"{len(own)} of your runs are not over yet", todo="wait for one, or cancel it")
            self._waiting.add(job)
            if len(self._waiting) > quotas.WAITING.most:
                last = self._waiting.ordered()[-1]
                self._waiting.remove(last)
                if last is job:
                    raise TreecoreError("the line is full", todo="try again in a minute, or ask for less")
                last.error, last.phase = CROWDED, Phase.FAILED
                last.changed()
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="treecore-jobs", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def find(self, name: str) -> Job | None:
        """A job by its name, also one that was over not long ago."""
        with self._changed:
            jobs = (*self._unfinished(), *self._over)
        return next((job for job in jobs if job.name == name), None)

    def keep(self, job: Job) -> None:
        """Let a job that is over be found by its name."""
        with self._changed:
            self._over.append(job)

    def forget(self, job: Job) -> None:
        """A job that is over is not found any more."""
        with self._changed, suppress(ValueError):
            self._over.remove(job)

    def over(self) -> list[Job]:
        """Jobs that are over and can still be found."""
        with self._changed:
            return list(self._over)

    def names(self) -> set[str]:
        """Of the jobs that are not over."""
        with self._changed:
            return {job.name for job in self._unfinished()}

    def _unfinished(self) -> list[Job]:
        return [*self._waiting.ordered(), *([self._running] if self._running else [])]

    def wait(self, job: Job) -> Wait:
        """Where in line a job is; its turn comes when the running job and all ahead of it are over.

        What others left behind is cancelled first: nobody waits for it, and this job does.
        """
        with self._changed:
            self._let_go(for_job=job)
            ahead = list(takewhile(lambda one: one is not job, self._waiting.ordered() if job in self._waiting else []))
            times = [self._expected(one) for one in ahead]
            if self._running is not None:
                left = self._running.seconds_left()
                times.append(self._expected(self._running) if left is None else left)
        known = [seconds for seconds in times if seconds is not None]
        return Wait(len(ahead), sum(known) if len(known) == len(times) else None)

    def _let_go(self, for_job: Job) -> None:
        """Cancel what others asked for and left behind, as somebody waits for it."""
        if self._running is not None and self._running is not for_job and self._running.left_behind():
            self._running.stop.set()
        for job in [job for job in self._waiting.ordered() if job is not for_job and job.left_behind()]:
            self._waiting.remove(job)
            job.phase = Phase.CANCELLED
            job.changed()

    def _expected(self, job: Job) -> float | None:
        """Seconds that a job takes, from the speed of the last one of its kind, running or over."""
        running = self._running
        speed = self._speed.get(job.kind)
        if running is not None and running.pace is not None and running.kind == job.kind:
            speed = running.pace.speed or speed
        return job.size / speed if job.size and speed else None

    def cancel(self, job: Job, by: str = "") -> None:
        """Take a waiting job out of the line, or ask a running one to stop.

        Args:
            by: who asks; only the owner may.
        """
        if job.owner != by:
            return
        job.stop.set()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                job.phase = Phase.CANCELLED
                job.changed()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                job = self._waiting.take()
                job.phase, self._running = Phase.RUNNING, job
            try:
                job.result = job.run(job)
                end = Phase.CANCELLED if job.stop.is_set() else Phase.DONE
            except TreecoreError as error:
                job.error, end = str(error), Phase.FAILED
            except Exception as error:  # the worker must outlive any single job
                _LOG.exception("treecore: %s failed", job.name)
                words = f": {error}" if job.frank else "; its operator finds more in the log"
                job.error, end = f"sampling failed with {type(error).__name__}{words}", Phase.FAILED
            with self._changed:
                self._running, job.phase, self.ended = None, end, self.ended + 1
                self._over.append(job)
                if job.pace is not None and job.pace.speed is not None:
                    self._speed[job.kind] = job.pace.speed
            job.changed()
