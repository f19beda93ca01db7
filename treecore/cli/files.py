"""`treecore validate` and `treecore convert`: what is in a file, and the same in another format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from treecore.cli.output import busy, json_option, print_json
from treecore.cli.reading import read_input, reading_options
from treecore.cli.text import clean
from treecore.core.numerals import counted
from treecore.core.prefixes import NOTE

if TYPE_CHECKING:
    from treecore.formats import ReadReport


def summary_lines(report: ReadReport) -> list[str]:
    """What was read, in words."""
    counts = ", ".join(
        (
            counted(len(report.forests), "forest"),
            counted(report.n_trees, "tree"),
            counted(report.n_steps, "step"),
            counted(report.n_leaves, "leaf", "leaves") + f" ({report.n_scored:,} scored)",
            counted(report.n_tokens, "token"),
        )
    )
    lines = [f"{report.name}: {report.title}, {counts}"]
    if report.extra:
        lines.append(f"fields beyond the format, kept as they are: {report.kept}")
    for said, clauses in report.notes.as_json().items():
        lines += [f"{said}: {clause}{f' ({times:,} times)' if times > 1 else ''}" for clause, times in clauses.items()]
    if merged := [forest.provenance[NOTE] for forest in report.forests if NOTE in forest.provenance]:
        steps, saved = (sum(int(one[name]) for one in merged) for name in ("steps", "shared_steps"))
        lines.append(f"merged: {saved:,} of {counted(steps, 'step is', 'steps are')} shared with another answer")
    return [clean(line) for line in lines]


@click.command()
@click.argument("file")
@reading_options
@json_option
def validate(file: str, as_json: bool) -> None:
    """Check FILE: structure errors end with exit code 1; what is valid but teaches nothing is reported.

    \b
    Example:
      treecore validate run.forest.jsonl
    """
    from treecore.analysis.lint import lint
    from treecore.core.batch import Forests

    report = read_input(file)
    with busy("Checking"):
        findings = lint(Forests(report.forests))
    if as_json:
        print_json({**report.as_json(), "findings": [finding.as_json() for finding in findings]})
        return
    for line in summary_lines(report):
        click.echo(line)
    for finding in findings:
        click.echo(clean(str(finding)))
    click.echo(f"structure is valid; {counted(len(findings), 'finding') if findings else 'nothing to report'}")


@click.command()
@click.argument("source", metavar="IN")
@reading_options
@click.option("-o", "--output", required=True, metavar="OUT", help="Where to write; its ending chooses the format.")
@click.option("--overwrite", is_flag=True, help="Replace what OUT holds.")
@json_option
def convert(source: str, output: str, overwrite: bool, as_json: bool) -> None:
    """Read IN in any readable format, write OUT in the format its name ends in, and report what was lost.

    \b
    Example:
      treecore convert run.forest.jsonl -o run.forest.json.gz
    """
    from treecore.formats import check_output, read_with_report, write
    from treecore.formats.compare import losses

    check_output(output, overwrite=overwrite)
    report = read_input(source)
    with busy(f"Writing {output}"):
        write(report.forests, output, overwrite=overwrite)
        written = read_with_report(output)
    lost = [*report.warnings, *losses(report.forests, written.forests)]
    if as_json:
        print_json({"read": report.as_json(), "written": written.as_json(), "lost": lost})
        return
    for line in [*summary_lines(report), *summary_lines(written)]:
        click.echo(line)
    for clause in lost or ["nothing lost"]:
        click.echo(clean(clause))
