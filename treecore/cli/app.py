"""`treecore app`: becomes the process that serves the explorer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from treecore.quotas import ALL, Quota

FILE_VARIABLE, PUBLIC_VARIABLE, HOSTS_VARIABLE = "TREECORE_FILE", "TREECORE_PUBLIC", "TREECORE_HOSTS"
LIBRARIES_VARIABLE, READ_ONLY_VARIABLE = "TREECORE_LIBRARIES", "TREECORE_READ_ONLY"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = "0.0.0.0"


def app_command(*, port: int | None, browser: bool, address: str, hosts: Sequence[str], public: bool) -> list[str]:
    """The command line that serves the app.

    Args:
        address: to bind to.
        hosts: names beside those of loopback under which it may be reached; with none, the app of a public server
            looks which are its own.
    """
    from treecore.bundled import app_dir

    command = [sys.executable, "-P", "-m", "app.serving.server", "run", str(app_dir() / "main.py")]
    command += ["--browser.gatherUsageStats=false", "--server.showEmailPrompt=false"]
    command += [f"--server.headless={'false' if browser else 'true'}"]
    command += [f"--server.address={address}", "--server.enableCORS=true", "--server.enableXsrfProtection=true"]
    if hosts or not public:
        command += [f"--server.allowedHosts={name}" for name in (*LOOPBACK, *hosts)]
    return command if port is None else [*command, f"--server.port={port}"]


def app_environment(
    file: str | None,
    *,
    hosts: Sequence[str] = (),
    public: bool = False,
    limits: Mapping[Quota, int] | None = None,
    libraries: Sequence[str] = (),
    read_only: bool = False,
) -> dict[str, str]:
    """The environment of the app: its package on the path, the file it opens, and what visitors may do and take."""
    from treecore.bundled import bundle_root

    environment = dict(os.environ) | {quota.variable: str(most) for quota, most in (limits or {}).items()}
    paths = [str(bundle_root()), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    given = {
        FILE_VARIABLE: os.path.abspath(file) if file is not None else "",
        PUBLIC_VARIABLE: "1" if public else "",
        HOSTS_VARIABLE: " ".join(hosts),
        READ_ONLY_VARIABLE: "1" if read_only else "",
        LIBRARIES_VARIABLE: os.pathsep.join(map(os.path.abspath, libraries)),
    }
    kept = {name: value for name, value in environment.items() if name not in given}
    return kept | {name: value for name, value in given.items() if value}


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each quota that has one."""
    for quota in reversed(ALL):
        if quota.option:
            command = click.option(
                quota.option,
                quota.variable,
                type=click.IntRange(1),
                envvar=quota.variable,
                default=quota.default,
                show_default=True,
                help=f"Most {quota.meaning}.",
            )(command)
    return command


@click.command()
@click.argument("file", required=False)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=None, help="Port to serve on; the first free by default."
)
@click.option("--browser/--no-browser", default=True, help="Open a browser window, or only print the address.")
@click.option(
    "--public",
    is_flag=True,
    envvar=PUBLIC_VARIABLE,
    help="For servers that others reach: the bundled model only, no paths, no addresses, bounded jobs.",
)
@click.option("--read-only", is_flag=True, envvar=READ_ONLY_VARIABLE, help="Nobody samples; all else is as ever.")
@click.option(
    "--address",
    default=None,
    help=f"Address to serve on; this machine only by default, every address ({EVERYWHERE}) with --public.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    envvar=HOSTS_VARIABLE,
    help="A name under which it is reached, as through a reverse proxy (*.example.org for many, * for any); others are "
    "refused. Without it, a public server answers under its addresses and the machine's own name.",
)
@click.option(
    "--library",
    "libraries",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of rollouts that visitors may look at in Library; a public server shows no others.",
)
@limit_options
def app(
    file: str | None,
    port: int | None,
    browser: bool,
    public: bool,
    address: str | None,
    hosts: tuple[str, ...],
    libraries: tuple[str, ...],
    read_only: bool,
    **limits: int,
) -> None:
    """Start the explorer on FILE, on a folder of rollouts, or on the bundled sample with that name; on the first sample
    without any.

    \b
    Example:
      treecore app run.forest.jsonl
      treecore app runs/my-run
      treecore app --public --host class.example.org
      treecore app --public --read-only --library runs/my-run
    """
    from treecore.bundled import file_meant
    from treecore.formats.source import open_source

    if file is not None and os.path.isdir(file):
        libraries, file = (file, *libraries), None
    elif file is not None:
        file = file_meant(file)
        open_source(file)
    address = address or (EVERYWHERE if public else LOOPBACK[0])
    if address not in LOOPBACK and not public:
        raise click.UsageError(f"others reach {address}: add --public, which says what they may do")
    command = app_command(port=port, browser=browser, address=address, hosts=hosts, public=public)
    given = {quota: limits[quota.variable] for quota in ALL if quota.option}
    environment = app_environment(
        file, hosts=hosts, public=public, limits=given, libraries=libraries, read_only=read_only
    )
    os.execve(command[0], command, environment)
