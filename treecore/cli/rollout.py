"""`treecore rollout`: samples forests into a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from treecore.cli.interrupt import resumable
from treecore.cli.output import console, json_option, parse_settings, print_run, set_option
from treecore.cli.task_options import take_task, task_options
from treecore.core.numerals import counted, counted_of
from treecore.policies.load_options import LOAD_OPTIONS
from treecore.protocols import MAX_SEED

if TYPE_CHECKING:
    from treecore.rollouts import Progress, Summary

SERVED = ("server", "concurrency", "timeout")
WHERE = ("engine", "workers", "ray_address")
WRITING = ("resume", "overwrite")


@click.command()
@click.option(
    "--task",
    default="multihop",
    show_default=True,
    help='A bundled task, a .jsonl file of {"prompt", "answer"} rows, or module:factory (code of your own).',
)
@task_options
@click.option("--model", default="tiny", show_default=True, help="`tiny` (bundled), a local folder or a hub name.")
@click.option("--server", metavar="URL", default=None, help="An OpenAI-compatible server that runs --model.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=16, show_default=True, help="Requests under way at a time."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    help="Longest wait for one answer of the server, in seconds.",
)
@click.option("--device", default=None, help="cpu, cuda, cuda:1 or mps; the best one present if left out.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default=None,
    help="Numbers of the model, however it was saved; if left out float32 on a CPU, and elsewhere bfloat16, or float16 "
    "where the device does not compute in that.",
)
@click.option(
    "--batch-tokens",
    type=click.IntRange(min=1),
    default=None,
    help="Most tokens, of all live branches, whose keys and values are held at once; what fits if left out.",
)
@click.option(
    "--static", is_flag=True, help="Run steps in few fixed shapes over a store that stays in place; graphs on CUDA."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This computer, or the workers of a Ray cluster.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="Processes that sample side by side, for small models on a CPU; if left out one a core for long jobs, else 1. "
    "With --engine ray: models, one a GPU, or one a computer without any.",
)
@click.option("--ray-address", metavar="ADDRESS", default=None, help="With --engine ray: a cluster that runs already.")
@click.option("--sampler", required=True, help="Where branches grow; see `treecore samplers`.")
@set_option
@click.option(
    "--prompts", type=click.IntRange(min=1), default=1, show_default=True, help="How many of the task's prompts."
)
@click.option("--question", default=None, help="One question of your own, in place of the task's prompts.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=MAX_SEED),
    default=0,
    show_default=True,
    help="Of prompts and sampling; below 2^63.",
)
@click.option("--temperature", type=float, default=1.0, show_default=True, help="0 takes the likeliest token.")
@click.option("--top-p", type=float, default=1.0, show_default=True, help="Mass of the likeliest tokens to draw from.")
@click.option(
    "--record",
    multiple=True,
    metavar="K=V",
    help="More to record: top_tokens=5, the likeliest tokens at each with their log probabilities, 20 at most.",
)
@click.option("--reward-scheme", default=None, help="One of the task's reward schemes.")
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="A .forest.jsonl file; each forest is a line at once."
)
@click.option(
    "--resume",
    is_flag=True,
    help="Keep the forests that OUT holds of this run; sample what is missing, and again where the model failed.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace the forests that OUT holds once a new one is there; with --resume only those of another run.",
)
@json_option
def rollout(output: str, settings: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Sample forests: a model answers the prompts of a task, a sampler decides where branches grow.

    \b
    Example:
      treecore rollout --sampler random_expansion --set m=2 --set n=2 --set l=1 --prompts 4 --seed 0 -o run.forest.jsonl

    In the numbers at the end, the computed ratio is tokens that went through the model per token that had to: 1.0 when
    nothing was computed twice. The exit code is 1 if every trajectory failed.

    A server's key is read from the environment variable OPENAI_API_KEY.
    """
    with resumable(output), redirect_stdout(sys.stderr):
        summary = sampled(output, settings, options)
    print_run(summary, "trajectories", as_json=as_json)


def sampled(output: str, settings: tuple[str, ...], options: dict[str, Any]) -> Summary:
    """Take the options apart and sample.

    Raises:
        click.UsageError: options that exclude each other.
        TreecoreError: see `treecore.rollouts.rollout_to_file`.
    """
    from treecore.rollouts import RolloutConfig, rollout_to_file
    from treecore.rollouts.output.existing_file import check_name
    from treecore.samplers import get_sampler

    values = get_sampler(options["sampler"]).parse(parse_settings(settings))
    check_name(Path(output))
    if options["question"] is not None and given("prompts"):
        raise click.UsageError("--question and --prompts exclude each other")
    if options["engine"] == "local":
        refuse(("ray_address",), "needs --engine ray")
    server = {name: options.pop(name) for name in SERVED}
    if server["server"] is None:
        refuse(SERVED[1:], "needs --server")
    else:
        refuse((*LOAD_OPTIONS, *WHERE), "with --server: leave it to the server")
        if not given("model"):
            raise click.UsageError("--server needs --model, the name that the server gives it")
    take_task(options)
    options["record"] = parse_settings(options["record"], option="--record")
    with progress_bar() as on_progress:
        if server["server"] is not None:
            from treecore.policies import load_policy

            options["model"] = load_policy(options["model"], **server)
        writing = {name: options.pop(name) for name in WRITING}
        config = RolloutConfig(sampler_settings=values).with_options(**options)
        return rollout_to_file(output, config, on_progress=on_progress, **writing)


def refuse(names: Sequence[str], why: str) -> None:
    """None of these options was written by the user.

    Raises:
        click.UsageError: one was.
    """
    if unused := [name for name in names if given(name)]:
        raise click.UsageError(f"--{unused[0].replace('_', '-')} {why}")


def given(option: str) -> bool:
    """Whether the user wrote this option."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar of trajectories on standard error; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console(stderr=True), transient=True) as bar:
        line = bar.add_task("loading the model", total=None)

        def report(progress: Progress) -> None:
            forests = counted_of(progress.forests, "forest", total=progress.prompts)
            text = f"{forests}, {counted(progress.tokens, 'token')}, trajectories"
            text = f"{progress.waiting}; {text}" if progress.waiting else text
            bar.update(line, completed=progress.done, total=progress.total, description=text)

        yield report
