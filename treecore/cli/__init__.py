"""The `treecore` command. One module a group of commands, imported only when its command is used."""

from __future__ import annotations

import click

from treecore.cli.group import LazyGroup

COMMANDS = {
    "rollout": "treecore.cli.rollout:rollout",
    "annotate": "treecore.cli.annotate:annotate",
    "credit": "treecore.cli.credit:credit",
    "compare": "treecore.cli.compare:compare",
    "show": "treecore.cli.show:show",
    "votes": "treecore.cli.votes:votes",
    "validate": "treecore.cli.files:validate",
    "convert": "treecore.cli.files:convert",
    "edit": "treecore.cli.edit:edit",
    "score": "treecore.cli.score:score",
    "export": "treecore.cli.export:export",
    "library": "treecore.cli.library:library",
    "query": "treecore.cli.library:query",
    "bench": "treecore.cli.bench:bench",
    "app": "treecore.cli.app:app",
    "audit": "treecore.cli.audit:audit",
    "methods": "treecore.cli.lists:methods",
    "samplers": "treecore.cli.lists:samplers",
    "samples": "treecore.cli.lists:samples",
    "lessons": "treecore.cli.lessons:lessons",
    "tasks": "treecore.cli.lists:tasks",
    "verifiers": "treecore.cli.lists:verifiers",
    "formats": "treecore.cli.lists:formats",
    "exports": "treecore.cli.lists:exports",
    "schema": "treecore.cli.lists:schema",
}
"""Command -> `"module:command"`, in the order of the help."""


@click.group(cls=LazyGroup, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="treecore", message="treecore %(version)s")
def main() -> None:
    """See, check and trust how an outcome reward becomes credit for each step of a reasoning tree.

    \b
    Example:
      treecore credit run.forest.jsonl --method tree_grpo
    """


__all__ = ["COMMANDS", "main"]
