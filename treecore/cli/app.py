"""`treecore app`: becomes the process that serves the explorer."""

from __future__ import annotations

import os
import sys

import click

FILE_VARIABLE = "TREECORE_FILE"


def app_command(*, port: int | None, browser: bool) -> list[str]:
    """The command line that serves the app."""
    from treecore.paths import app_dir

    command = [sys.executable, "-m", "streamlit", "run", str(app_dir() / "main.py")]
    command += ["--browser.gatherUsageStats=false", "--server.showEmailPrompt=false"]
    command += [f"--server.headless={'false' if browser else 'true'}"]
    return command if port is None else [*command, f"--server.port={port}"]


def app_environment(file: str | None) -> dict[str, str]:
    """The environment of the app: its package on the path, and the file it opens."""
    from treecore.paths import bundle_root

    environment = dict(os.environ)
    paths = [str(bundle_root()), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    environment.pop(FILE_VARIABLE, None)
    return environment if file is None else environment | {FILE_VARIABLE: os.path.abspath(file)}


@click.command()
@click.argument("file", required=False)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=None, help="Port to serve on; the first free by default."
)
@click.option("--browser/--no-browser", default=True, help="Open a browser window, or only print the address.")
def app(file: str | None, port: int | None, browser: bool) -> None:
    """Start the explorer, on FILE if given, else on a bundled sample.

    \b
    Example:
      treecore app run.forest.jsonl
    """
    from treecore.formats.source import open_source

    if file is not None:
        open_source(file)
    command = app_command(port=port, browser=browser)
    os.execve(command[0], command, app_environment(file))
