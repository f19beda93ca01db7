"""`treecore score`: rewards for answers that a file holds without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from treecore.cli.output import busy, json_option, print_json
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted, counted_of

if TYPE_CHECKING:
    from treecore.tasks.scoring import Scored


@click.command()
@click.argument("file")
@reading_options
@click.option(
    "--verifier",
    required=True,
    help="What compares an answer with the reference: one of `treecore verifiers`, with settings as in 'number "
    "tolerance=0.01', or module:function.",
)
@click.option("-o", "--output", required=True, metavar="OUT", help="A .forest.jsonl file.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@json_option
def score(file: str, verifier: str, output: str, overwrite: bool, as_json: bool) -> None:
    """Give every answer of FILE without a reward one, by comparing it with the reference of its prompt. Rewards that
    FILE has stay as they are.

    \b
    Example:
      treecore score samples_gsm8k.jsonl --verifier math -o scored.forest.jsonl
    """
    from treecore.errors import TaskError
    from treecore.formats import check_output, write
    from treecore.tasks.scoring import nothing_scored
    from treecore.tasks.scoring import score as scored
    from treecore.tasks.verifiers import get_check

    check_output(output, overwrite=overwrite)
    check = get_check(verifier)
    forests = read_input(file).forests
    with busy("Scoring"):
        found = scored(forests, check)
    if said := nothing_scored(found):
        raise TaskError(said, where=file, todo=todo_after(found))
    with busy(f"Writing {output}"):
        write(found.forests, output, overwrite=overwrite)
    if as_json:
        print_json({"file": output, "verifier": verifier, **found._asdict(), "forests": len(found.forests)})
        return
    click.echo(clean(f"{output}: {counted_of(found.right, 'answer', total=found.given)} right by {verifier}"))
    if found.kept:
        click.echo(f"{counted(found.kept, 'answer has', 'answers have')} a reward of the file, which stays")
    if found.lacking:
        click.echo(f"{counted(found.lacking, 'answer has', 'answers have')} no reference to be compared with")
    if found.refused:
        click.echo(
            f"{counted(found.refused, 'answer has', 'answers have')} a reference that this verifier does not take"
        )


def todo_after(found: Scored) -> str:
    """What to do where no answer got a reward."""
    if found.refused:
        return "choose another of `treecore verifiers`"
    return "name the column of references: --map reference=COLUMN" if found.lacking else "compute credit"
