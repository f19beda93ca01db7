"""`treecore show`: forests as coloured text trees in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from treecore.cli.output import console, json_option, parse_settings, print_json, set_option
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from treecore.core.forest import Forest
    from treecore.methods import Credit

BLOCK = 500
"""Lines that are printed at a time."""


@click.command()
@click.argument("file")
@reading_options
@click.option("--method", default="", help="A credit method whose signal is shown; see `treecore methods`.")
@set_option
@click.option("--forest", "wanted", default="", help="Only the forest with this id, or this number from 0.")
@click.option("--full", is_flag=True, help="All lines of steps that have many.")
@json_option
def show(file: str, method: str, settings: tuple[str, ...], wanted: str, full: bool, as_json: bool) -> None:
    """Draw the forests of FILE, or of the bundled sample with that name, as text trees: value of every step, and its
    credit if a method is given.

    \b
    Example:
      treecore show early_fork --method tree_grpo
    """
    from rich.text import Text

    from treecore.cli.credit_json import forest_name
    from treecore.cli.tree_text import forest_lines
    from treecore.errors import ForestError
    from treecore.methods import compute

    values = parse_settings(settings)
    if values and not method:
        raise click.UsageError("--set needs --method")
    forests = read_input(file).forests
    result = compute(forests, method, **values) if method else None
    chosen = [n for n, forest in enumerate(forests) if wanted in ("", forest_name(forest, n), str(n))]
    if not chosen:
        raise ForestError(f"no forest {wanted!r}", where=file, todo=f"give an id, or a number below {len(forests)}")
    if as_json:
        parts = {} if result is None else {number: result.of(number) for number in chosen}
        print_json(shown_json({number: forests[number] for number in chosen}, parts))
        return
    out = console()
    for number in chosen:
        forest = forests[number]
        sizes = (
            counted(forest.n_trees, "tree"),
            counted(int((~forest.is_prompt).sum()), "step"),
            counted(len(forest.leaves), "leaf", "leaves"),
        )
        heading = f"forest {forest_name(forest, number)}: {', '.join(sizes)}"
        out.print(Text(clean(heading), style="bold underline"))
        if bias := str(forest.sampler.get("bias") or ""):
            out.print(Text(clean(f"Values here are biased: {bias}"), style="italic"))
        credit = result.of(number) if result is not None else None
        print_lines(out, forest_lines(forest, credit, width=out.width, full=full))


def shown_json(forests: Mapping[int, Forest], found: Mapping[int, Credit]) -> dict[str, Any]:
    """Forests as in a file, by place in it, and the numbers of a method as `treecore credit` has them."""
    from treecore.cli.credit_json import forest_json as numbers
    from treecore.formats.native_write import forest_json

    document: dict[str, Any] = {"forests": [forest_json(forest) for forest in forests.values()]}
    if found:
        document["credit"] = [numbers(credit, number, False) for number, credit in found.items()]
    return document


def print_lines(out: Console, lines: Iterable[Text]) -> None:
    """Print lines as they are, each as wide as the terminal at most; many at a time, since rich is slow to begin."""
    from rich.text import Text

    for first in (more := iter(lines)):
        block = [first, *islice(more, BLOCK - 1)]
        if out.color_system is None:
            out.file.write("".join(f"{line.plain}\n" for line in block))
        else:
            out.print(Text("\n").join(block), no_wrap=True, crop=True)
