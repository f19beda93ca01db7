"""`treecore compare`: several methods on the same steps, where they differ and why."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from treecore.cli.output import busy, console, json_option, print_json
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean

if TYPE_CHECKING:
    from rich.table import Table

    from treecore.analysis.compare import Comparison

LABEL_WIDTH = 40
SHOWN = 12
"""Disagreements that are printed for each forest."""


@click.command()
@click.argument("file")
@reading_options
@click.option("--methods", "names", metavar="A,B,C", help="Credit methods; see `treecore methods`.")
@json_option
def compare(file: str, names: str | None, as_json: bool) -> None:
    """Compare credit methods on every step of FILE: their numbers, how alike they rank the steps (Kendall's tau-b), and
    where and why they differ. A method that cannot run says what it lacks.

    \b
    Example:
      treecore compare early_fork --methods grpo,tree_grpo,sibling
    """
    from treecore.analysis.compare import column_of
    from treecore.analysis.compare import compare as compare_forest
    from treecore.core.batch import Forests
    from treecore.methods import SIDE_BY_SIDE

    asked = SIDE_BY_SIDE if names is None else tuple(name.strip() for name in names.split(",") if name.strip())
    batch = Forests(read_input(file).forests)
    with busy("Comparing"):
        columns = [column_of(batch, name, {}) for name in dict.fromkeys(asked)]
        found = [compare_forest(forest, columns) for forest in batch]
    if as_json:
        print_json({"forests": [document(one, number) for number, one in enumerate(found)]})
        return
    for number, one in enumerate(found):
        print_comparison(one, number)


def document(found: Comparison, number: int) -> dict[str, Any]:
    """A comparison, JSON-ready; NaN is null."""
    from treecore.analysis.compare import KINDS
    from treecore.analysis.disagreements import entries, families
    from treecore.analysis.references import REACHES
    from treecore.cli.credit_json import forest_name

    ids = [str(found.forest.node_id[row]) for row in found.rows]
    names = [column.method for column in found.columns]
    return {
        "id": forest_name(found.forest, number),
        "methods": [
            {"method": one.method, "compared_with": REACHES[one.reach], "scale": one.scale, "lacks": one.lacks}
            for one in found.columns
        ],
        "steps": {name: dict(zip(names, values, strict=True)) for name, values in zip(ids, found.values, strict=True)},
        "agreement": {
            name: dict(zip(names, values, strict=True)) for name, values in zip(names, found.agreement, strict=True)
        },
        "families": families(found),
        "steps_by_kind": {name: found.count(kind) for kind, name in KINDS.items()},
        "disagreements": [
            {"kind": KINDS[one.kind], "nodes": ids[one.first : one.last + 1], "reason": one.reason}
            for one in entries(found)
        ],
    }


def print_comparison(found: Comparison, number: int) -> None:
    """A table of steps and methods, the ranks they share, and the disagreements."""
    from rich.text import Text

    from treecore.analysis.compare import KINDS
    from treecore.analysis.disagreements import entries, families
    from treecore.analysis.frames import label
    from treecore.cli.credit_json import forest_name
    from treecore.cli.table import print_table
    from treecore.core.numerals import counted, signed

    out, forest = console(), found.forest
    title = clean(f"forest {forest_name(forest, number)}  {forest.prompt}", 100)
    rows = [
        [clean(label(forest, int(row)), LABEL_WIDTH) or "–", *map(signed, values)]
        for row, values in zip(found.rows, found.values.tolist(), strict=True)
    ]
    if rows:
        print_table(out, partial(empty_table, title, found), rows)
    for column in found.columns:
        if column.lacks:
            out.print(Text(clean(f"{column.known.title} cannot run: {column.lacks}", 400)))
    out.print(Text(signs_in_words(found), style="bold"))
    made = entries(found)
    for one in made[:SHOWN]:
        what = " ".join(filter(None, one.name))
        out.print(Text(clean(f"- {what} ({counted(one.n_steps, 'step')}, {KINDS[one.kind]}): {one.reason}", 600)))
    if len(made) > SHOWN:
        out.print(Text(f"and {len(made) - SHOWN} more: --json lists them all"))
    if said := families(found):
        out.print(Text(clean(said, 400)))
    print_agreement(found)


def signs_in_words(found: Comparison) -> str:
    """On how many steps the signs of methods differ, and on how many a sign stands against zero."""
    from treecore.analysis.compare import KINDS, Kind
    from treecore.core.numerals import counted_of

    total = len(found.rows)
    said = [
        f"{KINDS[kind]} on {counted_of(number, 'step', total=total)}"
        for kind in (Kind.SIGNS, Kind.ZERO)
        if (number := found.count(kind))
    ]
    return ", ".join(said) or "the signs agree on every step"


def empty_table(title: str, found: Comparison) -> Table:
    """The frame of a forest's table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left")
    table.add_column("step", no_wrap=True, max_width=LABEL_WIDTH)
    for column in found.columns:
        table.add_column(Text(column.known.title), justify="right")
    return table


def print_agreement(found: Comparison) -> None:
    """Kendall's tau-b of every two methods."""
    from rich.table import Table
    from rich.text import Text

    from treecore.core.numerals import plain

    table = Table(title="Kendall's tau-b", title_justify="left")
    table.add_column("", no_wrap=True)
    for column in found.columns:
        table.add_column(Text(column.known.title), justify="right")
    for column, values in zip(found.columns, found.agreement.tolist(), strict=True):
        table.add_row(Text(column.known.title), *(Text(plain(value)) for value in values))
    console().print(table)
