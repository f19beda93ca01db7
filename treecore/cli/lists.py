"""The registries as lists, and the schema of native files."""

from __future__ import annotations

from typing import Any

import click

from treecore.cli.output import json_option, print_json, print_registry


def parameter_line(param: dict[str, Any]) -> str:
    """One parameter: name, default, what is allowed, meaning."""
    allowed = "|".join(param.get("choices", ())) or param["type"]
    bounds = [f"{sign} {param[key]:g}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in param]
    default = str(param["default"]).lower() if param["type"] == "bool" else param["default"]
    return f"{param['name']}={default}  ({', '.join([allowed, *bounds])}) {param['meaning']}".rstrip()


def registered(document: dict[str, Any]) -> list[str]:
    """Lines of a method or a sampler."""
    question = document["summary"].split("\n")[0]
    needs = [f"needs: {', '.join(document['needs'])}"] if document["needs"] else []
    heading = f"{document['name']}: {document['title']} ({document['family']})"
    return [heading, question, document["citation"], *needs, *map(parameter_line, document["parameters"])]


def with_parameters(document: dict[str, Any]) -> list[str]:
    """Lines of a task or a verifier."""
    heading = f"{document['name']}: {document['title']}"
    return [heading, document["summary"].split("\n")[0], *map(parameter_line, document["parameters"])]


@click.command()
@json_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the whole reference as Markdown.")
def methods(as_json: bool, as_markdown: bool) -> None:
    """List the credit methods: what each asks, its source and its parameters.

    \b
    Example:
      treecore methods --json
    """
    from treecore.credit import METHODS
    from treecore.credit.document import by_family, markdown

    if as_json and as_markdown:
        raise click.UsageError("give --json or --markdown, not both")
    if as_markdown:
        click.echo(markdown(), nl=False)
        return
    grouped = [method for group in by_family().values() for method in group]
    print_registry(list(METHODS.values()) if as_json else grouped, as_json, registered)


@click.command()
@json_option
def samplers(as_json: bool) -> None:
    """List the samplers: where each grows the next branch, its source and its parameters.

    \b
    Example:
      treecore samplers --json
    """
    from treecore.samplers import SAMPLERS

    print_registry(list(SAMPLERS.values()), as_json, registered)


@click.command()
@json_option
def samples(as_json: bool) -> None:
    """List the bundled sample forests and what to look for in each; commands take their names in place of FILE.

    \b
    Example:
      treecore samples
    """
    from treecore.samples import samples as bundled

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
    from treecore.tasks.verifiers import known_verifiers

    print_registry(list(known_verifiers().values()), as_json, with_parameters)


@click.command()
@json_option
def formats(as_json: bool) -> None:
    """List the file formats that can be read or written.

    \b
    Example:
      treecore formats --json
    """
    from treecore.formats import FORMATS

    def lines(document: dict[str, Any]) -> list[str]:
        ways = "read and written" if document["writes"] else "read"
        return [f"{document['name']}: {document['title']}", f"{ways}; names end in {', '.join(document['extensions'])}"]

    print_registry(list(FORMATS.values()), as_json, lines)


@click.command()
def schema() -> None:
    """Print the JSON Schema of a native forest.

    \b
    Example:
      treecore schema > treecore.schema.json
    """
    from treecore.formats.schema import json_schema

    print_json(json_schema())
