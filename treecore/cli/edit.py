"""`treecore edit`: what if an outcome or a branch were another? Credit before and after, and the changed forest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from treecore.cli.output import busy, console, json_option, parse_settings, print_json, set_option
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted

if TYPE_CHECKING:
    from rich.table import Table

    from treecore.analysis.what_if import Shift, WhatIf
    from treecore.core.changes import Change
    from treecore.core.forest import Forest
    from treecore.methods import Credit

LABEL_WIDTH = 48


@click.command()
@click.argument("file")
@reading_options
@click.option("--changes", default="", metavar="LIST", help="As in addresses: flip:ID,reward:ID=R,prune:ID,copy:ID.")
@click.option("--set-reward", multiple=True, metavar="ID=R", help="Another reward of a leaf; R may be none.")
@click.option("--flip", multiple=True, metavar="ID", help="The outcome of a leaf becomes the opposite one.")
@click.option("--copy", multiple=True, metavar="ID", help="A step and what comes after it is there once more, as ID~2.")
@click.option("--prune", multiple=True, metavar="ID", help="A step and what comes after it is taken away.")
@click.option("--forest", "wanted", default="", help="The forest with this id, or this number from 0; the only one.")
@click.option("--method", help="Whose credit to compare; Tree-GRPO by default.")
@set_option
@click.option("-o", "--output", metavar="OUT", help="Write all forests of FILE with the changed one among them.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@json_option
def edit(file: str, settings: tuple[str, ...], output: str | None, as_json: bool, **options: Any) -> None:
    """Change outcomes and branches of a forest of FILE, and print the credit of its steps before and after.

    Changes are made in the order of the options above. The changed forest says in its provenance that it is changed,
    how, and of which forest.

    \b
    Example:
      treecore edit by_hand --flip f3 --prune c1 -o changed.forest.jsonl
    """
    from treecore.analysis.what_if import shift, what_if
    from treecore.core.batch import Forests
    from treecore.errors import ForestError
    from treecore.formats import check_output, write
    from treecore.methods import DEFAULT_METHOD, compute

    if output is not None:
        check_output(output, overwrite=options["overwrite"])
    changes = changes_asked(options)
    forests = list(read_input(file).forests)
    number = chosen(forests, wanted=options["wanted"], file=file)
    values, method = parse_settings(settings), options["method"] or DEFAULT_METHOD
    try:
        found = what_if(forests[number], changes)
    except ForestError as error:
        raise ForestError(error.found, where=file, todo=error.todo) from None
    with busy(f"Computing {method}"):
        before = compute(Forests(forests), method, **values).of(number)
        forests[number] = found.changed
        after = compute(Forests(forests), method, **values).of(number)
    if output is not None:
        write(forests, output, overwrite=options["overwrite"])
    shifts = shift(found, before, after)
    if as_json:
        print_json(edit_json(found, shifts, before, after) | {"written": output})
    else:
        print_shifts(found, shifts, after)


def changes_asked(options: dict[str, Any]) -> list[Change]:
    """What the options ask for.

    Raises:
        click.UsageError: no change, or a reward without its leaf.
    """
    from treecore.core.changes import Copy, Flip, Prune, SetReward, from_text, reward_of

    changes: list[Change] = list(from_text(options["changes"]))
    for pair in options["set_reward"]:
        node, equals, value = pair.rpartition("=")
        if not equals or not node:
            raise click.BadParameter(f"{pair!r} is not ID=R", param_hint="--set-reward")
        changes.append(SetReward(node, reward_of(value)))
    for kind in (Flip, Copy, Prune):
        changes += [kind(node) for node in options[kind.verb]]
    if not changes:
        raise click.UsageError("nothing to change; give --flip, --set-reward, --copy, --prune or --changes")
    return changes


def chosen(forests: list[Forest], *, wanted: str, file: str) -> int:
    """Number of the forest that is meant.

    Raises:
        ForestError: there is no such forest, or several and none is named.
    """
    from treecore.cli.credit_json import forest_name
    from treecore.errors import ForestError

    found = [n for n, forest in enumerate(forests) if wanted in ("", forest_name(forest, n), str(n))]
    if len(found) == 1 or (found and wanted):
        return found[0]
    what = f"no forest {wanted!r}" if wanted else counted(len(forests), "forest")
    raise ForestError(what, where=file, todo=f"name one with --forest, by id or by a number below {len(forests)}")


def edit_json(found: WhatIf, shifts: Shift, before: Credit, after: Credit) -> dict[str, Any]:
    """The changes, every step before and after, and the means and deviations that changed."""
    from treecore.analysis.baselines import statistics
    from treecore.core.edit import NOTE

    names = [str(name) for name in found.drawn.node_id]
    return {
        "forest": found.recorded.id,
        NOTE: found.changed.provenance.get(NOTE),
        "method": after.method,
        "params": dict(after.params),
        "nodes": {
            names[row]: {"was": float(was), "is": float(now), "pruned": bool(pruned)}
            for row, (was, now, pruned) in enumerate(zip(*shifts, found.pruned, strict=True))
        },
        "statistics": [one.as_json(names) for one in statistics(found, before, after)],
    }


def print_shifts(found: WhatIf, shifts: Shift, after: Credit) -> None:
    """A table of the steps, in preorder; the changes above it."""
    from rich.text import Text

    from treecore.cli.credit import number_text
    from treecore.cli.table import print_table
    from treecore.core.edit import changes_of
    from treecore.core.step_text import split_step

    out = console()
    settings = ", ".join(f"{name}={value}" for name, value in after.params.items())
    out.print(Text(f"{after.method}({settings})", style="bold"))
    out.print(Text(clean(f"changed: {changes_of(found.changed) or 'nothing'}", 2000)))
    forest, rows = found.drawn, []
    for row in forest.topology.order.tolist():
        label = split_step(forest.text[row][:2000], forest.node_extra.get(row, {})).label
        now = "pruned" if found.pruned[row] else number_text(float(shifts.now[row]))
        mark = "*" if shifts.moved[row] else ""
        name = clean(str(forest.node_id[row]), 24)
        rows.append([name, clean(label, LABEL_WIDTH), number_text(float(shifts.was[row])), now, mark])
    print_table(out, partial(empty_table, clean(forest.prompt, 100)), rows)


def empty_table(title: str) -> Table:
    """The frame of the table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left")
    table.add_column("node", no_wrap=True)
    table.add_column("step", no_wrap=True, max_width=LABEL_WIDTH)
    for name in ("was", "is"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("moved", no_wrap=True)
    return table
