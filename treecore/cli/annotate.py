"""`treecore annotate`: adds what costs more rollouts to recorded forests."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from copy import copy
from pathlib import Path
from typing import Any

import click

from treecore.cli.interrupt import resumable
from treecore.cli.output import json_option, parse_settings, print_run, set_option
from treecore.cli.reading import read_input, reading_options
from treecore.cli.rollout import progress_bar, rollout
from treecore.policies.load_options import LOAD_OPTIONS, LoadOptions
from treecore.protocols import MAX_SEED

DTYPE_HELP = "Numbers of the model; those that it computed in when it wrote the forests if left out."


def like_rollout(command: click.Command) -> click.Command:
    """Add the options of `treecore rollout` for how a model is loaded, after `--model`."""
    options = {param.name: copy(param) for param in rollout.params if isinstance(param, click.Option)}
    options["dtype"].help = DTYPE_HELP
    at = [param.name for param in command.params].index("model") + 1
    command.params[at:at] = [options[name] for name in LOAD_OPTIONS]
    return command


@like_rollout
@click.command()
@click.argument("file")
@reading_options
@click.option("--kind", required=True, help="`monte_carlo` (value of every step) or `first_error`.")
@set_option
@click.option("--node", default=None, metavar="ID", help="Only the steps on the way to this node.")
@click.option("--task", default=None, help="The task, in place of the one that the forests name.")
@click.option("--model", default=None, help="Another model than the one that wrote the forests.")
@click.option("--trust", is_flag=True, help="Run code that FILE names (module:name); only if you know who wrote it.")
@click.option("--seed", type=click.IntRange(0, MAX_SEED), default=0, show_default=True, help="Of everything drawn.")
@click.option("--keep", is_flag=True, help="Keep the continuations in the forests.")
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="A .forest.jsonl file; each forest is a line at once."
)
@click.option("--resume", is_flag=True, help="Keep the forests that OUT holds and annotate the missing ones.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds, once the first forest is annotated.")
@json_option
def annotate(
    file: str, output: str, settings: tuple[str, ...], resume: bool, overwrite: bool, as_json: bool, **options: Any
) -> None:
    """Continue the forests of FILE with the model that wrote them, and write what that tells about each step.

    \b
    Example:
      treecore annotate run.forest.jsonl --kind monte_carlo --set k=8 -o values.forest.jsonl
    """
    from treecore.annotate import Annotation, annotate_file

    load = LoadOptions(**{name: options.pop(name) for name in LOAD_OPTIONS})
    annotation = Annotation(settings=parse_settings(settings), load=load, source=file, **options)
    forests = read_input(file).forests
    if Path(file).exists() and Path(output).exists() and Path(file).samefile(output):
        raise click.UsageError("OUT is FILE itself; write to another file")
    with resumable(output), progress_bar() as on_progress, redirect_stdout(sys.stderr):
        summary = annotate_file(
            forests, output, annotation, resume=resume, overwrite=overwrite, on_progress=on_progress
        )
    print_run(summary, "continuations", as_json=as_json, where=f"{file}, ")
