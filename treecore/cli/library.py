"""`treecore library` and `treecore query`: an index of a whole run, and questions to it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from treecore.cli.output import console, json_option, print_json
from treecore.cli.text import clean
from treecore.core.numerals import counted

if TYPE_CHECKING:
    from treecore.library import Progress

PAUSE = 1.0
"""Seconds between two looks at a folder that is followed."""
NAMED = 3
"""Files that hold no rollouts that are named."""


@click.command()
@click.argument("folder")
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C: take over what a run writes meanwhile.")
@click.option("--methods", "pair", default="", metavar="A,B", help="The two methods that are compared.  [grpo,sibling]")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one a core by default.")
@json_option
def library(folder: str, follow: bool, pair: str, workers: int | None, as_json: bool) -> None:
    """Index all rollouts below FOLDER: a row for each prompt and training step. Unchanged files are not read again.

    \b
    Example:
      treecore library runs/ --follow
    """
    from treecore.library import Index, index_path, refresh
    from treecore.methods import COMPARED, get_method

    names = [name.strip() for name in pair.split(",")] if pair else list(COMPARED)
    if len(names) != 2:
        raise click.BadParameter(f"{pair!r} are not two methods", param_hint="--methods")
    methods = (get_method(names[0]).name, get_method(names[1]).name)
    index = Index(index_path(folder))
    try:
        while True:
            done = watched(lambda tell: refresh(folder, index, methods=methods, workers=workers or 0, on_progress=tell))
            if not follow:
                break
            if done.files or done.gone:
                click.echo(sentence(folder, done), err=True)
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        if not follow:
            raise
    forests, prompts, steps, leaves = index.query(
        "SELECT count(*), count(DISTINCT prompt), count(DISTINCT training_step), coalesce(sum(leaves), 0)::BIGINT "
        "FROM forests"
    ).rows[0]
    failed = index.query("SELECT file, error FROM files WHERE error <> '' ORDER BY file", most=20).rows
    others = index.query("SELECT file FROM files WHERE error = '' AND format = '' ORDER BY file", most=10**6).rows
    if as_json:
        held = {"prompts": prompts, "training_steps": steps, "forests_held": forests, "trajectories": leaves}
        known = {**asdict(done), "in_no_format": len(others), "errors": dict(failed)}
        print_json({"folder": folder, "index": str(index.path), **held, **known})
        return
    click.echo(clean(sentence(folder, done)))
    for file, error in failed:
        click.echo(clean(f"treecore: warning: {error if error.startswith(file) else f'{file}: {error}'}"), err=True)
    if others:
        first = ", ".join(file for (file,) in others[:NAMED]) + (" and others" if len(others) > NAMED else "")
        click.echo(clean(f"{counted(len(others), 'file')} in no known format: {first}"))
    at = f" at {counted(steps, 'training step')}" if steps else ""
    trajectories = counted(leaves, "trajectory", "trajectories")
    click.echo(clean(f"{counted(prompts, 'prompt')}{at}: {counted(forests, 'forest')}, {trajectories}"))


def watched(work: Any) -> Progress:
    """Do it behind a progress bar, where standard error is a terminal."""
    from rich.progress import Progress as Bar

    out = console(stderr=True)
    with Bar(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("Indexing", total=None)
        done: Progress = work(lambda now: bar.update(task, completed=now.files, total=now.of))
    return done


def sentence(folder: str, done: Progress) -> str:
    """What a scan did."""
    parts = [f"{counted(done.files, 'file')} read", f"{done.kept:,} unchanged"]
    parts += [f"{done.gone:,} gone"] if done.gone else []
    parts += [f"{done.failed:,} not readable"] if done.failed else []
    return f"{folder}: {', '.join(parts)}"


@click.command()
@click.argument("folder")
@click.argument("sql")
@click.option("--most", type=click.IntRange(min=1), default=1000, show_default=True, help="Rows that are printed.")
@json_option
def query(folder: str, sql: str, most: int, as_json: bool) -> None:
    """Ask the index of FOLDER in SQL (DuckDB); the connection is read-only and sees no other file. A folder that has no
    index yet is indexed first.

    \b
    Example:
      treecore query runs/ "select id, pass_rate from forests order by outcome_entropy desc limit 5"
    """
    from treecore.cli.answer import print_answer
    from treecore.library import Index, index_path, refresh

    index = Index(index_path(folder))
    if not index.path.exists():
        watched(lambda tell: refresh(folder, index, on_progress=tell))
    answer = index.query(sql, most=most)
    if as_json:
        print_json([dict(zip(answer.names, row, strict=True)) for row in answer.rows])
        return
    print_answer(console(), answer.names, answer.rows)
