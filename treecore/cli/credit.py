"""`treecore credit`: one method on all forests of a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from treecore.cli.output import busy, console, json_option, parse_settings, print_json, set_option
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted

if TYPE_CHECKING:
    from rich.table import Table

    from treecore.methods import Credit

LABEL_WIDTH = 48
MAIN_COLUMNS = ("credit", "credit_low", "credit_high", "gradient_weight", "value", "n_leaves", "advantage")


@click.command()
@click.argument("file")
@reading_options
@click.option("--method", required=True, help="Name of a credit method; see `treecore methods`.")
@set_option
@click.option("--tokens", is_flag=True, help="Print the signal of every token, also where a step's tokens share it.")
@click.option("--bootstrap", type=click.IntRange(min=2), metavar="N", help="Add a 90 % interval from N resamples.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the resamples.")
@json_option
def credit(
    file: str, method: str, settings: tuple[str, ...], tokens: bool, bootstrap: int | None, seed: int, as_json: bool
) -> None:
    """Compute one method's credit for every step of FILE. All forests of the file are the batch.

    \b
    Example:
      treecore credit run.forest.jsonl --method tree_grpo --set variant=sum --json
    """
    from treecore.methods import compute

    values = parse_settings(settings)
    report = read_input(file)
    with busy(f"Computing {method}"):
        result = compute(report.forests, method, **values)
    if bootstrap is not None:
        result = with_interval(result, n=bootstrap, seed=seed)
    if as_json:
        from treecore.cli.credit_json import credit_json

        print_json(credit_json(result, tokens=tokens))
    else:
        print_tables(result, tokens=tokens)


def with_interval(credit: Credit, *, n: int, seed: int) -> Credit:
    """The credit with its bootstrap interval as two more columns of steps."""
    from dataclasses import replace

    from treecore.methods.bootstrap import bootstrap

    with busy(f"Resampling {counted(n, 'time')}"):
        interval = bootstrap(credit.forests, credit.method, n=n, seed=seed, settings=credit.params)
    return replace(credit, nodes={**credit.nodes, "credit_low": interval.lower, "credit_high": interval.upper})


def number_text(value: float) -> str:
    """A number for a table; an em-space dash where nothing is assigned."""
    return "–" if value != value else f"{value:.4g}"


def empty_table(title: str, shown: Sequence[str], *, with_tokens: bool) -> Table:
    """The frame of a forest's table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left")
    table.add_column("node", no_wrap=True)
    table.add_column("step", no_wrap=True, max_width=LABEL_WIDTH)
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    if with_tokens:
        table.add_column("tokens")
    return table


def print_tables(credit: Credit, *, tokens: bool) -> None:
    """One table a forest: a row a step, in preorder."""
    from rich.text import Text

    from treecore.cli.credit_json import forest_name, token_signals
    from treecore.cli.table import print_table
    from treecore.core.step_text import split_step

    out = console()
    settings = ", ".join(f"{name}={value}" for name, value in credit.params.items())
    out.print(Text(f"{credit.method}({settings})", style="bold"))
    for number in range(len(credit.forests)):
        part = credit.of(number)
        forest = part.forests[0]
        with_tokens = tokens or part.tokens is not None
        signals = token_signals(part, forest, [str(name) for name in forest.node_id]) if with_tokens else {}
        shown = [name for name in MAIN_COLUMNS if name in part.nodes or name in part.leaves]
        title = clean(f"forest {forest_name(forest, number)}  {forest.prompt}", 100)
        numbers = [part.column(column).tolist() for column in shown]
        rows = []
        for row in forest.topology.order.tolist():
            name = str(forest.node_id[row])
            label = split_step(forest.text[row][:2000], forest.node_extra.get(row, {})).label
            cells = [clean(name, 24), clean(label, LABEL_WIDTH), *(number_text(column[row]) for column in numbers)]
            if with_tokens:
                cells.append(" ".join(map(number_text, signals.get(name, []))))
            rows.append(cells)
        print_table(out, partial(empty_table, title, shown, with_tokens=with_tokens), rows)
