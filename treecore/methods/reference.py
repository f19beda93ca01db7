"""The registry of credit methods as a Markdown document. Says nothing that the registry does not say.

The columns that a method returns are read off a small forest that has everything, not typed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.methods.families import FAMILIES, Family
from treecore.methods.registry import METHODS, TOKENS, Method
from treecore.registry.params import Param, shown

SCOPES = {
    "": "`{}`",
    "leaves": "`{}` of the leaves beneath, summed",
    "children": "`{}` of the children, summed",
    "siblings": "`{}` of the siblings, the step included, summed",
    "parent": "`{}` of the step before",
    "param": "parameter `{}`",
}
PREAMBLE = """# Credit methods

Generated from the registry by `treecore methods --markdown`; tests compare the two.

A method gives every step a number, its **credit**. NaN, shown as a dash, means "no signal assigned"; 0 means
"assigned zero". A method that judges whole trajectories gives the leaves an `advantage` too, and a step the mean of
those beneath it; one whose signal changes inside a step gives it token by token. `n_leaves` counts the scored leaves
beneath a step. `stderr` is the standard error of the credit from these leaves, with baselines and group statistics
held fixed, NaN below two leaves; where values come from fresh continuations, it is from those after the step, NaN below
two of them. Methods without one do not average outcomes: they threshold, search, read labels, compare strings or look
at the model's confidence. `treecore credit FILE --method M --bootstrap 200` adds an interval to any.

