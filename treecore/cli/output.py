"""What commands share: reading their input, parsing `--set`, and writing tables or JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from treecore.cli.text import clean

if TYPE_CHECKING:
    from rich.console import Console

    from treecore.annotate.run_file import AnnotationSummary
    from treecore.rollouts import Summary

PIPE_WIDTH = 120

set_option = click.option(
    "--set", "settings", multiple=True, metavar="K=V", help="A parameter; may be given several times."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def parse_settings(pairs: Sequence[str], *, option: str = "--set") -> dict[str, str]:
    """`("k=v", ...)`, given by `option`, as a mapping.

    Raises:
        click.BadParameter: no `=`, or a name given twice.
    """
    settings: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{pair!r} is not K=V", param_hint=option)
        if name.strip() in settings:
            raise click.BadParameter(f"{name.strip()!r} is given twice", param_hint=option)
        settings[name.strip()] = value
    return settings


def console(*, stderr: bool = False) -> Console:
    """A terminal or a pipe; a pipe gets a fixed width and no colour."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else PIPE_WIDTH, highlight=False, soft_wrap=False)


def busy(message: str) -> AbstractContextManager[Any]:
    """A spinner on standard error while something takes its time; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.text import Text

    return console(stderr=True).status(Text(clean(message)))


def print_json(document: Any) -> None:
    """One JSON document on standard output; NaN as null."""
    import orjson

    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def print_summary(document: Mapping[str, Any], *, hidden: Collection[str] = ()) -> None:
    """Numbers a line each, rounded for people.

    Args:
        document: name -> value; None is what was not assigned.
        hidden: names to leave out.
    """
    for name, value in document.items():
        shown = round(value, 4) if isinstance(value, float) else value
        if name not in hidden:
            click.echo(f"{name.replace('_', ' ')}: {'not assigned' if shown is None else shown}")


def print_run(summary: Summary | AnnotationSummary, unit: str, *, as_json: bool, where: str = "") -> None:
    """The numbers of a run; failures go to standard error, and the exit code is 1 if all did.

    Args:
        unit: what failed, and the field of the summary that counts all of it.
        where: put before the reason of the first failure.
    """
    document = summary.as_json()
    failed, of = document["failed"], document[unit]
    if as_json:
        print_json(document)
    else:
        print_summary(document, hidden=("first_failure",) if failed else ("failed", "first_failure"))
    if failed:
        from treecore.rollouts.failures import failures_line

        said = failures_line(failed, of=of, unit=unit, first=clean(f"{where}{summary.first_failure}"))
        click.echo(f"treecore: {'' if failed == of else 'warning: '}{said}", err=True)
        if failed == of:
            click.get_current_context().exit(1)


def print_registry(entries: Sequence[Any], as_json: bool, rows: Callable[[dict[str, Any]], Sequence[str]]) -> None:
    """A registry as JSON, or as one titled paragraph an entry.

    Args:
        entries: objects with `as_json`.
        rows: the lines of an entry; the first is its heading.
    """
    documents = [entry.as_json() for entry in entries]
    if as_json:
        print_json(documents)
        return
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    for document in documents:
        heading, *lines = rows(document)
        out.print(Text(heading, style="bold"))
        for line in lines:
            out.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
