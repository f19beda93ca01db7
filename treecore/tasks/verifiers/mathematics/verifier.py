"""The `math` verifier: what structure and fractions settle at once, the rest in a process that can be killed.

A computer algebra system that takes untrusted text apart has no bound of its own on time, so it runs elsewhere, and
here is only the clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from treecore.errors import TaskError
from treecore.tasks.verifiers.mathematics.equality import NeedsAlgebraError
from treecore.tasks.verifiers.mathematics.worker import correct
from treecore.tasks.verifiers.registry import tagged, verifier
from treecore.tasks.verifiers.text import after_thoughts, final

SECONDS = 5.0
START_SECONDS = 60.0
MAX_CHARS = 20_000
"""Only the end of a longer output is read; a longer expected answer is refused."""
INSTALL = "pip install 'treecore[math]'"
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from treecore.tasks.verifiers.mathematics.worker import main; main()"
)
COMMAND = [sys.executable, "-I", "-c", START, str(Path(__file__).parents[4])]


class TooLongError(Exception):
    """The other process did not reply in time."""


class Worker:
    """One process that compares answers, one request at a time; started when needed, killed when it hangs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._replies: Queue[str] = Queue()

    def ask(self, request: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """The reply to a request.

        Raises:
            TooLongError: none came in `seconds`; the process is gone.
            TaskError: the process could not be started, or died.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._process is not None
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
                return self._reply(seconds)
            except OSError:
                self.stop()
                raise TaskError("the process of the math verifier died", todo="run it again") from None

    def _start(self) -> None:
        self.stop()
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self._process, self._replies = process, Queue()
        threading.Thread(target=_forward, args=(process, self._replies), daemon=True).start()
        weakref.finalize(self, _end, process)
        try:
            started = self._reply(START_SECONDS)
        except TooLongError:
            raise TaskError(f"the math verifier did not start in {START_SECONDS:g} s", todo="run it again") from None
        if "missing" in started:
            raise missing()

    def _reply(self, seconds: float) -> dict[str, Any]:
        try:
            line = self._replies.get(timeout=seconds)
        except Empty:
            self.stop()
            raise TooLongError from None
        if not line:
            self.stop()
            raise TaskError("the process of the math verifier died", todo="run it again")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            _end(self._process)
            self._process = None


def _forward(process: subprocess.Popen[str], replies: Queue[str]) -> None:
    """Lines of the process into a queue that can be waited for with a clock; "" at their end."""
    assert process.stdout is not None
    with contextlib.suppress(ValueError, OSError):
        for line in process.stdout:
            replies.put(line)
    replies.put("")


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


WORKER_OF_ALL = Worker()


def missing() -> TaskError:
    """The error where math-verify is not installed."""
    return TaskError("verifier 'math' needs the math-verify library", todo=INSTALL)


def forms(answer: str) -> tuple[str, ...]:
    """An answer as models are asked to give it: in a box, and between tags."""
    boxed = answer if "\\boxed" in answer else f"\\boxed{{{answer.strip().strip('$')}}}"
    return boxed, tagged(answer)


@verifier(title="The same mathematics", outputs_for=forms)
def math(question: str, answers: Sequence[str], output: str) -> float:
    """1 if the final answer equals an expected answer mathematically: `1/2`, `0.5`, `\\frac12`.

    Numbers are compared exactly; a decimal of six digits or more also stands for a number that it rounds. Lists have
    no order, tuples, intervals and matrices have; `x = 5` is 5; a per cent sign, a unit and a degree sign may be left
    out. In prose the stated answer counts (`the answer is 5`), else the last formula between `$`, or the last number.
    What cannot be compared within five seconds is wrong.
    """
    if find_spec("math_verify") is None:
        raise missing()
    if any(len(answer) > MAX_CHARS for answer in answers):
        raise TaskError(f"an answer of more than {MAX_CHARS:,} characters", todo="shorten it")
    said = final(output)
    text = (after_thoughts(output) if said.boxed else said.text)[-MAX_CHARS:]
    with contextlib.suppress(NeedsAlgebraError):
        return float(correct(list(answers), text, algebra=False))
    try:
        reply = WORKER_OF_ALL.ask({"answers": list(answers), "output": text}, seconds=SECONDS)
    except TooLongError:
        return 0.0
    if "error" in reply:
        raise TaskError(f"the math verifier could not compare {said.text[:60]!r}: {reply['error']}")
    return float(reply["correct"])
