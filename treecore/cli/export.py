"""`treecore export`: forests for trainers, papers and tables."""

from __future__ import annotations

import click

from treecore.cli.output import busy, json_option, parse_settings, print_json
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted


@click.command()
@click.argument("file")
@reading_options
@click.option("--to", "kind", metavar="KIND", required=True, help="training, steps, pairs, stepwise, graphml, csv, ...")
@click.option("-o", "--output", required=True, metavar="OUT", help="Where to write; its ending chooses the format.")
@click.option("--method", default="", help="A credit method; see `treecore methods`.")
@click.option("--set", "settings", metavar="K=V", multiple=True, help="A parameter of the method.")
@click.option("--with", "options", metavar="K=V", multiple=True, help="A parameter of the kind.")
@click.option("--forest", "wanted", default="", help="Only the forest with this id, or this number from 0.")
@click.option("--node", help="Only rows from this step on, of one forest; credit is still that of all.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@json_option
def export(
    *,
    file: str,
    kind: str,
    output: str,
    method: str,
    settings: tuple[str, ...],
    options: tuple[str, ...],
    wanted: str,
    node: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write FILE for another program; all its forests are the batch of the method.

    \b
    Kinds:
      training  a row a trajectory: tokens, mask, log probabilities, advantages (TRL, verl)
      steps     a row a step
      pairs     sibling pairs to prefer (TRL's DPO)
      stepwise  labelled steps (TRL's stepwise supervision)
      csv       steps for a spreadsheet
      graphml   one tree for Gephi, yEd, networkx
      svg, png  a figure of one tree for papers and slides (--with width=85)
      html      a page of its own: trees, numbers behind each step, film; needs no network

    \b
    Example:
      treecore export run.forest.jsonl --to training --method tree_grpo -o rows.parquet
    """
    from treecore.cli.credit_json import forest_name
    from treecore.errors import ForestError
    from treecore.exports import EXPORTS
    from treecore.exports import export as write
    from treecore.methods import compute

    EXPORTS.find(kind).ending_of(output)
    values = parse_settings(settings)
    if values and not method:
        raise click.UsageError("--set needs --method")
    forests = read_input(file).forests
    chosen = [n for n, forest in enumerate(forests) if wanted in ("", forest_name(forest, n), str(n))]
    if not chosen:
        raise ForestError(f"no forest {wanted!r}", where=file, todo=f"give an id, or a number below {len(forests)}")
    with busy(f"Writing {output}"):
        credit = compute(forests, method, **values) if method else None
        if wanted:
            forests, credit = [forests[chosen[0]]], None if credit is None else credit.of(chosen[0])
        parameters = parse_settings(options, option="--with")
        made = write(forests, kind, output, credit=credit, node=node, overwrite=overwrite, **parameters)
    if as_json:
        print_json({"file": output, "kind": kind, made.unit: made.size, "notes": list(made.notes)})
        return
    one = "trajectory" if made.unit == "trajectories" else made.unit.removesuffix("s")
    click.echo(clean(f"{output}: {counted(made.size, one, made.unit)}"))
    for note in made.notes:
        click.echo(clean(note))
