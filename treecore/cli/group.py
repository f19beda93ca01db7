"""A group of commands that imports each when it is called, and turns user errors into one line and exit code 1."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from treecore.cli.text import clean
from treecore.errors import TreecoreError


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
        try:
            return super().invoke(ctx)
        except TreecoreError as error:
            click.echo(f"treecore: {clean(str(error))}", err=True)
            ctx.exit(1)
