"""`treecore votes`: which answer the trajectories of a prompt agree on, and what early stopping would have saved."""

from __future__ import annotations

from typing import Any

import click

from treecore.cli.output import console, json_option, print_json
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted

COUNT = click.IntRange(min=1)


@click.command()
@click.argument("file")
@reading_options
@click.option("--window", type=COUNT, default=32, show_default=True, help="Tokens in a window (paper: 2048).")
@click.option("--warmup", type=COUNT, help="Trajectories written to their end first; half of them by default.")
@click.option(
    "--keep", type=click.FloatRange(0, 100), default=90.0, show_default=True, help="Percent of these that pass."
)
@click.option(
    "--consensus",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Start no more trajectories once an answer has this share (paper: 0.95).",
)
@json_option
def votes(file: str, window: int, warmup: int | None, keep: float, consensus: float, as_json: bool) -> None:
    """Let the trajectories of each forest of FILE vote on the answer, by local and by global confidence, and replay
    DeepConf's early stopping on their recorded tokens.

    \b
    Example:
      treecore votes chains --window 8
    """
    from treecore.analysis.votes import votes_of
    from treecore.cli.credit_json import forest_name

    how: dict[str, Any] = {"window": window, "warmup": warmup, "keep": keep, "consensus": consensus}
    documents = [
        {"forest": forest_name(forest, number)} | votes_of(forest, **how).as_json()
        for number, forest in enumerate(read_input(file).forests)
    ]
    if as_json:
        print_json(documents)
        return
    for document in documents:
        print_votes(document)


def print_votes(document: dict[str, Any]) -> None:
    """A table of votes, and one line on early stopping."""
    from rich.table import Table
    from rich.text import Text

    from treecore.methods.voting import WEIGHTS

    out = console()
    of = f"{document['answered']:,} of {counted(document['trajectories'], 'trajectory answers', 'trajectories answer')}"
    table = Table(title=Text(clean(f"forest {document['forest']}: {of}")), title_justify="left")
    for name in ("votes weigh", "answer", "share", "right"):
        table.add_column(name, justify="right" if name == "share" else "left")
    for one in document["votes"]:
        right = "–" if one["right"] is None else "yes" if one["right"] else "no"
        answer = clean(one["answer"], 40) + (" (tied)" if one["tied"] else "")
        table.add_row(WEIGHTS[one["weight"]], Text(answer), f"{100 * one['share']:.0f} %", right)
    out.print(table)
    out.print(Text(clean(document["early_stopping"]["in_words"], 400)))
