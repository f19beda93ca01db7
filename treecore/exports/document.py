"""The registry of exports as a Markdown document. Says nothing that the registry and the docstrings do not say."""

from __future__ import annotations

from collections.abc import Iterator

from treecore.exports.registry import EXPORTS, Export
from treecore.methods.reference import parameter_row

PREAMBLE = """# Exports

Generated from the registry by `treecore exports --markdown`; tests compare the two.

```
treecore export run.forest.jsonl --to KIND --method METHOD -o OUT
```

In Python: `tc.export(forests, kind, path, credit="tree_grpo")`. The ending of OUT chooses how it is written, a further
`.gz` compresses it, and it appears whole or not at all. All forests of the file are the batch of the method;
`--forest ID` then writes one of them, and `--node ID` its rows from one step on, for kinds of which these are rows.
Parameters of the method are `--set K=V`, those of the kind `--with K=V`. Forests themselves are written by
`treecore convert` ([formats](formats.md))."""


def markdown() -> str:
    """The whole document."""
    parts = [PREAMBLE, "\n".join(table()), *("\n\n".join(section(entry)) for entry in EXPORTS.values())]
    return "\n\n".join(parts) + "\n"


def table() -> Iterator[str]:
    """All kinds side by side."""
    yield "| kind | what it is | written as | needs a method | from a step on |"
    yield "|---|---|---|---|---|"
    for entry in EXPORTS.values():
        endings = ", ".join(f"`{ending}`" for ending in entry.endings)
        needs = "yes" if entry.needs_credit else "no"
        parts = "yes" if entry.in_parts else "no"
        yield f"| [`{entry.name}`](#{entry.name}) | {entry.title} | {endings} | {needs} | {parts} |"


def section(entry: Export) -> Iterator[str]:
    """One kind, paragraph by paragraph."""
    yield f"## {entry.name}"
    yield entry.summary
    if entry.params:
        rows = ["| parameter | default | allowed | meaning |", "|---|---|---|---|", *map(parameter_row, entry.params)]
        yield "\n".join(rows)
