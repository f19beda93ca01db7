"""`treecore bench`: measurements, each as a ratio against a peer in the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from treecore.cli.bench_app import print_app, print_class
from treecore.cli.output import console, json_option, parse_settings, print_json, set_option

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
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the made-up forests.")
@click.option("--method", "methods", multiple=True, help="Time this method only; may be repeated.  [default: all]")
@json_option
def credit(seed: int, methods: tuple[str, ...], as_json: bool, **sizes: int) -> None:
    """Time every credit method on made-up forests, and the reading of a large file.

    \b
    Example:
      treecore bench credit --json
    """
    from treecore.bench import Sizes, bench_credit

    with progress_bar() as on_progress:
        document = bench_credit(Sizes(**sizes), seed=seed, methods=methods, on_progress=on_progress)
    if as_json:
        print_json(document)
    else:
        print_bench(document)


COUNT = click.IntRange(min=1)
POSITIVE = click.FloatRange(min=0, min_open=True)


@bench.command()
@click.option("--model", default="tiny", show_default=True, help="`tiny` (bundled), a local folder or a hub name.")
@click.option("--random-config", is_flag=True, help="Random weights in place of --model: 0.5 billion, as of Qwen2.")
@click.option("--config", "fields", multiple=True, metavar="K=V", help="A field of the random configuration.")
@click.option("--device", default=None, help="cpu, cuda, cuda:1, mps; the best one present by default.")
@click.option("--dtype", default=None, help="float32, bfloat16 or float16.")
@click.option("--batch-tokens", type=COUNT, default=None, help="Most tokens that the engine holds for live branches.")
@click.option("--static", is_flag=True, help="Static cache in the engine; it is tried in generate too. CUDA only.")
@click.option("--task", default="countdown", show_default=True, help="Whose prompts to ask, without its environment.")
@click.option("--prompts", type=COUNT, default=64, show_default=True, help="How many of the task's prompts.")
@click.option("--sampler", default="random_expansion", show_default=True, help="Of the trees.")
@set_option
@click.option("--steps", default=None, help="How a step ends: line (tokens:16 with random weights), tokens:K, whole, …")
@click.option("--stop", multiple=True, metavar="TEXT", help="A string that ends a trajectory; </answer> by default.")
@click.option("--max-new", type=SIZE, default=128, show_default=True, help="Most tokens of a trajectory.")
@click.option("--temperature", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@click.option("--top-p", type=click.FloatRange(min=0, max=1, min_open=True), default=1.0, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of prompts and sampling.")
@click.option(
    "--repeats", type=COUNT, default=3, show_default=True, help="Timed runs of each side; the fastest counts."
)
@click.option(
    "--rows", type=COUNT, default=None, help="Rows of a batch of generate; several sizes are tried by default."
)
@json_option
def rollout(
    model: str,
    random_config: bool,
    fields: tuple[str, ...],
    device: str | None,
    dtype: str | None,
    batch_tokens: int | None,
    static: bool,
    settings: tuple[str, ...],
    steps: str | None,
    stop: tuple[str, ...],
    rows: int | None,
    as_json: bool,
    **work: Any,
) -> None:
    """Trajectories a second of trees, of separate answers, and of `model.generate`, on one model.

    Random weights never answer: their trajectories all have --max-new tokens, unless --stop is given.

    \b
    Example:
      treecore bench rollout --json
      treecore bench rollout --random-config --device cuda --prompts 256 --json
    """
    from treecore.bench.rollout import bench_rollout
    from treecore.bench.rollout_sides import Work

    if fields and not random_config:
        raise click.UsageError("--config needs --random-config")
    ends = stop or (() if random_config else Work.stop)
    way = steps or ("tokens:16" if random_config else Work.steps)
    options = {"batch_tokens": batch_tokens, "static": static or None}
    with progress_bar() as on_progress:
        document = bench_rollout(
            Work(settings=parse_settings(settings), steps=way, stop=ends, rows=rows or 0, **work),
            model=model,
            config=parse_settings(fields) if random_config else None,
            device=device,
            dtype=dtype,
            options={name: value for name, value in options.items() if value is not None},
            on_progress=on_progress,
        )
    if as_json:
        print_json(document)
    else:
        print_rollout(document)


@bench.command()
@click.option(
    "--nodes", type=SIZE, multiple=True, help="Nodes of a forest; may be repeated.  [default: 100, 10k, 100k]"
)
@click.option("--clicks", type=COUNT, default=15, show_default=True, help="Clicks on each forest.")
@click.option(
    "--class",
    "sessions",
    type=SIZE,
    default=None,
    help="Measure a class of so many sessions, without browsers.",
)
@click.option("--seconds", type=COUNT, default=120, show_default=True, help="For which a class works.")
@click.option(
    "--pause", type=POSITIVE, default=4.0, show_default=True, help="Seconds between two actions of a session."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the made-up forests and of what is done.")
@json_option
def app(nodes: tuple[int, ...], clicks: int, seed: int, as_json: bool, **room: Any) -> None:
    """Time clicks in the explorer in a real browser, and count what they send; or how it fares with a class in it.

    \b
    Example:
      treecore bench app --json
      treecore bench app --class 30
    """
    from treecore.bench.app import NODES, bench_app
    from treecore.bench.app_class import Asked, bench_class
    from treecore.cli.app import LOOPBACK, app_command, app_environment

    public = room["sessions"] is not None
    command = app_command(port=None, browser=False, address=LOOPBACK[1], hosts=(), public=public)
    environment = app_environment(None, public=public)
    with progress_bar() as on_progress:
        if public:
            document = bench_class(command, environment, Asked(**room, seed=seed), on_progress=on_progress)
        else:
            sizes = nodes or NODES
            document = bench_app(command, environment, nodes=sizes, clicks=clicks, seed=seed, on_progress=on_progress)
    if as_json:
        print_json(document)
    else:
        (print_class if public else print_app)(document)


@bench.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False))
@click.option("--rows", type=COUNT, default=3_000, show_default=True, help="Answers in each made-up file.")
@click.option("--repeats", type=COUNT, default=10, show_default=True, help="Runs of each side; the least counts.")
@json_option
def read(files: tuple[str, ...], rows: int, repeats: int, as_json: bool) -> None:
    """Time the readers of other tools' files against their containers' own parsers; of FILES, or of made-up ones.

    \b
    Example:
      treecore bench read --json
    """
    from pathlib import Path

    from treecore.bench.reading import bench_read

    with progress_bar() as on_progress:
        made = {Path(path).name: Path(path).read_bytes() for path in files} or None
        document = bench_read(made, rows=rows, repeats=repeats, on_progress=on_progress)
    if as_json:
        print_json(document)
        return
    click.echo(f"{host_line(document)}\n")
    click.echo("| file | format | MB | steps | seconds | MB/s | times parser (CPU) | times size in memory |")
    click.echo("|---|---|" + "---:|" * 6)
    for row in document["cases"]:
        click.echo(
            f"| {row['file']} | {row['format']} | {row['megabytes']:.1f} | {row['steps']:,} | {row['seconds']:.2f} | "
            f"{row['bytes_per_second'] / 1e6:.0f} | {row['times_parser']:.2f} ({row['parser']}) | "
            f"{row['times_memory']:.1f} |"
        )


@bench.command()
@click.option("--forests", "n_forests", type=SIZE, default=100_000, show_default=True, help="Forests in all files.")
@click.option("--nodes", "n_nodes", type=SIZE, default=20, show_default=True, help="Nodes of each.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the made-up forests.")
@json_option
def library(n_forests: int, n_nodes: int, seed: int, as_json: bool) -> None:
    """Time the index of a whole run: making it, making it again, questions, and opening a forest.

    \b
    Example:
      treecore bench library --json
    """
    from treecore.bench.library import bench_library

    with progress_bar() as on_progress:
        document = bench_library(n_forests=n_forests, n_nodes=n_nodes, seed=seed, on_progress=on_progress)
    if as_json:
        print_json(document)
        return
    click.echo(f"{host_line(document)}\n")
    click.echo(f"{document['n_forests']:,} forests of {n_nodes} nodes, {document['megabytes']:.0f} MB in 10 files.\n")
    click.echo("| what | seconds | goal |\n|---|---:|---:|")
    for name, goal in document["goals"].items():
        click.echo(f"| {name.removesuffix('_seconds')} | {document[name]:.3f} | {goal:g} |")
    for name, seconds in document["questions"].items():
        click.echo(f"| {name} | {seconds:.3f} | {document['goals']['question_seconds']:g} |")
    click.echo(f"\nIndexing takes {document['index_over_reading']:.2f} times what reading alone does on one core.")


def host_line(document: dict[str, Any]) -> str:
    """The machine that figures were taken on."""
    host = document["machine"]
    load = f"load {host['load_before']} before and {host['load_after']} after"
    return f"{host['cpu_count']} CPU cores ({host['processor']}), Python {host['python']}; {load}."


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
    if not document["oracles"]:
        click.echo("No oracles here: they are part of the tests, so run this in a checkout to compare with them.\n")
    for case in document["cases"]:
        click.echo(
            f"{case['case']}: {case['n_forests']:,} x {case['n_nodes'] // case['n_forests']:,} nodes, "
            f"{case['n_tokens']:,} tokens. CPU seconds: shape {case['shape_cpu_seconds']:.2f}, numpy pass "
            f"{case['numpy_pass_cpu_seconds']:.4f}, text pass {case['text_pass_cpu_seconds']:.4f}.\n"
        )
        click.echo(
            "| method | seconds | CPU seconds | first call | oracle, µs a node | times oracle | "
            "times oracle of one forest | numpy passes |"
        )
        click.echo("|---|" + "---:|" * 7)
        for row in case["methods"]:
            click.echo(
                f"| {row['method']} | {row['seconds']:.3f} | {row['cpu_seconds']:.3f} | "
                f"{row['first_cpu_seconds']:.3f} | {oracle_cells(row)} | {row['numpy_passes']:.1f} |"
            )
        click.echo()
    click.echo(
        f"Reading {reading['n_nodes']:,} nodes ({reading['megabytes']:.0f} MB): {reading['parse_seconds']:.2f} s, "
        f"{reading['times_orjson']:.2f} times orjson alone ({reading['orjson_seconds']:.2f} s; by CPU seconds "
        f"{reading['times_orjson_cpu']:.2f}). Of reading the file and computing {reading['credit_method']} "
        f"({reading['credit_seconds']:.2f} s, shape included), reading is {reading['share_of_reading']:.0%}."
    )


def print_rollout(document: dict[str, Any]) -> None:
    """The figures as a Markdown table, which also reads well in a terminal."""
    host, model, work, memory = (document[name] for name in ("machine", "model", "settings", "memory"))
    click.echo(
        f"{host['device_name'] or host['device']}; {host['cpu_count']} CPU cores ({host['processor']}), Python "
        f"{host['python']}, torch {host['torch']}, transformers {host['transformers']}; load {host['load_before']} "
        f"before and {host['load_after']} after.\n"
    )
    given = " ".join(f"{name}={value}" for name, value in work["settings"].items())
    click.echo(
        f"Model {model['name']} ({model['parameters']:,} parameters, {model['dtype']}); {work['prompts']} prompts of "
        f"{work['task']}, {work['trajectories_per_prompt']} trajectories each, at most {work['max_new']} tokens; steps "
        f"{work['steps']}, temperature {work['temperature']:g}, top-p {work['top_p']:g}, seed {work['seed']}; trees "
        f"by {work['sampler']} {given}.\n"
    )
    print_sides(f"On {document['share']}", sides=document["sides"], ratio=document["ratio"])
    if (wide := document["all_cores"]) is not None:
        rows, threads = wide["generate"]["rows"], wide["generate"]["threads"]
        what = f"On all cores: {wide['processes']} processes; generate with {threads} threads and {rows} rows"
        print_sides(what, sides=wide["sides"], ratio=wide["ratio"])
    click.echo(f"Memory: copies move {memory['bytes_per_second'] / 1e9:.0f} GB/s.\n")
    for row in document["sides"].values():
        click.echo(f"- {row['side']}: {row['what']}.")
    for condition in document["conditions"]:
        click.echo(f"- {condition[0].upper()}{condition[1:]}.")


def print_sides(what: str, *, sides: dict[str, Any], ratio: dict[str, Any]) -> None:
    """A table of all sides on one share of the machine, and their ratios."""
    click.echo(f"{what}:\n")
    click.echo(
        "| side | trajectories/s | per CPU s | seconds | CPU seconds | tokens computed | computed/s | sampled | "
        "sampled/s | of trajectories | positions | passes | of bandwidth |"
    )
    click.echo("|---|" + "---:|" * 12)
    for row in sides.values():
        share = "-" if row["share_of_bandwidth"] is None else f"{row['share_of_bandwidth']:.1%}"
        click.echo(
            f"| {row['side']} | {row['trajectories_per_second']:.1f} | {row['trajectories_per_cpu_second']:.1f} | "
            f"{row['seconds']:.2f} | {row['cpu_seconds']:.2f} | {row['tokens_computed']:,} | "
            f"{row['tokens_computed_per_second']:,.0f} | {row['tokens_sampled']:,} | "
            f"{row['tokens_sampled_per_second']:,.0f} | {row['tokens_in_trajectories']:,} | {row['positions']:,} | "
            f"{row['passes']:,} | {share} |"
        )
    click.echo()
    for name, found in ratio.items():
        one, _, other = name.partition("_to_")
        click.echo(f"{one} / {other}: {found['wall']:.2f} by wall time, {found['cpu']:.2f} by CPU time")
    click.echo()


def oracle_cells(row: dict[str, Any]) -> str:
    """Microseconds a node, and how many times as fast the method is; dashes where it has no oracle."""
    if row["oracle_cpu_seconds_per_node"] is None:
        return "– | – | –"
    per_node = row["oracle_cpu_seconds_per_node"] * 1e6
    return f"{per_node:.1f} | {row['times_oracle']:.0f} | {row['times_oracle_one_forest']:.0f}"
