"""`treecore audit`: which method made the advantages and credits that a file claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from treecore.cli.output import busy, console, json_option, print_json
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean

if TYPE_CHECKING:
    from treecore.analysis.audit import Audit

SHOWN = 20


@click.command()
@click.argument("file")
@reading_options
@json_option
def audit(file: str, as_json: bool) -> None:
    """Find the method and the settings that give the advantages and credits claimed in FILE, and list the values that
    they do not give. Claims that are of no step are named with the reason.

    \b
    Example:
      treecore audit completions/
    """
    from treecore.analysis.audit import audit as audit_batch
    from treecore.core.batch import Forests

    report = read_input(file)
    with busy("Comparing"):
        found = audit_batch(Forests(report.forests))
    if as_json:
        print_json({"audits": [one.as_json() for one in found], "not_audited": list(report.notes.unclaimed)})
        return
    for one in found:
        print_audit(one)
    for clause in report.notes.unclaimed:
        click.echo(clean(f"cannot be audited: {clause}"))
    if not found and not report.notes.unclaimed:
        click.echo("the file claims no advantages and no credit")


def print_audit(found: Audit) -> None:
    """The finding, and a table of the values that differ where there is an explanation."""
    from rich.table import Table
    from rich.text import Text

    click.echo(clean(f"{found.name}: {found.in_words()}", 2000))
    if found.lacking:
        click.echo(clean(found.not_tried(), 2000))
    if not found.explained or not found.differences:
        return
    table = Table()
    for name in ("forest", "node", "claimed", "recomputed"):
        table.add_column(name, justify="right" if name in ("claimed", "recomputed") else "left")
    for one in found.differences[:SHOWN]:
        names = Text(clean(one.forest, 40)), Text(clean(one.node, 40))
        table.add_row(*names, f"{one.claimed:.6g}", f"{one.recomputed:.6g}")
    console().print(table)
    if len(found.differences) > SHOWN:
        click.echo(f"and {len(found.differences) - SHOWN} more: --json lists them all")
