"""What runs inside a local worker process: is sent a model once, then prompts, and samples them.

It samples with a `RolloutScheduler` as any process does, reports after every step that has some, and ends when
the process that started it is gone.
"""

from __future__ import annotations

import gc
import os
import pickle
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.policies.base import Policy
from treecore.rollouts.prepare import PreparedRollout
from treecore.rollouts.progress import REPORT_EVERY, Progress
from treecore.rollouts.rollout_scheduler import RolloutScheduler
from treecore.rollouts.worker_reports import Report

IDLE_SECONDS = 300.0
"""After so long without a run it ends and gives its memory back."""


@dataclass(frozen=True)
class BeginRun:
    """A run begins.

    Attributes:
        run: its number.
        prepared: a pickled `PreparedRollout.share`, whose prompts are those to sample, as the model reads them.
    """

    run: int
    prepared: bytes


@dataclass(frozen=True)
class SendSnapshot:
    """Send growing forests with the next report."""


@dataclass(frozen=True)
class EndRun:
    """The run is over, finished or not."""


Message = BeginRun | SendSnapshot | EndRun


@dataclass
class WorkerNews(Report):
    """What is new in a run.

    Attributes:
        run: which; 0 for none yet.
        forests: that were finished.
        growing: those that are not, with what is written of them; None where nobody asked.
        error: why no more will come of this run.
        unable: what it was sent cannot be read here; `error` says why.
        cpu: seconds of this process on all cores, since it began.
    """

    run: int = 0
    forests: list[Forest] = field(default_factory=list)
    growing: list[Forest] | None = None
    error: Exception | None = None
    unable: bool = False
    cpu: float = 0.0


class Unreadable(Exception):  # noqa: N818
    """What was sent names something that this process cannot import."""


class LocalWorker:
    """One process with a copy of the model.

    Args:
        connection: to the process that started it.
        policy: the model.
    """

    def __init__(self, connection: Any, policy: Policy) -> None:
        self.connection, self.policy = connection, policy
        self._begun: BeginRun | None = None

    def serve(self) -> None:
        """One run after another, until nobody asks any more.

        Raises:
            EOFError, OSError: the process that started this one is gone.
        """
        while self._begun is not None or self.connection.poll(IDLE_SECONDS):
            begun, self._begun = self._begun, None
            if begun is None:
                message = self.connection.recv()
                begun = message if isinstance(message, BeginRun) else None
            if begun is not None:
                self._sample(begun)

    def _sample(self, begun: BeginRun) -> None:
        try:
            self._begun = WorkerRun(self.connection, begun, self.policy).sample()
        except (EOFError, OSError):
            raise
        except Unreadable as error:
            self.connection.send(WorkerNews(run=begun.run, error=RuntimeError(str(error)), unable=True))
        except TreecoreError as error:
            self.connection.send(WorkerNews(run=begun.run, error=error))
        except Exception as error:
            failure = RuntimeError(f"sampling failed with {type(error).__name__}: {error}")
            self.connection.send(WorkerNews(run=begun.run, error=failure))


class WorkerRun:
    """What this process samples of one run."""

    def __init__(self, connection: Any, begun: BeginRun, policy: Policy) -> None:
        self.connection, self.news = connection, WorkerNews(run=begun.run)
        prepared: PreparedRollout = unpacked(begun.prepared)
        plan = prepared.plan(policy, prepared.prompts)
        self.scheduler = RolloutScheduler(plan, on_progress=self._progress)
        self._reported, self._snapshot_asked = time.monotonic(), False

    def sample(self) -> BeginRun | None:
        """Until the run is over; returns the next one where it has begun already."""
        while True:
            while self.connection.poll(0.0 if self.scheduler.busy else None):
                message = self.connection.recv()
                if isinstance(message, BeginRun | EndRun):
                    return message if isinstance(message, BeginRun) else None
                self._snapshot_asked = True
                break
            if self.scheduler.busy:
                self.news.forests += self.scheduler.turn()
                self.scheduler.report()
            self._tell()

    def _tell(self) -> None:
        """Send what is new, if anything is, and how far things are about ten times a second."""
        now, news = time.monotonic(), self.news
        if not (news.forests or self._snapshot_asked or now - self._reported >= REPORT_EVERY):
            return
        if self._snapshot_asked:
            news.growing, self._snapshot_asked = self.scheduler.snapshot(), False
        news.cpu, news.idle = time.process_time(), not self.scheduler.busy
        self.connection.send(news)
        self._reported = now
        self.news = WorkerNews(run=news.run, done=news.done, total=news.total, tokens=news.tokens)

    def _progress(self, progress: Progress) -> None:
        now = self.news
        now.done, now.total, now.tokens = progress.done, progress.total, progress.tokens
        now.waves += progress.waves


def unpacked(data: bytes) -> Any:
    """What was sent.

    Raises:
        Unreadable: it cannot be read here.
    """
    try:
        return pickle.loads(data)
    except Exception as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from None


def main(descriptor: int) -> None:
    """What a worker process does; `descriptor` is its end of the connection."""
    connection: Any = Connection(descriptor)
    try:
        policy = connection.recv()
        connection.send(WorkerNews(cpu=time.process_time()))
        gc.freeze()  # libraries and model stay as long as the process; walking them takes a fifth of a second
        LocalWorker(connection, policy).serve()
    except (EOFError, OSError):
        """Who started this process is gone, or it is."""
    finally:
        connection.close()
    os._exit(0)
