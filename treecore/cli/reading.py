"""Options of every command that reads rollouts, and the reading itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from treecore.cli.output import busy
from treecore.cli.text import clean
from treecore.errors import shortened

if TYPE_CHECKING:
    from treecore.formats import ReadReport

Command = TypeVar("Command", bound=Callable[..., Any])
KEY = "treecore.reading"
RULES = "auto, tokens, tokens:K, turns, paragraphs, lines, sentences or calls"


@dataclass(frozen=True)
class Asked:
    """How files are to be read.

    Attributes:
        columns: role -> column of a table in no known format; empty to look for a format.
        merge: rule by which answers to one prompt are folded into a tree; "" to leave them as they are.
    """

    columns: Mapping[str, str]
    merge: str = ""


def reading_options(command: Command) -> Command:
    """`--map` and `--merge`, which `read_input` obeys."""
    for option in (MAP, MERGE):
        command = option(command)
    return command


def asked() -> Asked:
    """What the options of this command say."""
    context = click.get_current_context(silent=True)
    found: Asked = Asked({}) if context is None else context.meta.get(KEY, Asked({}))
    return found


def take_columns(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> None:
    """Keep `--map`."""
    from treecore.cli.output import parse_settings

    columns = dict[str, str]()
    for path in (one for one in given if "=" not in one):
        columns |= columns_in(path)
    columns |= parse_settings([one for one in given if "=" in one], option="--map")
    context.meta[KEY] = replace(context.meta.get(KEY, Asked({})), columns=columns)


def columns_in(path: str) -> dict[str, str]:
    """A mapping that was saved: a JSON object of roles and columns."""
    import orjson

    try:
        found = orjson.loads(Path(path).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise click.BadParameter(
            f"{path!r} is neither ROLE=COLUMN nor a JSON file ({error})", param_hint="--map"
        ) from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise click.BadParameter(f"{path!r} holds no object of roles and columns", param_hint="--map")
    return found


def take_merge(context: click.Context, option: click.Parameter, given: str) -> None:
    """Keep `--merge`."""
    context.meta[KEY] = replace(context.meta.get(KEY, Asked({})), merge=given)


MAP = click.option(
    "--map",
    "columns",
    metavar="ROLE=COLUMN",
    multiple=True,
    expose_value=False,
    callback=take_columns,
    help="Read any table: which column is the prompt, answer, reward, group, reference, step, advantage, rollout or "
    "ids of tokens; or a JSON file that says so. May be given several times.",
)
MERGE = click.option(
    "--merge",
    metavar="RULE",
    default="",
    expose_value=False,
    callback=take_merge,
    help=f"Fold answers to one prompt into the tree of their common beginnings: {RULES}.",
)


def read_input(path: str) -> ReadReport:
    """The forests of a file, a folder or a bundled sample, with a spinner; warnings go to standard error.

    Raises:
        FormatError, ForestError: see `treecore.formats.read` and `treecore.merge`.
    """
    from treecore.bundled import file_meant
    from treecore.core.prefixes import merge
    from treecore.formats import read_with_report

    how = asked()
    with busy(f"Reading {path}"):
        report = read_with_report(file_meant(path), columns=how.columns)
        if how.merge:
            report = replace(report, forests=[merge(forest, steps=how.merge) for forest in report.forests])
    for warning in report.warnings:
        click.echo(f"treecore: warning: {clean(shortened(warning))}", err=True)
    return report
