"""The equation of a frame as it stands on the picture: each number in it knows the nodes that it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from treecore.analysis.frames import Example
from treecore.analysis.linked import Linked
from treecore.core.numerals import counted
from treecore.methods.explain import Line, fill
from treecore.methods.registry import Ends
from treecore.views.inspector.mathml import TERM, mathml
from treecore.views.inspector.numbers import equation
from treecore.views.scene.part import safe
from treecore.views.scene.types import SceneFormula

MAX_NODES = 2000
"""Nodes that one number lights."""


def formula_of(example: Example, ends: Ends) -> SceneFormula:
    """An equation with the numbers of one step: as published, with numbers, and its result."""
    line, terms = example.line, example.terms
    left, right, worked, exact, result = equation(line, ends)
    end = f"= {exact} = {result}" if exact else f"= {result}"
    general, numbers = termed(line, terms) or (right, worked)
    return {
        "name": safe(example.name),
        "rows": [mathml(f"{left} = {general}"), mathml(f"= {numbers}"), mathml(end)],
        "about": [f"from {counted(len(term.rows), 'step')}" if len(term.rows) else "" for term in terms],
        "nodes": [term.rows[:MAX_NODES].tolist() for term in terms],
    }


def termed(line: Line, terms: Sequence[Linked]) -> tuple[str, str] | None:
    """Formula and numbers, each symbol and each number marked by its place among the terms; None where they differ.

    An equation that cannot be worked shows its result in place of numbers, and no term stands in it.
    """
    right, worked = (side.split(" = ", 1)[1] for side in (line.formula, line.numbers))
    texts = {term.symbol: term.number for term in terms}
    if not terms or fill(right, texts) != worked:
        return None
    places = {symbol: place for place, symbol in enumerate(texts) if len(terms[place].rows)}
    commands = {symbol: rf"\class{{{TERM}{place}}}" for symbol, place in places.items()}
    return fill(right, {symbol: symbol for symbol in texts}, commands=commands), fill(right, texts, commands=commands)
