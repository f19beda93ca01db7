"""Every error that a user may meet, as one clear sentence: what was found, where, what to do.

    TreecoreError
    ├── FormatError      a file, or a value inside it, is not what the format says
    ├── ForestError      nodes that do not make a forest
    ├── MethodError      a method cannot run on this data, or got a wrong parameter
    ├── PolicyError      a model or server failed
    └── TaskError        a task refused a prompt, or its verifier failed

`assert` is kept for our own bugs. Code that calls plug-ins wraps the call in `boundary`, so that plain
Python errors raised inside are attributed to the plug-in and not to the program around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from treecore.bidi import visible

MAX_UNBROKEN = 200
"""Characters without a space that a message shows whole; ids, names and paths are shorter."""
_RUN = re.compile(rf"(\S{{60}})\S{{{MAX_UNBROKEN - 79},}}(\S{{20}})")


def shortened(text: str) -> str:
    """One line in which every run of more than `MAX_UNBROKEN` characters without a space has lost its middle."""
    return " ".join(_RUN.sub(r"\1...\2", visible(text)).split())


class TreecoreError(Exception):
    """Base of all errors meant for users; `str(error)` is one line.

    Args:
        found: what was found, a clause without a final stop.
        where: file, line, JSON path or node id; empty when there is no place to name.
        todo: what the user can do about it.
        command: the same for a shell, such as an option to give; only the command line says it.
    """

    def __init__(self, found: str, *, where: str = "", todo: str = "", command: str = "") -> None:
        self.found, self.where, self.todo, self.command = found, where, todo, command
        super().__init__(found)

    def __str__(self) -> str:
        line = f"{self.where}: {self.found}" if self.where else self.found
        if self.todo:
            line = f"{line}; {self.todo}"
        return shortened(line)

    @property
    def in_shell(self) -> str:
        """The sentence with what to type in a shell."""
        return f"{self}: {shortened(self.command)}" if self.command else str(self)

    def at(self, where: str) -> TreecoreError:
        """The same error with an outer place put before its own."""
        joined = f"{where}, {self.where}" if self.where else where
        return type(self)(self.found, where=joined, todo=self.todo, command=self.command)


class FormatError(TreecoreError):
    """A file is not in a format that we read, or breaks the rules of its format."""


class ForestError(TreecoreError):
    """Nodes do not make a forest: a cycle, a missing parent, a reward on an inner node."""


class MethodError(TreecoreError):
    """A method or sampler got a wrong parameter, or the data lacks what it needs."""


class PolicyError(TreecoreError):
    """A model or a server could not be used."""


class TaskError(TreecoreError):
    """A task cannot take this prompt, or its environment failed."""


class Stopped(KeyboardInterrupt):
    """A run was interrupted; its finished lines are on the disk.

    Attributes:
        done, total: lines that are there, and that there would have been.
    """

    def __init__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        super().__init__(f"stopped with {done} of {total} done")


@contextmanager
def boundary(kind: type[TreecoreError], what: str) -> Iterator[None]:
    """Attribute what is raised inside, or an attempt to end the program, to `what`, for example "task 'countdown'"."""
    try:
        yield
    except TreecoreError:
        raise
    except (Exception, SystemExit) as error:
        raise kind(f"{what} failed with {type(error).__name__}: {error}") from error
