"""Ctrl-C and a polite kill: what is finished stays, one line says how to go on, and the exit code tells the signal."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from treecore.core.numerals import counted
from treecore.errors import Stopped

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def resumable(output: str) -> Iterator[None]:
    """`stoppable`, for a run that can go on.

    Args:
        output: the file that is being written.
    """
    with stoppable(lambda error: f"{stopped_line(error, output)}; continue with: {command()}"):
        yield


@contextmanager
def stoppable(say: Callable[[KeyboardInterrupt], str]) -> Iterator[None]:
    """Let the first signal end what runs inside, and a second one end it at once.

    The exit code is 128 and the number of the signal: 130 after Ctrl-C, 143 after SIGTERM. A signal that was ignored
    when the command began stays ignored.

    Args:
        say: the line to print.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    number = signal.SIGINT

    def stop(caught: int, frame: FrameType | None) -> NoReturn:
        nonlocal number
        number = signal.Signals(caught)
        for one in before:
            signal.signal(one, leave)
        raise KeyboardInterrupt

    def leave(caught: int, frame: FrameType | None) -> NoReturn:
        os._exit(128 + caught)

    before = {one: old for one in SIGNALS if (old := signal.getsignal(one)) is not signal.SIG_IGN}
    for one in before:
        signal.signal(one, stop)
    try:
        yield
    except KeyboardInterrupt as error:
        click.echo(f"treecore: {say(error)}", err=True)
        click.get_current_context().exit(128 + number)
    finally:
        for one, old in before.items():
            signal.signal(one, old)


def stopped_line(error: KeyboardInterrupt, output: str) -> str:
    """What is there."""
    if isinstance(error, Stopped):
        return f"stopped; {error.done:,} of {counted(error.total, 'forest is', 'forests are')} in {output}"
    return f"stopped before anything new was written to {output}"


def command() -> str:
    """The command line that continues this one."""
    words = sys.argv[1:]
    root = click.get_current_context().find_root()
    return f"{root.info_name} {shlex.join([*words, *([] if '--resume' in words else ['--resume'])])}"
