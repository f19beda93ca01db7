"""Command lines that start at once: a process that has the model library loaded forks a child for each.

    with Nursery() as nursery:
        child = nursery.start("rollout", "--sampler", "chains", "-o", path)
        child.kill()

A child is a process of its own, which runs the command as the `treecore` script does and can be killed like it. Run as
a script this is the process that forks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

TICKS = 60_000


class Child:
    """A command that runs; `code` is its exit code once it is over, minus the signal's number if that ended it."""

    def __init__(self, nursery: Nursery, pid: int, out: Path) -> None:
        self.nursery, self.pid, self._out = nursery, pid, out
        self.code: int | None = None

    @property
    def output(self) -> str:
        return self._out.read_text()

    def over(self) -> bool:
        if self.code is None:
            self.code = self.nursery.ask(poll=self.pid)
        return self.code is not None

    def wait(self) -> int:
        if self.code is None:
            self.code = self.nursery.ask(wait=self.pid)
        assert self.code is not None
        return self.code

    def until(self, reached: Callable[[], bool]) -> bool:
        """Look again and again until `reached` or until the command is over; returns whether it was reached."""
        for _ in range(TICKS):
            if reached():
                return True
            if self.nursery.ask(tick=self.pid) is not None:
                return reached()
        raise AssertionError("neither over nor reached")

    def kill(self, number: int = signal.SIGKILL) -> int:
        if not self.over():
            os.kill(self.pid, number)
        return self.wait()


class Nursery:
    """The process that forks; a context."""

    def __enter__(self) -> Nursery:
        self._folder = tempfile.TemporaryDirectory()
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, *arguments: object) -> Child:
        self._count += 1
        out = Path(self._folder.name) / f"{self._count}.txt"
        return Child(self, self.ask(run=[str(one) for one in arguments], out=str(out)), out)

    def run(self, *arguments: object) -> None:
        """To the end, which must be a good one."""
        child = self.start(*arguments)
        assert child.wait() == 0, child.output


def become(arguments: list[str], out: str) -> NoReturn:
    """The command itself, in the forked process."""
    from treecore.cli import main

    file = os.open(out, os.O_WRONLY | os.O_CREAT)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((null, 0), (file, 1), (file, 2)):
        os.dup2(number, target)
    sys.argv = ["treecore", *arguments]
    try:
        main(prog_name="treecore")
    except SystemExit as ending:
        os._exit(int(ending.code or 0))
    finally:
        os._exit(1)


def answer(request: dict[str, Any], over: dict[int, int]) -> Any:
    """What is asked for: a new process, or how one ended; a tick waits a moment for that."""
    if "run" in request:
        pid = os.fork()
        if pid == 0:
            become(request["run"], request["out"])
        return pid
    ((how, pid),) = request.items()
    if pid in over:
        return over[pid]
    if how == "tick":
        signal.sigtimedwait([signal.SIGCHLD], 0.004)
    done, status = os.waitpid(pid, 0 if how == "wait" else os.WNOHANG)
    if done:
        over[pid] = os.waitstatus_to_exitcode(status)
    return over.get(pid)


def main() -> None:
    """Load what takes long, then fork for whoever asks until the input ends."""
    from treecore.policies import load_policy

    for name in ("cli.annotate", "cli.rollout", "annotate", "tasks.countdown", "tasks.multihop"):
        import_module(f"treecore.{name}")
    load_policy("tiny", device="cpu")
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    over: dict[int, int] = {}
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line), over)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
