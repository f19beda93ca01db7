"""The registry of samplers as a Markdown document. Says nothing that the registry and the docstrings do not say."""

from __future__ import annotations

from collections.abc import Iterator

from treecore.methods.reference import equations, parameter_row
from treecore.policies.base import FORKS, TOP_ENTROPY
from treecore.protocols import SampledBy
from treecore.registry.params import entries_of, section_of
from treecore.samplers.registry import SAMPLERS, Sampler

NEEDS = {FORKS: "a model that can go on inside a step", TOP_ENTROPY: "the likeliest tokens with their probabilities"}
PREAMBLE = """# Samplers

Generated from the registry by `treecore samplers --markdown`; tests compare the two.

A sampler decides where the next branch grows. `treecore rollout --sampler NAME --set PARAMETER=VALUE` runs one; the
forest records its name, parameters and seed. Where the choice of branches makes means over subtrees no fair estimates
of a step's value, the forest says so under `sampler.bias`; `treecore annotate` adds values without such a bias. Every
step says in `sampled_by` who wrote it: `{policy}` (drawn as recorded), `{greedy}` (its likeliest tokens)
or `{task}` (a recited solution, no token of which was drawn)."""


def markdown() -> str:
    """The whole document."""
    preamble = PREAMBLE.format(policy=SampledBy.POLICY, greedy=SampledBy.GREEDY, task=SampledBy.TASK)
    parts = [preamble, "\n".join(table()), *("\n\n".join(section(sampler)) for sampler in SAMPLERS.values())]
    return "\n\n".join(parts) + "\n"


def table() -> Iterator[str]:
    """All samplers side by side."""
    yield "| sampler | family | where it branches | trajectories a prompt, by default | subtree means |"
    yield "|---|---|---|---|---|"
    for sampler in SAMPLERS.values():
        first = sampler.summary.split("\n")[0].split(": ")[0]
        means = "biased" if sampler.bias else "fair"
        cells = [f"[`{sampler.name}`](#{sampler.name})", sampler.family, first, sampler.how_many({})]
        yield "| " + " | ".join([*cells, means]) + " |"


def section(sampler: Sampler) -> Iterator[str]:
    """One sampler, paragraph by paragraph."""
    yield f"## {sampler.name}"
    first, *rest = sampler.summary.split("\n\n")
    yield f"**{sampler.title}.** {first}"
    yield from rest
    if sampler.formula:
        yield equations(sampler.formula)
    yield "\n".join(
        ["| parameter | default | allowed | meaning |", "|---|---|---|---|", *map(parameter_row, sampler.params)]
    )
    if columns := entries_of(sampler.function, "Columns"):
        yield "| column | meaning |\n|---|---|\n" + "\n".join(
            f"| `{name}` | {text} |" for name, text in columns.items()
        )
    if sampler.needs:
        yield f"Needs {' and '.join(NEEDS[need] for need in sorted(sampler.needs))}."
    if sampler.bias:
        yield f"Biased: {sampler.bias}."
    note = f" ({sampler.citation.note})" if sampler.citation.note else ""
    yield f"Source: {sampler.citation}{note}."
    if departures := section_of(sampler.function, "Departures"):
        yield f"Where this departs: {departures}"
