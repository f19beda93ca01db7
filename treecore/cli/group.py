"""A group of commands that imports each when it is called, and turns user errors into one line and exit code 1."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Any, TextIO

import click

from treecore.cli.interrupt import stoppable
from treecore.cli.text import clean
from treecore.errors import TreecoreError
from treecore.formats.disk import FULL, reason
from treecore.registry.plugins import PluginWarning


class LazyGroup(click.Group):
    """Args: commands_at: command name -> `"module:command"`."""

    def __init__(self, *args: Any, commands_at: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_at:
            return None
        module, _, attribute = self.commands_at[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        prepare_streams()
        try:
            with plain_warnings(), stoppable(lambda _: "stopped"):
                return super().invoke(ctx)
        except TreecoreError as error:
            line = error.in_shell
        except OSError as error:  # files are written elsewhere: this is the standard output
            if error.errno not in FULL:
                raise
            line = f"the output cannot be written: {reason(error)}; make room and start again"
            drop(sys.stdout)
        click.echo(f"treecore: {clean(line)}", err=True)
        ctx.exit(1)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Show a warning about a plug-in as one line, without the place in the code that it comes from."""
    show = warnings.showwarning

    def show_plainly(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, PluginWarning):
            click.echo(f"treecore: {clean(str(message))}", err=True)
        else:
            show(message, category, *place, **more)

    warnings.showwarning = show_plainly
    try:
        yield
    finally:
        warnings.showwarning = show


def prepare_streams() -> None:
    """Let a command do its work where a terminal lacks letters or a stream is closed."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # its number would go to the next file that is opened, and what is said into that file
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper) and name != "stdin":
            stream.reconfigure(errors="replace")


def drop(stream: TextIO) -> None:
    """Forget what a stream holds, so that the end of the program does not try to write it again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
