"""`treecore lessons`: the units of the course, its worksheet, its words."""

from __future__ import annotations

import click

from treecore.cli.output import json_option, print_json


@click.command()
@click.option("--worksheet", "as_worksheet", is_flag=True, help="Print the questions of all units as CSV to fill in.")
@click.option("--glossary", "as_glossary", is_flag=True, help="Print the words of the course as Markdown.")
@json_option
def lessons(as_worksheet: bool, as_glossary: bool, as_json: bool) -> None:
    """List the units of the course that the app teaches.

    \b
    Example:
      treecore lessons --worksheet > worksheet.csv
    """
    from treecore.lessons.glossary import document
    from treecore.lessons.unit import units
    from treecore.lessons.worksheet import worksheet

    if as_worksheet or as_glossary:
        click.echo(worksheet() if as_worksheet else document(), nl=False)
        return
    if as_json:
        print_json([unit.as_json() for unit in units().values()])
        return
    for unit in units().values():
        click.echo(f"{unit.number}. {unit.title} ({unit.minutes} min, {unit.name}): {unit.question}")
