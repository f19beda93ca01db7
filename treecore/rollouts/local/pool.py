"""The pool of worker processes on this computer: starts them, hears which have news, ends them.

What they sample is the engine's business. They are started in the background, keep the model from run to run, and end
with the policy, with this process, or after some idle minutes. What goes to them is pickled, by names of classes that
they can import.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from queue import SimpleQueue
from typing import Any, Protocol

from treecore.policies.base import Policy
from treecore.protocols import Prompt
from treecore.rollouts.local.worker import Message, WorkerNews

PROGRAM = "from treecore.rollouts.local.worker import main; main({})"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
STOP_SECONDS = 5.0

log = logging.getLogger(__name__)


class OneCorePolicy(Policy, Protocol):
    """A policy that keeps one core busy, however many there are, and can be copied to other processes.

    Attributes:
        one_core: True.
    """

    one_core: bool

    def worker_copy(self, processes: int) -> Policy:
        """The same for one of so many processes, with its share of the memory for keys and values."""
        ...


class NotPicklable(Exception):  # noqa: N818
    """Something cannot be sent to another process; says what and why."""


class LocalWorkerHandle:
    """A worker as this process sees it; Ctrl-C in a terminal does not reach it.

    Attributes:
        ready: it has the model.
        lost: it is gone.
        prompts: what it has to sample and has not returned, by id.
        growing: forests at the last look.
        cpu: seconds that it computed.
    """

    def __init__(self, policy: bytes) -> None:
        self.connection, far = Pipe()
        self.ready = self.lost = False
        self.prompts: dict[str, Prompt] = {}
        self.cpu, self.growing = 0.0, list[Any]()
        self._letters: SimpleQueue[bytes | None] = SimpleQueue()
        self._letters.put(policy)
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM.format(far.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            pass_fds=[far.fileno()],
            process_group=0,
        )
        far.close()
        self._post = threading.Thread(target=deliver, args=(self._letters, self.connection), daemon=True)
        self._post.start()

    def send(self, message: Message) -> None:
        """Send a message, in the background."""
        self._letters.put(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def news(self) -> WorkerNews | None:
        """The next news; None, and `lost`, where the worker is gone."""
        try:
            news: WorkerNews = self.connection.recv()
        except (EOFError, OSError):
            self.lost = True
            return None
        self.ready, self.cpu = True, news.cpu or self.cpu
        return news

    def end(self) -> None:
        """End the process, whatever it does."""
        self._letters.put(None)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0 if self.lost else 0.0)
        self.process.kill()
        self.process.wait()
        self._post.join(STOP_SECONDS)
        self.connection.close()


def deliver(letters: SimpleQueue[bytes | None], connection: Any) -> None:
    """Send letters as fast as they are read; what the worker does not read any more is dropped."""
    while (letter := letters.get()) is not None:
        try:
            connection.send_bytes(letter)
        except OSError:
            return


class LocalPool:
    """The workers of one policy.

    Attributes:
        workers: those that live.
        runs: runs that were begun.
    """

    def __init__(self) -> None:
        self.workers: list[LocalWorkerHandle] = []
        self.runs = self._processes = 0

    def start(self, policy: OneCorePolicy, processes: int) -> None:
        """Begin to start as many workers as there shall be processes beside this one, but for those that live.

        Each takes its share of the memory which this process may take for keys and values.

        Raises:
            NotPicklable: the model cannot be copied.
            OSError: no process can be started.
        """
        if sys.platform == "win32":
            raise OSError("this system gives no connection to another process")
        self.reap()
        if processes != self._processes:
            self.close()
        missing = range(processes - 1 - len(self.workers))
        data = sendable(policy.worker_copy(processes), "the model") if missing else b""
        self._processes = processes
        for _ in missing:
            self.workers.append(LocalWorkerHandle(data))

    def poll(self, seconds: float) -> list[LocalWorkerHandle]:
        """Workers that have news, or are gone; none if there is no news in so many seconds."""
        ready = set(wait([worker.connection for worker in self.workers], seconds)) if self.workers else set()
        return [worker for worker in self.workers if worker.connection in ready]

    def wait_until_ready(self) -> None:
        """Wait until all workers have the model; those that could not be started are let go of."""
        while waiting := [worker for worker in self.workers if not worker.ready]:
            for worker in self.poll(STOP_SECONDS):
                if worker in waiting and worker.news() is None:
                    self.drop(worker)

    def reap(self) -> None:
        """Let go of workers that ended by themselves."""
        for worker in [one for one in self.workers if one.process.poll() is not None]:
            self.drop(worker)

    def drop(self, worker: LocalWorkerHandle) -> None:
        """Let go of a worker."""
        self.workers.remove(worker)
        worker.end()

    def close(self) -> None:
        """End all workers."""
        while self.workers:
            self.workers.pop().end()


POOLS: weakref.WeakKeyDictionary[Any, LocalPool] = weakref.WeakKeyDictionary()


def pool_of(policy: OneCorePolicy) -> LocalPool:
    """The workers of a policy, none at first; they end with it."""
    if policy not in POOLS:
        POOLS[policy] = pool = LocalPool()
        weakref.finalize(policy, pool.close)
    return POOLS[policy]


def sendable(thing: Any, what: str) -> bytes:
    """What other processes make a copy of.

    Raises:
        NotPicklable: it cannot be copied.
    """
    try:
        return pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise NotPicklable(f"{what} cannot be sent to another process ({type(error).__name__}: {error})") from None