Methods are over states, over trees or over trajectories. A root on which nothing is recorded is the prompt, and all
such roots of a forest are one state and no step. A method over **states** compares the steps taken from one state, so
first steps of all trees are siblings; it assigns the prompt no credit, and says of every empty root what it says of
the prompt. A method over **trees** keeps the trees apart. One over **trajectories** looks at no prefix."""


class Signals(NamedTuple):
    """Columns that a method returns with its default parameters."""

    nodes: tuple[str, ...]
    leaves: tuple[str, ...]
    tokens: bool

    @property
    def kinds(self) -> str:
        """What carries the signal."""
        kinds = ["step", *(["trajectory"] if "advantage" in self.leaves else []), *(["token"] if self.tokens else [])]
        return ", ".join(kinds)


def complete_forest() -> Forest:
    """Two trees of one prompt with every column that a registered method may ask for."""
    parent = np.array([-1, 0, 1, 1, -1, 4, 5, 5])
    leaf = np.array([False, False, True, True, False, False, True, True])
    annotations = {need for method in METHODS.values() for need in method.needs} - {"reward", "n_model_tokens"}
    return Forest(
        parent=parent,
        text=["", "a", "b", "c", "", "a", "c", "d"],
        reward=np.where(leaf, [0, 0, 1, 0, 0, 0, 1, 1], np.nan),
        tokens=TokenTable(
            start=np.array([0, 0, 2, 4, 6, 6, 8, 10, 12]),
            logprob=np.full(12, -0.5),
            entropy=np.full(12, 0.7),
            confidence=np.full(12, 9.0),
            part=np.tile([1, 2], 6),
        ),
        columns={name: np.full(8, 0.5) for name in sorted(annotations) if not name.startswith(TOKENS)},
        reference="a",
    )


def signals_of(method: Method) -> Signals:
    """What the method returns on a forest that lacks nothing."""
    credit = method.compute(Forests(complete_forest()), {})
    return Signals(tuple(credit.nodes), tuple(credit.leaves), credit.tokens is not None)


def by_family() -> dict[Family, list[Method]]:
    """All methods, a family at a time, bundled families first."""
    families = dict.fromkeys([*FAMILIES.values(), *(method.family for method in METHODS.values())])
    return {
        family: methods
        for family in families
        if (methods := [method for method in METHODS.values() if method.family == family])
    }


def markdown() -> str:
    """The whole document."""
    groups = by_family()
    parts = [PREAMBLE, "\n".join(table(groups))]
    for family, methods in groups.items():
        parts.append(f"## {family.heading}")
        parts.extend("\n\n".join(section(method)) for method in methods)
    return "\n\n".join(parts) + "\n"


def table(groups: dict[Family, list[Method]]) -> Iterator[str]:
    """All methods side by side."""
    yield "| method | family | asks | signal on | standard error | needs | over |"
    yield "|---|---|---|---|---|---|---|"
    for family, methods in groups.items():
        for method in methods:
            signals = signals_of(method)
            error = "yes" if "stderr" in signals.nodes else "no"
            cells = [
                f"[`{method.name}`](#{method.name})",
                family.name,
                question(method),
                signals.kinds,
                error,
                needs(method),
                method.over,
            ]
            yield "| " + " | ".join(cells) + " |"


def question(method: Method) -> str:
    """First line of the explanation."""
    return method.summary.split("\n")[0]


def needs(method: Method) -> str:
    """What the data must hold, with the default parameters."""
    return ", ".join(
        f"`{name.removeprefix(TOKENS)}` of tokens" if TOKENS in name else f"`{name}`" for name in sorted(method.needs)
    )


def section(method: Method) -> Iterator[str]:
    """One method, paragraph by paragraph."""
    yield f"### {method.name}"
    yield f"**{method.title}.** *{question(method)}*"
    yield from method.summary.split("\n\n")[1:]
    yield equations(method.formula())
    for settings, formula in variants(method):
        changed = [line for line in formula.splitlines() if line not in method.formula().splitlines()]
        yield f"With {settings}:\n\n{equations(chr(10).join(changed) or formula)}"
    yield "| symbol | stands for |\n|---|---|\n" + "\n".join(
        f"| ${symbol}$ | {meaning(reference)} |" for symbol, reference in method.symbols.items()
    )
    if method.params:
        yield "| parameter | default | allowed | meaning |\n|---|---|---|---|\n" + "\n".join(
            map(parameter_row, method.params)
        )
    signals = signals_of(method)
    columns = [f"Columns of steps: {listed(signals.nodes)}.", f"Of trajectories: {listed(signals.leaves)}."]
    yield " ".join([*columns, *(["And a signal for each token."] if signals.tokens else []), f"Needs {needs(method)}."])
    note = f" ({method.citation.note})" if method.citation.note else ""
    yield f"Source: {method.citation}{note}."
    if method.alone:
        yield f"Nothing to compare with: {method.alone}"
    if method.departures:
        yield f"Where this departs: {method.departures}"


def equations(formula: str) -> str:
    """LaTeX equations, aligned at their equals signs."""
    lines = [line.replace(" = ", " &= ", 1) for line in formula.splitlines()]
    body = " \\\\\n".join(lines)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def variants(method: Method) -> Iterator[tuple[str, str]]:
    """Settings of one parameter that change the equations, each different set of equations once."""
    known = {method.formula()}
    for param in method.params:
        values = param.choices or ((True, False) if param.type == "bool" else ())
        for value in values:
            formula = method.formula({param.name: value})
            if formula not in known:
                known.add(formula)
                yield f"`{param.name}={shown(value)}`", formula


def meaning(reference: str) -> str:
    """A column reference in words."""
    scope, _, name = reference.rpartition(":")
    return SCOPES[scope].format(name)


def parameter_row(param: Param) -> str:
    """One parameter as a table row."""
    bounds = [f"≥ {param.low:g}"] if np.isfinite(param.low) else []
    bounds += [f"≤ {param.high:g}"] if np.isfinite(param.high) else []
    allowed = ", ".join(f"`{choice}`" for choice in param.choices) or ", ".join([param.type, *bounds])
    default = f"`{shown(param.default)}`" if param.default != "" else "empty"
    return f"| `{param.name}` | {default} | {allowed} | {re.sub(r'[|]', '/', param.meaning)} |"


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
