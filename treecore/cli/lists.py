"""The registries as lists, and the schema of native files."""

from __future__ import annotations

from typing import Any

import click

from treecore.cli.output import json_option, print_json, print_registry
from treecore.registry.params import shown


def parameter_line(param: dict[str, Any]) -> str:
    """One parameter: name, default, what is allowed, meaning."""
    allowed = "|".join(param.get("choices", ())) or param["type"]
    bounds = [f"{sign} {param[key]:g}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in param]
    return f"{param['name']}={shown(param['default'])}  ({', '.join([allowed, *bounds])}) {param['meaning']}".rstrip()


def registered(document: dict[str, Any]) -> list[str]:
    """Lines of a method or a sampler."""
    question = document["summary"].split("\n")[0]
    needs = [f"needs: {', '.join(document['needs'])}"] if document["needs"] else []
    biased = [f"biased: {document['bias']}"] if document.get("bias") else []
    heading = f"{document['name']}: {document['title']} ({document['family']})"
    return [heading, question, document["citation"], *needs, *biased, *map(parameter_line, document["parameters"])]


def explained(document: dict[str, Any]) -> list[str]:
    """Lines of a method: all that the reference says of it."""
    from treecore.methods.reference import meaning

    heading, question, citation, *rest = registered(document)
    symbols = "; ".join(f"{symbol} is {meaning(reference)}" for symbol, reference in document["symbols"].items())
    words = " ".join(document["summary"].split("\n\n", 1)[1].split()) if "\n\n" in document["summary"] else ""
    notes = [("with nothing to compare", document["alone"]), ("departs", document["departures"])]
    return [
        heading,
        question,
        *([words] if words else []),
        *document["formula"].splitlines(),
        f"where {symbols}",
        *rest,
        f"source: {citation}",
        *(f"{name}: {text}" for name, text in notes if text),
        "",
    ]


def with_parameters(document: dict[str, Any]) -> list[str]:
    """Lines of a task or a verifier."""
    heading = f"{document['name']}: {document['title']}"
    return [heading, document["summary"].split("\n")[0], *map(parameter_line, document["parameters"])]


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the whole reference as Markdown.")
@click.option("--short", is_flag=True, help="What each asks, its source and its parameters only.")
def methods(names: tuple[str, ...], as_json: bool, as_markdown: bool, short: bool) -> None:
    """Explain the credit methods: formula, symbols, plain words, parameters, source and where it is departed from.

    \b
    Example:
      treecore methods tree_grpo
    """
    from treecore.methods import METHODS, get_method
    from treecore.methods.reference import by_family, markdown

    if as_json and as_markdown:
        raise click.UsageError("give --json or --markdown, not both")
    if as_markdown and (names or short):
        raise click.UsageError("--markdown prints the whole reference: give neither names nor --short")
    if as_markdown and as_json:
        raise click.UsageError("give --markdown or --json, not both")
    if as_markdown:
        click.echo(markdown(), nl=False)
        return
    grouped = list(METHODS.values()) if as_json else [method for group in by_family().values() for method in group]
    chosen = [get_method(name) for name in names] or grouped
    print_registry(chosen, as_json, registered if short else explained)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the whole reference as Markdown.")
def samplers(names: tuple[str, ...], as_json: bool, as_markdown: bool) -> None:
    """List the samplers: where each grows the next branch, its source and its parameters.

    \b
    Example:
      treecore samplers mcts
    """
    from treecore.samplers import SAMPLERS, get_sampler
    from treecore.samplers.document import markdown

    if as_markdown and (names or as_json):
        raise click.UsageError("--markdown prints the whole reference: give neither names nor --json")
    if as_markdown:
        click.echo(markdown(), nl=False)
        return
    print_registry([get_sampler(name) for name in names] or list(SAMPLERS.values()), as_json, registered)


@click.command()
@json_option
def samples(as_json: bool) -> None:
    """List the bundled sample forests and what to look for in each; commands take their names in place of FILE.

    \b
    Example:
      treecore samples
    """
    from treecore.bundled import samples as bundled

    def lines(document: dict[str, Any]) -> list[str]:
        return [f"{document['name']}: {document['title']}", document["look_for"]]

    print_registry(list(bundled().values()), as_json, lines)


@click.command()
@json_option
def tasks(as_json: bool) -> None:
    """List the bundled tasks and what a file of questions can be asked with: their options, for --task-set.

    \b
    Example:
      treecore tasks
    """
    from treecore.tasks import known_tasks

    print_registry(known_tasks(), as_json, with_parameters)


@click.command()
@json_option
def verifiers(as_json: bool) -> None:
    """List the verifiers: what each compares, and its settings.

    \b
    Example:
      treecore verifiers
    """
    from treecore.tasks.verifiers import VERIFIERS

    print_registry(list(VERIFIERS.values()), as_json, with_parameters)


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the whole reference as Markdown.")
@json_option
def formats(as_markdown: bool, as_json: bool) -> None:
    """List the file formats that can be read or written.

    \b
    Example:
      treecore formats --json
    """
    from treecore.formats import FORMATS
    from treecore.formats.document import markdown

    if as_markdown:
        click.echo(markdown(), nl=False)
        return

    def lines(document: dict[str, Any]) -> list[str]:
        ways = "read and written" if document["writes"] else "read"
        names = f"{ways}; names usually end in {', '.join(document['extensions'])}"
        more = [
            f"{what}: {text}"
            for what, text in (("written by", document["written_by"]), ("not kept", document["lost"]))
            if text
        ]
        return [f"{document['name']}: {document['title']}", names, *more]

    print_registry(list(FORMATS.values()), as_json, lines)


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the whole reference as Markdown.")
@json_option
def exports(as_markdown: bool, as_json: bool) -> None:
    """List the kinds of `treecore export`: what each is, how it is written, its parameters (for --with).

    \b
    Example:
      treecore exports
    """
    from treecore.exports import EXPORTS
    from treecore.exports.document import markdown

    if as_markdown:
        click.echo(markdown(), nl=False)
        return

    def lines(document: dict[str, Any]) -> list[str]:
        needs = "; needs a method" if document["needs_credit"] else ""
        names = f"written as {', '.join(document['endings'])}{needs}"
        return [f"{document['name']}: {document['title']}", names, *map(parameter_line, document["params"])]

    print_registry(list(EXPORTS.values()), as_json, lines)


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the data model as a Markdown document instead.")
@json_option
def schema(as_markdown: bool, as_json: bool) -> None:
    """Print the JSON Schema of a native forest.

    \b
    Example:
      treecore schema > treecore.schema.json
    """
    if as_markdown:
        from treecore.formats.data_model import markdown

        click.echo(markdown(), nl=False)
        return
    from treecore.formats.schema import json_schema

    print_json(json_schema())
