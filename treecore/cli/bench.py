"""`treecore bench`: measurements, each as a ratio against a peer in the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from treecore.cli.output import console, json_option, print_json

SIZE = click.IntRange(min=2)


@click.group()
def bench() -> None:
    """Measure speed against a named peer in the same run.

    \b
    Example:
      treecore bench credit --json
    """


@bench.command()
@click.option("--forests", "n_forests", type=SIZE, default=10_000, show_default=True, help="Small forests in a batch.")
@click.option("--forest-nodes", type=SIZE, default=100, show_default=True, help="Nodes of each small forest.")
@click.option("--nodes", "large_nodes", type=SIZE, default=1_000_000, show_default=True, help="Nodes of one forest.")
@click.option("--file-nodes", type=SIZE, default=1_000_000, show_default=True, help="Nodes of the file that is read.")
@click.option("--oracle-nodes", type=SIZE, default=50_000, show_default=True, help="Nodes that the oracle walks.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True, help="Runs; the least counts.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the made-up forests.")
@json_option
def credit(seed: int, as_json: bool, **sizes: int) -> None:
    """Time every credit method on made-up forests, and the reading of a large file.

    \b
    Example:
      treecore bench credit --json
    """
    from treecore.bench import Sizes, bench_credit

    with progress_bar() as on_progress:
        document = bench_credit(Sizes(**sizes), seed=seed, on_progress=on_progress)
    if as_json:
        print_json(document)
    else:
        print_bench(document)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as bar:
        line = bar.add_task("making forests")
        yield lambda what, done, total: bar.update(line, description=what, completed=done, total=total)


def print_bench(document: dict[str, Any]) -> None:
    """The figures as Markdown tables, which also read well in a terminal."""
    host, reading = document["machine"], document["reading"]
    click.echo(f"{host['cpu_count']} CPU cores ({host['processor']}), Python {host['python']}, numpy {host['numpy']}, ")
    click.echo(f"orjson {host['orjson']}; load {host['load_before']} before and {host['load_after']} after.\n")
    for case in document["cases"]:
        click.echo(
            f"{case['case']}: {case['n_forests']:,} x {case['n_nodes'] // case['n_forests']:,} nodes, "
            f"{case['n_tokens']:,} tokens. CPU seconds: shape {case['shape_cpu_seconds']:.2f}, numpy pass "
            f"{case['numpy_pass_cpu_seconds']:.4f}.\n"
        )
        click.echo("| method | seconds | CPU seconds | with shape | oracle, µs a node | times oracle | numpy passes |")
        click.echo("|---|---:|---:|---:|---:|---:|---:|")
        for row in case["methods"]:
            click.echo(
                f"| {row['method']} | {row['seconds']:.3f} | {row['cpu_seconds']:.3f} | "
                f"{row['cpu_seconds_with_shape']:.3f} | {row['oracle_cpu_seconds_per_node'] * 1e6:.1f} | "
                f"{row['times_oracle']:.0f} | {row['numpy_passes']:.1f} |"
            )
        click.echo()
    click.echo(
        f"Reading {reading['n_nodes']:,} nodes ({reading['megabytes']:.0f} MB): {reading['parse_seconds']:.2f} s, "
        f"{reading['times_orjson']:.2f} times orjson alone ({reading['orjson_seconds']:.2f} s; by CPU seconds "
        f"{reading['times_orjson_cpu']:.2f}). Of reading the file and computing {reading['credit_method']} "
        f"({reading['credit_seconds']:.2f} s, shape included), reading is {reading['share_of_reading']:.0%}."
    )
