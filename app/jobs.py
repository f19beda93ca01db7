"""One queue for all visitors of a server: a single worker samples, everyone else sees their place in line.

Knows threads and callbacks; the work itself is a plain function `run(job)` that reads `job.stop` and sets
`job.progress`. A job's fields are written by the worker and only read by views.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from treecore.errors import TreecoreError

MOST_WAITING = 64


class Phase(Enum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(eq=False)
class Job:
    """Work that one visitor asked for.

    Attributes:
        run: the work; its return value becomes `result`.
        title: for people.
        progress: whatever the work last reported; None before it reports.
        error: one sentence, "" unless it failed.
        stop: set to ask the work to stop soon.
        started: `time.monotonic()` when it began, 0.0 before.
        seen: whether its visitor has been shown the end.
    """

    run: Callable[[Job], Any]
    title: str
    phase: Phase = Phase.WAITING
    progress: Any = None
    result: Any = None
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    started: float = 0.0
    seen: bool = False

    @property
    def live(self) -> bool:
        """Whether there is still something to wait for."""
        return self.phase in (Phase.WAITING, Phase.RUNNING)


class JobQueue:
    """First come, first served, one at a time."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None

    def submit(self, job: Job) -> None:
        """Put a job at the end of the line.

        Raises:
            TreecoreError: the line is full.
        """
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                raise TreecoreError("the line is full", todo="try again in a minute")
            self._waiting.append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="treecore-jobs", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def place(self, job: Job) -> int:
        """Jobs ahead of this one that have not begun."""
        with self._changed:
            return self._waiting.index(job) if job in self._waiting else 0

    def cancel(self, job: Job) -> None:
        """Take a waiting job out of the line, or ask a running one to stop."""
        job.stop.set()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                job.phase = Phase.CANCELLED

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                job = self._waiting.popleft()
                job.phase, job.started = Phase.RUNNING, time.monotonic()
            try:
                job.result = job.run(job)
                job.phase = Phase.CANCELLED if job.stop.is_set() else Phase.DONE
            except TreecoreError as error:
                job.error, job.phase = str(error), Phase.FAILED
            except Exception as error:  # the worker must outlive any single job
                job.error, job.phase = f"sampling failed with {type(error).__name__}: {error}", Phase.FAILED
